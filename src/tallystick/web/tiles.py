"""Tiles: the figures of a Document, each with what it is compared with, a forecast with a picture of its range."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallystick.core.document import Document, Figure
from tallystick.core.question import Cell, Kind, Table
from tallystick.core.text import safe
from tallystick.formats.shown import shown
from tallystick.web.links import lines, source
from tallystick.web.marks import recent
from tallystick.web.overview import LEADS

CHANGE = re.compile(r"[+-][\d.,]+ %")
"""What a note begins with that compares."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """What is spent, expected, and the range around that, in percent of its width."""

    spent: str
    low: str
    range: str
    label: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure: its name, its text and unit, how it changed, what else is said of it, where its name leads.

    `lines` is where the figure itself leads, to the charges behind it; `about` how far it can be trusted, and what is
    behind it.
    """

    name: str
    value: str
    unit: str = ""
    unknown: bool = False
    change: str = ""
    note: str = ""
    url: str = ""
    gauge: Gauge | None = None
    lines: str = ""
    about: str = ""


NO_BUDGET = Tile("Budget", "none set", unknown=True, note="tallystick docs budgets shows how")


def tiles(report: str, document: Document, today: date, forecast: Table | None = None) -> tuple[Tile, ...]:
    """Return a tile for each figure of a report's Document; `forecast` is the report of that name.

    With it there is one for the missing budget.
    """
    row = [_tile(report, figure, today, forecast) for figure in document.figures]
    if forecast and not any(tile.name.startswith("Budget") for tile in row):
        row.insert(next((index + 1 for index, tile in enumerate(row) if tile.gauge), len(row)), NO_BUDGET)
    return tuple(row)


def _tile(report: str, figure: Figure, today: date, forecast: Table | None) -> Tile:
    figure_name, question = figure.heading.name, figure.question
    trust = recent(question.window, today) if question else ""
    name = safe(figure.heading.name.replace("_", " "))
    note = safe(figure.note)
    change = match.group() if (match := CHANGE.match(note)) else ""
    value = shown(figure.cell, figure.heading)
    unit = safe(figure.heading.unit or "") if figure.cell is not None else ""
    return Tile(
        name[:1].upper() + name[1:],
        value,
        unit,
        not unit and not value[:1].isdigit(),
        change,
        note.removeprefix(change).strip(),
        next((url for start, url in LEADS.items() if name.startswith(start)), ""),
        _gauge(forecast) if forecast and name.startswith("forecast") else None,
        lines(question, figure_name, {}) if question and figure.cell else "",
        "\n".join(filter(None, (trust, source(report, figure_name, {}))))
        if figure.heading.kind is not Kind.TEXT
        else "",
    )


def _gauge(forecast: Table) -> Gauge | None:
    """The picture of a forecast; None where it has no range."""
    row = next(iter(forecast.rows), {})
    spent, low, high = (_length(row.get(name)) for name in ("spent", "low_80", "high_80"))
    if not high:
        return None
    full_length = high * 1.04
    texts = {heading.name: shown(row[heading.name], heading) for heading in forecast.headings}
    label = f"Spent {texts['spent']}, range {texts['low_80']} to {texts['high_80']} USD"
    shares = [f"{length / full_length * 100:.2f}" for length in (spent, low, high - low)]
    return Gauge(shares[0], shares[1], shares[2], label)


def _length(cell: Cell) -> float:
    """An amount as a length, for a picture alone."""
    return max(float(cell), 0.0) if isinstance(cell, Decimal) else 0.0
