"""Digest: an answer in a few lines that can be read in any chat or mail, without columns."""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.core.document import Answer
from tallystick.core.question import Heading, Kind, Table
from tallystick.formats.layout import Column, columns_of
from tallystick.formats.shown import document, nothing, shown
from tallystick.watch.notice import plain

ROWS = 10
"""Rows that it tells; the rest are counted."""
_FIGURES = 3
"""Figures of a row that it tells, money before all others."""
_MESSAGES = 2


def digest(answer: Answer) -> str:
    """Return the title, the figures or first rows, what holds for all of them, and the gravest warnings."""
    page = document(answer)
    is_titled = not isinstance(answer, Table) or answer.question is not None
    paragraphs = ["\n".join(filter(None, (plain(page.title), plain(page.subtitle))))] if is_titled else []
    lines = [
        f"{plain(figure.heading.name)}: {_amount(shown(figure.cell, figure.heading), figure.heading)}"
        + (f" ({plain(figure.note)})" if figure.note else "")
        for figure in page.figures
    ]
    if not lines:
        tables = (section.table for section in page.sections if section.table)
        lines = [line for table in [next(tables, None)] if table for line in _rows(table)]
    paragraphs.append("\n".join(lines))
    warnings = [f"Warning: {plain(text)}" for text in page.warnings[:_MESSAGES]]
    if len(page.warnings) > _MESSAGES:
        warnings.append(f"{len(page.warnings) - _MESSAGES} more warnings.")
    general = [plain(message.text) for message in page.messages if message.is_general and not message.is_warning]
    return "\n\n".join(filter(None, (*paragraphs, "\n".join([*general, *warnings]))))


def _rows(table: Table) -> Iterator[str]:
    """The total, then the first rows, a line each."""
    if empty := nothing(table):
        yield empty
    columns = columns_of(table)
    figures = [column for column in columns if column.is_figure]
    figures = sorted(figures, key=lambda column: column.heading.kind is not Kind.MONEY)[:_FIGURES]
    names = [column for column in columns if not column.is_figure]
    if totals := [_told(column, column.foot) for column in figures if column.foot]:
        yield f"total: {', '.join(totals)}"
    for index in range(min(len(table.cells), ROWS)):
        about = ", ".join(plain(column.cells[index]) for column in names if column.cells[index])
        amounts = ", ".join(_told(column, column.cells[index]) for column in figures)
        yield ": ".join(filter(None, (about, amounts)))
    if (rest := len(table.cells) - ROWS) > 0:
        yield f"and {rest:,} more rows"


def _told(column: Column, cell: str) -> str:
    return f"{plain(column.heading.name.replace('_', ' '))} {_amount(cell, column.heading)}"


def _amount(cell: str, heading: Heading) -> str:
    """A cell with its unit; what is unknown has none."""
    return f"{cell} {heading.unit}" if heading.unit and cell[-1].isdigit() else cell
