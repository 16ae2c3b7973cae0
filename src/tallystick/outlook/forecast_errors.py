"""Forecast errors: how far sums of days stray from their forecast, from a model's own past errors and a pooled prior.

A stray is the logarithm of what came over what was expected; own ones are of what would have been forecast on past
days, from what was known then. Its scale is a geometric mean of the model's own mean
absolute errors at each of HORIZONS and of a prior, with the weights of the horizon; the quantiles of a stray in scales
are the prior's too. Where a history is too short for an error of its own, the prior's usual one stands in for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

HORIZONS = (1, 7, 28)
"""The sums of days by which a model's own errors are judged."""
CHANCES = (0.025, 0.1, 0.25, 0.75, 0.9, 0.975)
"""The chances of which quantiles are known: the ends of the ranges of 95, 80 and 50 %."""
USUAL = (-2.16, -2.35, -2.27)
"""The usual logarithm of a model's own error at each of HORIZONS."""
# Learned on tuning seeds alone by `python benchmarks/outlook_tuning.py`, 2026-11-30: 120 series of
# benchmarks/outlook_series.py, 60 organizations of benchmarks/plain_world.py and four keys of each.
PRIOR: dict[int, tuple[float, tuple[float, float, float], tuple[float, ...]]] = {
    1: (-2.07, (0.39, 0.40, 0.00), (-3.02, -1.52, -0.70, 0.65, 1.49, 2.73)),
    3: (-2.14, (0.36, 0.51, 0.00), (-2.90, -1.43, -0.65, 0.67, 1.44, 3.00)),
    7: (-2.21, (0.31, 0.53, 0.00), (-2.61, -1.27, -0.54, 0.72, 1.56, 3.41)),
    14: (-2.18, (0.31, 0.47, 0.00), (-2.61, -1.16, -0.45, 0.80, 1.65, 3.80)),
    28: (-2.06, (0.30, 0.39, 0.00), (-2.30, -1.08, -0.38, 0.84, 1.78, 3.89)),
    60: (-1.84, (0.25, 0.34, 0.00), (-2.16, -0.93, -0.26, 0.97, 1.97, 3.66)),
    120: (-1.47, (0.25, 0.24, 0.01), (-2.11, -0.82, -0.16, 1.03, 2.05, 3.67)),
}
"""By days of a sum: the logarithm of its usual scale, the weights of own errors, the quantiles in scales."""


LEAST, MIDDLE, TAIL, WIDER, TINY = 10, 4, 30, 1.25, 1e-3
"""Own strays count from so many on; the prior counts as so many of them, of the 95 % range as more; they are widened so
much, and none is less than so much."""
SCARCE = 7
"""A spread is wider by so many known days, of all that there are."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The quantiles of a stray, in logarithms, at CHANCES."""

    quantiles: tuple[float, ...]

    def beside(self, strays: Sequence[float], days: int) -> Spread:
        """Return the spread between this one and that of own strays of sums of so many days.

        Own ones count by how many of them have no day in common, those of the 95 % range less: few tell of tails. They
        are a little too narrow, for the method was chosen by such days.
        """
        if len(strays) < LEAST:
            return self
        ordered, apart = sorted(strays), len(strays) / days + 1
        quantiles = []
        for chance, prior in zip(CHANCES, self.quantiles, strict=True):
            weight = apart / (apart + (TAIL if chance in {CHANCES[0], CHANCES[-1]} else MIDDLE))
            own = WIDER * ordered[round(chance * (len(ordered) - 1))]
            if own * prior > 0:
                mean = math.exp(weight * math.log(max(abs(own), TINY)) + (1 - weight) * math.log(abs(prior)))
                quantiles.append(math.copysign(mean, prior))
            else:
                quantiles.append(weight * own + (1 - weight) * prior)
        return Spread(tuple(sorted(quantiles)))

    def quantile(self, chance: float) -> float:
        """Return the stray below which so much of all lies; `chance` is one of CHANCES."""
        return self.quantiles[CHANCES.index(chance)]


def spread(days: int, errors: Sequence[float | None], known: int) -> Spread:
    """Return how far a sum of so many days strays where a model of so many known days has these errors at HORIZONS.

    Between two horizons of the prior it goes by the logarithm of days; beyond the last it widens by their root.
    """
    knots = sorted(PRIOR)
    upper = next((knot for knot in knots if knot >= days), knots[-1])
    lower = max((knot for knot in knots if knot <= days), default=knots[0])
    part = 0.0 if upper == lower else math.log(days / lower) / math.log(upper / lower)
    wider = math.sqrt(max(1.0, days / knots[-1])) * (1 + SCARCE / known)
    low, high = _at(lower, errors), _at(upper, errors)
    return Spread(tuple(wider * ((1 - part) * first + part * second) for first, second in zip(low, high, strict=True)))


def own(errors: Sequence[float | None]) -> list[float]:
    """Return the logarithms of own errors less the usual ones; 0 where one is not known."""
    return [
        math.log(max(error, 1e-3)) - usual if error is not None else 0.0
        for error, usual in zip(errors, USUAL, strict=True)
    ]


def _at(horizon: int, errors: Sequence[float | None]) -> list[float]:
    scale, weights, quantiles = PRIOR[horizon]
    logarithm = scale + sum(weight * error for weight, error in zip(weights, own(errors), strict=True))
    return [quantile * math.exp(logarithm) for quantile in quantiles]
