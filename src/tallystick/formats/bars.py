"""Bars: amounts as a line of small bars, one a cell; what is unknown is a dot, never a bar of nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tallystick.core.question import Cell

BARS = "▁▂▃▄▅▆▇█"
NOTHING, UNKNOWN = "_", "·"
WIDEST = 3
"""Letters that a bar takes at most."""


def bars(cells: Sequence[Cell], width: int) -> str:
    """The cells as bars from zero to the largest, as wide as there is room; amounts below zero are nothing."""
    amounts = [cell if isinstance(cell, Decimal | int) else None for cell in cells]
    largest = max((amount for amount in amounts if amount is not None), default=0)
    times = max(1, min(WIDEST, width // max(len(cells), 1)))
    return "".join(_bar(amount, largest) * times for amount in amounts)


def _bar(amount: Decimal | int | None, largest: Decimal | int) -> str:
    if amount is None:
        return UNKNOWN
    if amount <= 0:
        return NOTHING
    return BARS[min(len(BARS) - 1, int(amount * len(BARS) / largest))]
