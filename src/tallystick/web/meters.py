"""Meters: each budget as a bar: what is spent, where the forecast ends with its range, and the budget as a line.

Money becomes a float here for a length alone; what is read is text of the exact amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tallystick.core.question import Cell, Table
from tallystick.core.text import safe
from tallystick.formats.shown import shown
from tallystick.outlook.budgets import GRAVEST, OK, PASSED, UNKNOWN

ROOM = 1.04
"""The length of the scale to the largest amount on it."""


@dataclass(frozen=True, slots=True)
class Meter:
    """One budget; lengths are in percent of its scale, empty where an amount is not known."""

    name: str
    period: str
    status: str
    grave: str
    texts: tuple[tuple[str, str], ...]
    spent: str
    budget: str
    forecast: str
    low: str
    width: str


def meters(table: Table) -> tuple[Meter, ...]:
    """Return a meter for each budget, the gravest first."""
    headings = {heading.name: heading for heading in table.headings}
    rows = sorted(table.rows, key=lambda row: GRAVEST.index(str(row["status"])))
    bars = []
    for row in rows:
        amounts = {name: row[name] for name in ("spent", "budget", "forecast", "low", "high")}
        top = max((float(cell) for cell in amounts.values() if isinstance(cell, Decimal)), default=0.0) * ROOM or 1.0
        places = {name: _percent(cell, top) for name, cell in amounts.items()}
        low, high = row["low"], row["high"]
        width = (
            f"{(float(high) - float(low)) / top * 100:.2f}"
            if isinstance(low, Decimal) and isinstance(high, Decimal)
            else ""
        )
        status = str(row["status"])
        texts = tuple(
            (name.replace("_", " "), shown(row[name], headings[name]))
            for name in ("spent", "budget", "used", "left", "forecast", "low", "high", "exhausted_on")
            if row[name] is not None or name in {"spent", "budget", "left"}
        )
        grave = "unknown" if status == UNKNOWN else "ok" if status == OK else "bad" if status == PASSED else "warn"
        bars.append(
            Meter(
                safe(str(row["name"] or row["scope"])),
                safe(str(row["period"])),
                safe(status),
                grave,
                texts,
                places["spent"],
                places["budget"],
                places["forecast"],
                places["low"],
                width,
            )
        )
    return tuple(bars)


def _percent(cell: Cell, top: float) -> str:
    """A length in percent of the scale; empty where it is not known."""
    return f"{min(max(float(cell) / top * 100, 0.0), 100.0):.2f}" if isinstance(cell, Decimal) else ""
