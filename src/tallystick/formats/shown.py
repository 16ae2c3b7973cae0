"""Shown: how a cell, a title, an empty answer and a rounded column read for people, in whatever format."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tallystick.core.document import Answer, Document, Section
from tallystick.core.message import Message, note
from tallystick.core.money import plain, rounded
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.text import safe
from tallystick.core.time import spans
from tallystick.errors import InvalidQuestion

FIGURES = (Kind.COUNT, Kind.MONEY, Kind.RATIO, Kind.NUMBER)
"""What stands at the right."""
NOTHING = "nothing"
"""What an answer says that is known to have no rows."""


def shown(cell: Cell, heading: Heading) -> str:
    """A cell for the eye: money to the cent, counts with thousands, ratios in percent, what is unknown by name.

    Rounding happens here and nowhere before; formats for data are exact.
    """
    if cell is None:
        return "unknown" if heading.kind in {Kind.MONEY, Kind.COUNT} else "-"
    if isinstance(cell, str):
        return safe(cell)
    if isinstance(cell, Decimal) and heading.kind is Kind.RATIO:
        return f"{rounded(cell * 100, 1)} %"
    if isinstance(cell, Decimal) and heading.kind is Kind.NUMBER:
        return plain(cell)
    if isinstance(cell, Decimal):
        cents = rounded(cell)
        return f"{cents:,}" if cents or not cell else ("<0.01" if cell > 0 else ">-0.01")
    return f"{cell:,}"


def footer(table: Table) -> list[str]:
    """The totals under the columns, `total` under the first; nothing where there are none."""
    if not any(heading.name in table.totals for heading in table.headings):
        return []
    return [
        shown(table.totals[heading.name], heading) if heading.name in table.totals else "total" if index == 0 else ""
        for index, heading in enumerate(table.headings)
    ]


def title(table: Table) -> str:
    """What an answer is of: its report and its first and last day, both included, and what it is compared with."""
    if not (question := table.question):
        return ""
    windows = (question.wall, *((question.against,) if question.against else ()))
    words = " against ".join(spans(window.days()) or f"{window.start.date()}" for window in windows)
    return f"{question.report}, {words}, {question.zone.name if question.zone else 'UTC'} days"


def nothing(table: Table) -> str:
    """What an answer without rows says: nothing, or that it is unknown; nothing to say where there are rows."""
    if table.cells:
        return ""
    if not table.coverage.get("present", 1) and table.coverage.get("bill_not_read"):
        return "unknown: the bill of this window could not be read"
    if not table.coverage.get("present", 1):
        return "unknown: no day of this window is in the ledger"
    if table.totals and not [cell for cell in table.totals.values() if cell is not None]:
        if table.coverage.get("not_billed_yet"):
            return "unknown: nothing of this window is billed yet"
        if not table.coverage.get("present") or table.coverage.get("usage_unknown"):
            return "unknown"
    return NOTHING if table.question or not table.messages else ""


def rounding(table: Table) -> list[Message]:
    """What to say where the rounded rows of a column do not add up to its rounded total."""
    for index, heading in enumerate(table.headings):
        cents = [rounded(cell) for row in table.cells if isinstance(cell := row[index], Decimal)]
        column_total = table.totals.get(heading.name)
        if heading.kind is Kind.MONEY and isinstance(column_total, Decimal) and sum(cents) != rounded(column_total):
            return [note("Rows are rounded to cents; the total is of the exact amounts (--format csv).")]
    return []


def document(answer: Answer) -> Document:
    """An answer as a Document, a Table as the one section of one; it says where rounded rows do not add up."""
    if isinstance(answer, Document):
        tables = [section.table for section in answer.sections if section.table]
        return replace(
            answer, messages=(*answer.messages, *(message for table in tables for message in rounding(table)))
        )
    name = answer.question.report if answer.question else "sql"
    messages = (*answer.messages, *rounding(answer))
    sections = (Section("", answer),)
    return Document(
        name, title(answer) or name, "", sections, messages=messages, lines=answer, headline=answer.headline
    )


def rows(answer: Answer) -> Table:
    """The one Table that a format of rows holds; InvalidQuestion for a document that no one Table holds."""
    if (table := document(answer).lines) is None:
        raise InvalidQuestion(
            f"A {document(answer).name} is no single table of rows.",
            "Write it as text, json, markdown, html, pdf or xlsx.",
        )
    return table
