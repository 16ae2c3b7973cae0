"""CSV: one header and the rows, exact; a text that a spreadsheet would run as a formula is made harmless."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from tallystick.core.document import Answer
from tallystick.core.money import plain
from tallystick.core.question import Cell, Kind, Table
from tallystick.core.text import harmless, inert
from tallystick.formats.shown import rows


def as_csv(answer: Answer) -> str:
    """The rows under their column names, comma-separated, lines ended as RFC 4180 has it.

    Null is an empty cell. Text that begins with `= + - @` gets an apostrophe before it: it must not run. Control
    characters are escapes.
    """
    table = rows(answer)
    out = io.StringIO(newline="")
    csv.writer(out).writerow(_cell(heading.name, text=True) for heading in table.headings)
    return out.getvalue() + more_csv(table)


def more_csv(table: Table) -> str:
    """The rows alone."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    texts = [heading.kind in {Kind.DIMENSION, Kind.NAME, Kind.TEXT} for heading in table.headings]
    writer.writerows([_cell(cell, text=text) for cell, text in zip(row, texts, strict=True)] for row in table.cells)
    return out.getvalue()


def _cell(cell: Cell, *, text: bool) -> str | int:
    if isinstance(cell, str):
        return harmless(inert(cell)) if text else inert(cell)
    return "" if cell is None else plain(cell) if isinstance(cell, Decimal) else cell
