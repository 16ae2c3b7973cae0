"""Reasons: why amounts changed, each in one line of words: more use, a dearer mix, higher rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tallystick.address import Address
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.text import safe
from tallystick.core.time import DAY, Window
from tallystick.formats.shown import shown
from tallystick.web.links import narrowed

EFFECTS = {
    "volume": ("less use", "more use"),
    "mix": ("cheaper mix", "dearer mix"),
    "price": ("lower rates", "higher rates"),
}
"""What an effect is called that made the amount fall, and that made it grow."""
CENT = Decimal("0.005")
"""An effect under this rounds to nothing."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A row of a variance: its name, where it leads, by how much it changed, why; `left` and `width` are its bar."""

    name: str
    url: str
    change: str
    growth: str
    words: tuple[str, ...]
    left: str
    width: str
    falls: bool


@dataclass(frozen=True, slots=True)
class Reasons:
    """What changed most; `whole` is the change of all, `spans` the days that are compared."""

    spans: str
    whole: Reason
    rows: tuple[Reason, ...]


def reasons(table: Table, address: Address) -> Reasons | None:
    """Return the reasons of an answer of `variance` by one dimension; None where a side of it is unknown."""
    if not (question := table.question) or not question.against or not isinstance(table.totals["change"], Decimal):
        return None
    dimension = question.by[0]
    headings = {heading.name: heading for heading in table.headings}
    largest = max((abs(float(cell)) for row in table.rows if isinstance(cell := row["change"], Decimal)), default=0.0)
    rows = tuple(
        _reason(
            row,
            headings,
            safe(str(row.get(f"{dimension}_name", row[dimension]))),
            narrowed(address, dimension, str(row[dimension])),
            largest,
        )
        for row in table.rows
    )
    spans = f"{_span(question.window)} against {_span(question.against)}"
    return Reasons(spans, _reason(table.totals, headings, "All", address.url, 0.0), rows)


def _reason(row: Mapping[str, Cell], headings: Mapping[str, Heading], name: str, url: str, largest: float) -> Reason:
    change = row["change"]
    length = float(change) / largest * 50 if largest and isinstance(change, Decimal) else 0.0
    return Reason(
        name,
        url,
        _signed(change, headings["change"]),
        _signed(row["growth"], headings["growth"]) if row["growth"] is not None else "",
        _words(row, headings),
        f"{50 + min(length, 0):.1f}",
        f"{abs(length):.1f}",
        length < 0,
    )


def _words(row: Mapping[str, Cell], headings: Mapping[str, Heading]) -> tuple[str, ...]:
    """The effects that can be seen, the largest first; one word where the row is new or ended."""
    if not row["before"]:
        return ("new",)
    if not row["after"]:
        return (f"ended, {shown(row['before'], headings['before'])} before",)
    effects = [(name, cell) for name in EFFECTS if isinstance(cell := row[name], Decimal) and abs(cell) >= CENT]
    effects.sort(key=lambda effect: -abs(effect[1]))
    return tuple(f"{EFFECTS[name][cell > 0]} {_signed(cell, headings[name])}" for name, cell in effects)


def _signed(cell: Cell, heading: Heading) -> str:
    text = shown(cell, heading)
    return f"+{text}" if isinstance(cell, Decimal) and cell > 0 and heading.kind in {Kind.MONEY, Kind.RATIO} else text


def _span(window: Window) -> str:
    first, last = window.start, window.end - DAY
    start = f"{first.day} {first:%b}" if first.month != last.month else str(first.day)
    return f"{start} to {last.day} {last:%b}"
