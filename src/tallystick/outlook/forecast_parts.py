"""Forecast parts: the forecasts of parts made to add up to that of the whole, exactly.

What is spent adds up by itself. What is expected of the days to come is shared by the parts' own forecasts of it, the
ranges are scaled as their part is. Ranges do not add up: not all parts come out low or high at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from tallystick.core.money import EXACT, PLACES, nearest
from tallystick.outlook.forecast import Forecast
from tallystick.tally.split import split


def reconciled(parts: Mapping[str, Forecast], whole: Forecast) -> tuple[dict[str, Forecast], Fraction | None]:
    """Return the parts, what they expect ahead scaled to sum to the whole's, and the scale; None where none was."""
    if whole.expected is None or not parts:
        return dict(parts), None
    spent = whole.spent
    ahead = {name: _ahead(part) for name, part in parts.items()}
    weights = [_picodollars(amount) for amount in ahead.values()]
    if not sum(weights):
        weights = [max(0, _picodollars(part.spent)) for part in parts.values()]
    if not sum(weights):
        return dict(parts), None
    goal = _picodollars(EXACT.subtract(whole.expected, spent))
    shares = split(goal, weights)
    scale = Fraction(goal, sum(weights))
    results = {}
    for (name, part), share in zip(parts.items(), shares, strict=True):
        expected = EXACT.add(part.spent, EXACT.scaleb(Decimal(share), -PLACES))
        ranges = {
            percent: (_scaled(part.spent, low, scale), _scaled(part.spent, high, scale))
            for percent, (low, high) in part.ranges.items()
        }
        results[name] = replace(part, expected=expected, ranges=ranges)
    return results, scale


def _ahead(part: Forecast) -> Decimal:
    """What a part expects beyond what is spent, never below zero."""
    if part.expected is None:
        return Decimal(0)
    return max(Decimal(0), EXACT.subtract(part.expected, part.spent))


def _scaled(spent: Decimal, end: Decimal, scale: Fraction) -> Decimal:
    return EXACT.add(spent, nearest(Fraction(EXACT.subtract(end, spent)) * scale))


def _picodollars(amount: Decimal) -> int:
    return int(EXACT.scaleb(amount, PLACES))
