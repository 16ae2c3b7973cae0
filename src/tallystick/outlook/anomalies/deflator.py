"""Deflator of spend: how the prices of each model moved, so that spend can be seen at constant prices.

A price is what was billed for a unit of a line: a model's kind of token in a tier, context, geography and speed. The
index of a day compares what was billed with the same quantities at the prices of the days before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log
from statistics import median

Model = tuple[str, str]
"""An organization and a model."""
LEAST = 0.01
"""A smaller move, in logs, is none."""
SURE = 6.0
"""A move must be so many times the usual scatter of the index."""
KNOWN = 4
"""Days of a model before its prices are known well enough."""
MEMORY = 28
KEEP = 0.8
"""How much of a line's price is that of the days before, where nothing moved."""


@dataclass(slots=True)
class Index:
    """The prices of a model by day, 1 at first; `moves` are the days on which they moved, with the ratio."""

    values: list[float]
    moves: list[tuple[int, float]] = field(default_factory=list)
    discount: float = 1.0
    """What is billed of what the price lists say, of late."""


def indexes(
    lines: Mapping[tuple[str, ...], tuple[Sequence[float], Sequence[float], Sequence[float]]], days: int
) -> dict[Model, Index]:
    """The index of every model from its lines: dollars billed, quantity and dollars priced, a value a day."""
    by_model: dict[Model, list[tuple[Sequence[float], Sequence[float], Sequence[float]]]] = {}
    for names, amounts in lines.items():
        by_model.setdefault((names[0], names[1]), []).append(amounts)
    return {model: _index(amounts, days) for model, amounts in by_model.items()}


def _index(lines: Sequence[tuple[Sequence[float], Sequence[float], Sequence[float]]], days: int) -> Index:
    prices: dict[int, float] = {}
    index, scatter, known = Index([]), [0.0], 0
    level, last = 1.0, 0
    for day in range(days):
        today = {
            line: (billed[day], billed[day] / quantity[day])
            for line, (billed, quantity, _) in enumerate(lines)
            if billed[day] > 0 and quantity[day] > 0
        }
        if today:
            prices = {} if day - last > MEMORY else prices  # so long ago says nothing of when they moved
            last = day
        before = sum(amount * prices[line] / price for line, (amount, price) in today.items() if line in prices)
        if before > 0:
            known += 1
            move = log(sum(amount for line, (amount, _) in today.items() if line in prices) / before)
            if known > KNOWN and abs(move) >= max(LEAST, SURE * 1.4826 * median(scatter)):
                level *= exp(move)
                index.moves.append((day, exp(move)))
                prices |= {line: price for line, (_, price) in today.items()}
            else:
                scatter = [*scatter[1 - MEMORY :], abs(move)]
                for line, (_, price) in today.items():
                    prices[line] = KEEP * prices.get(line, price) + (1 - KEEP) * price
        else:
            prices |= {line: price for line, (_, price) in today.items()}
        index.values.append(level)
    billed = sum(sum(line[0][-2 * MEMORY :]) for line in lines)
    priced = sum(sum(line[2][-2 * MEMORY :]) for line in lines)
    if billed > 0 and priced > 0:
        index.discount = billed / priced
    return index
