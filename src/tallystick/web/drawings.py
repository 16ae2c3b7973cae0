"""Drawings: how the views that are neither a table nor a chart of columns show an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tallystick.address import Address
from tallystick.core.document import Answer, Document
from tallystick.core.question import Heading, Table
from tallystick.core.text import safe
from tallystick.formats.layout import columns_of
from tallystick.formats.shown import NOTHING, nothing, shown
from tallystick.outlook.profile import LIMITS
from tallystick.web.calendar import calendar
from tallystick.web.finding_view import about_finding
from tallystick.web.grid import Grid, grid, no_rows
from tallystick.web.links import lines, source, subject
from tallystick.web.marks import standing
from tallystick.web.meters import meters
from tallystick.web.page import Panel, Row, View
from tallystick.web.reuse import reuse
from tallystick.web.tiles import Tile
from tallystick.web.waterfall import waterfall

LOW, HIGH = "low_", "high_"
"""What begins the columns of the two ends of a range."""


def totals(panel: Panel, table: Table) -> tuple[Tile, ...]:
    """Return the totals of a Table, or the cells of its only row, as tiles; nothing where it has no rows at all."""
    row: Row = table.totals or (table.rows[0] if len(table.rows) == 1 else {})
    headings = {heading.name: heading for heading in table.headings}
    return tuple(_tile(headings, name, row, table) for name in panel.columns if name in row and name in headings)


def _tile(headings: Mapping[str, Heading], name: str, row: Row, table: Table) -> Tile:
    """The tile of a column; the low end of a range is that of the range."""
    heading, cell, question = headings[name], row[name], table.question
    behind = source(question.report, name, row) if question else ""
    words, text = safe(name.replace("_", " ")), shown(cell, heading)
    if (high := headings.get(name.replace(LOW, HIGH))) and name.startswith(LOW):
        words, text = f"{name.removeprefix(LOW)} % range", f"{text} to {shown(row[high.name], high)}" if cell else text
    return Tile(
        words[:1].upper() + words[1:],
        text,
        "" if cell is None else safe(heading.unit or ""),
        unknown=cell is None,
        lines=lines(question, name, row) if question and cell else "",
        about="\n".join(filter(None, (standing(table.coverage), behind))),
    )


def about(panel: Panel, document: Document) -> tuple[dict[str, str], ...]:
    """Return what a profile knows beside its figures, each with where it leads."""
    if document.name == "anomaly":
        return tuple(about_finding(panel.address, document.facts))
    facts: Mapping[str, str] = document.facts.get("about", {})
    return tuple(
        {
            "name": safe(name),
            "value": safe(text),
            "url": _fact_lead(name, text),
        }
        for name, text in facts.items()
    )


def _fact_lead(name: str, text: str) -> str:
    """Where a fact leads: an owner to its page, limits to the report that asks the API for them."""
    if name == LIMITS:
        return Address(LIMITS).url
    return subject("team", text) if name == "owner" and "," not in text else ""


def messages(_: Panel, answer: Answer) -> tuple[dict[str, str], ...]:
    """Return every message of an answer, warnings first."""
    return tuple(
        {"kind": kind, "text": safe(text)}
        for kind, texts in (("warning", answer.warnings), ("note", answer.notes))
        for text in texts
    )


def rows(panel: Panel, table: Table) -> Grid:
    """Return the table of a panel: its columns, where its cells lead, what stands beside their names."""
    selection = table.of_columns(panel.columns) if panel.columns else table
    laid = grid(selection, panel.address, panel.rows)
    listed = replace(table, cells=table.cells[: len(laid.rows)]).rows
    names = [column.heading.name for column in columns_of(replace(selection, cells=()))]
    cells = [
        tuple(
            replace(text, url=panel.leads[name](row)) if name in panel.leads else text
            for name, text in zip(names, texts, strict=True)
        )
        for texts, row in zip(laid.rows, listed, strict=True)
    ]
    tails = tuple(panel.tail(row) for row in listed) if panel.tail else ()
    known = not table.cells and nothing(table) in {"", NOTHING}
    text = panel.nothing if known and panel.nothing else no_rows(table, panel.address)
    text = (panel.instead(table) if panel.instead else "") or text
    return replace(laid, rows=tuple(cells), nothing=text, tails=tails)


def part(panel: Panel, document: Document) -> Grid | None:
    """Return the table of a Document that has the panel's title, else its first; None where it has none."""
    tables = {section.title: section.table for section in document.sections if section.table}
    table = tables.get(panel.title, next(iter(tables.values()), None))
    return rows(panel, table) if table else None


DRAWINGS: Mapping[View, Callable[[Panel, Any], Any]] = {
    View.TOTALS: totals,
    View.ABOUT: about,
    View.MESSAGES: messages,
    View.PART: part,
    View.WATERFALL: lambda _, table: waterfall(table),
    View.CALENDAR: lambda _, table: calendar(table),
    View.METERS: lambda _, table: meters(table),
    View.REUSE: lambda panel, table: reuse(table, panel.address, panel.rows),
}
"""What draws each view."""
