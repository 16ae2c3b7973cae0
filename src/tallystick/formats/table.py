"""A table for the terminal: figures aligned and rounded for reading, totals, caveats below.

Text from the API cannot steer the terminal: control and direction characters are shown as escapes. Where the output
is no terminal nothing is cut or folded.
"""

from __future__ import annotations

import io
from decimal import Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as Grid
from rich.text import Text

from tallystick.core.money import plain, rounded
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.text import safe
from tallystick.core.time import DAY

WIDE = 100_000
"""Columns of an output that is not a terminal."""


def as_table(table: Table, width: int = WIDE) -> str:
    """The answer for the eye: money to the cent, counts with thousands, ratios in percent.

    Rounding happens here and nowhere before; JSON and CSV are exact. `width` is the terminal's columns; where it is too
    narrow lines run over its edge, a figure is never cut.
    """
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, highlight=False, emoji=False, markup=False)
    grid = Grid(box=SIMPLE_HEAD, show_footer=bool(table.totals), pad_edge=False)
    for place, heading in enumerate(table.headings):
        total = table.totals.get(heading.name)
        footer = _shown(total, heading) if heading.name in table.totals else ("total" if place == 0 else "")
        unit = f"\n{heading.unit}" if heading.unit else ""
        grid.add_column(
            Text(safe(heading.name) + unit),
            Text(footer),
            justify="left" if heading.kind in {Kind.DIMENSION, Kind.NAME, Kind.TEXT} else "right",
            overflow="fold",
            no_wrap=heading.kind in {Kind.COUNT, Kind.MONEY, Kind.RATIO, Kind.NUMBER},
        )
    for row in table.cells:
        grid.add_row(*(Text(_shown(cell, heading)) for cell, heading in zip(row, table.headings, strict=True)))
    console.width = max(width, Measurement.get(console, console.options.update(width=WIDE), grid).minimum)
    if question := table.question:
        first, last = question.window.start.date(), (question.window.end - DAY).date()
        console.print(f"{question.report}, {first} to {last}, UTC days")
    if table.cells:
        console.print(grid)
    elif table.coverage.get("present", 1):
        console.print("\nnothing\n" if table.question or not table.caveats else "")
    else:
        console.print("\nunknown: no day of this window is in the ledger\n")
    for caveat in (*_rounding(table), *table.caveats):
        console.print(Text(f"* {safe(caveat)}"))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _rounding(table: Table) -> list[str]:
    """What to say where the rounded rows of a column do not add up to its rounded total."""
    for place, heading in enumerate(table.headings):
        shown = [rounded(cell) for row in table.cells if isinstance(cell := row[place], Decimal)]
        said = table.totals.get(heading.name)
        if heading.kind is Kind.MONEY and isinstance(said, Decimal) and sum(shown) != rounded(said):
            return ["Rows are rounded to cents here; the total is of the exact amounts, which --format csv shows."]
    return []


def _shown(cell: Cell, heading: Heading) -> str:
    if cell is None:
        return "unknown" if heading.kind in {Kind.MONEY, Kind.COUNT} else "-"
    if isinstance(cell, str):
        return safe(cell)
    if isinstance(cell, Decimal) and heading.kind is Kind.RATIO:
        return f"{rounded(cell * 100, 1)} %"
    if isinstance(cell, Decimal) and heading.kind is Kind.NUMBER:
        return plain(cell)
    if isinstance(cell, Decimal):
        shown = rounded(cell)
        return f"{shown:,}" if shown or not cell else ("<0.01" if cell > 0 else ">-0.01")
    return f"{cell:,}"
