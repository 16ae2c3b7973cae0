"""Closing: what a month was closed with, by organization and team."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tallystick.core.money import total
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.time import text
from tallystick.ledger.tables import Version
from tallystick.reports.closed import ADJUSTMENT, Month

_HEADINGS = (
    *(Heading(it, Kind.DIMENSION) for it in ("organization", "month", "team", "cost_center")),
    *(Heading(it, Kind.MONEY, "USD") for it in ("billed", "list", "adjustments")),
)


def answer(months: Sequence[Month], version: Version) -> Table:
    """A row for each team and cost center of closed months: its charges billed and at list price, and its adjustments.

    Null where nothing was billed or no price is known. Caveats name the digests and the days that were provisional.
    """
    cells: list[tuple[Cell, ...]] = []
    said: list[str] = []
    for month in months:
        sums: dict[tuple[str, str], list[list[Decimal]]] = {}
        columns = ("what", "team", "cost_center", "billed", "list")
        for row in month.lines.select(columns).to_pylist():
            into = sums.setdefault((row["team"], row["cost_center"]), [[], [], []])
            late = row["what"] == ADJUSTMENT
            for place, amount in ((2 if late else 0, row["billed"]), (1, None if late else row["list"])):
                if amount is not None:
                    into[place].append(amount)
        cells += [(month.organization, month.name, *of, *map(_sum, them)) for of, them in sorted(sums.items())]
        if closing := month.closing:
            said.append(
                f"{month.name} of {month.organization} is closed as version {closing.version}: {closing.digest}."
            )
            if closing.provisional:
                days = ", ".join(map(str, closing.provisional))
                said.append(f"Provisional when it was closed, what is restated is charged next month: {days}.")
    totals: dict[str, Any] = {
        heading.name: _sum([row[place] for row in cells if isinstance(row[place], Decimal)])  # type: ignore[misc]
        for place, heading in enumerate(_HEADINGS)
        if heading.kind is Kind.MONEY
    }
    at = {"version": version.number, "at": text(version.at) if version.at else None}
    return Table(None, _HEADINGS, cells, totals, tuple(said), {}, at)


def _sum(amounts: list[Decimal]) -> Decimal | None:
    return total(amounts) if amounts else None
