"""Reasons: why amounts changed, each a line with its bar and the words of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tallystick.address import Address
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.text import safe
from tallystick.formats.shown import shown
from tallystick.web.links import narrowed


@dataclass(frozen=True, slots=True)
class Reason:
    """A row of a variance: its name, where it leads, by how much it changed, why; `left` and `width` are its bar."""

    name: str
    url: str
    change: str
    growth: str
    words: str
    left: str
    width: str
    falls: bool


def reasons(table: Table, address: Address) -> tuple[Reason, ...]:
    """Return the reasons of an answer of `variance` by one dimension; none where a side of it is unknown."""
    if not (question := table.question) or not question.against or not isinstance(table.totals["change"], Decimal):
        return ()
    dimension = question.by[0]
    headings = {heading.name: heading for heading in table.headings}
    largest = max((abs(float(cell)) for row in table.rows if isinstance(cell := row["change"], Decimal)), default=0.0)
    return tuple(
        _reason(
            row,
            headings,
            safe(str(row.get(f"{dimension}_name", row[dimension]))),
            narrowed(address, dimension, str(row[dimension])),
            largest,
        )
        for row in table.rows
    )


def _reason(row: Mapping[str, Cell], headings: Mapping[str, Heading], name: str, url: str, largest: float) -> Reason:
    change = row["change"]
    length = float(change) / largest * 50 if largest and isinstance(change, Decimal) else 0.0
    return Reason(
        name,
        url,
        _signed(change, headings["change"]),
        _signed(row["growth"], headings["growth"]) if row["growth"] is not None else "",
        safe(str(row["why"])),
        f"{50 + min(length, 0):.1f}",
        f"{abs(length):.1f}",
        length < 0,
    )


def _signed(cell: Cell, heading: Heading) -> str:
    text = shown(cell, heading)
    return f"+{text}" if isinstance(cell, Decimal) and cell > 0 and heading.kind in {Kind.MONEY, Kind.RATIO} else text
