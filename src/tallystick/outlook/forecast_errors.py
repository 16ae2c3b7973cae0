"""Forecast errors: how far sums of days stray from their forecast, in units of a model's own past errors.

A stray is the logarithm of what came over what was expected; own ones are of what would have been forecast on past
days, from what was known then. Strays of many series, each in units of its own mean absolute errors, have the same
quantiles (normalized conformal prediction): where own errors are twice as large, a range is twice as wide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

HORIZONS = (1, 7, 28)
"""The sums of days by which a model's own errors are judged."""
CHANCES = (0.025, 0.1, 0.25, 0.75, 0.9, 0.975)
"""The chances of which quantiles are known: the ends of the ranges of 95, 80 and 50 %."""
USUAL = (-1.91, -2.21, -2.20)
"""The usual logarithm of a model's own error at each of HORIZONS."""
# Learned on generated series of tuning seeds alone by `python benchmarks/outlook_tuning.py`, 2026-11-30.
POOLED: dict[int, tuple[float, tuple[float, float, float], tuple[float, ...]]] = {
    1: (-1.90, (1.0, 0.0, 0.0), (-2.31, -1.42, -0.70, 0.82, 1.59, 2.61)),
    3: (-2.03, (0.9, 0.1, 0.0), (-2.17, -1.26, -0.62, 0.82, 1.62, 3.33)),
    7: (-2.13, (0.7, 0.3, 0.0), (-2.21, -1.22, -0.56, 0.81, 1.63, 3.61)),
    14: (-2.11, (0.6, 0.3, 0.1), (-2.32, -1.15, -0.49, 0.82, 1.68, 3.63)),
    28: (-1.97, (0.5, 0.3, 0.2), (-2.52, -1.12, -0.44, 0.79, 1.66, 3.78)),
    60: (-1.72, (0.5, 0.1, 0.4), (-2.47, -1.07, -0.36, 0.80, 1.77, 3.80)),
    120: (-1.35, (0.5, 0.0, 0.5), (-2.39, -1.04, -0.34, 0.87, 1.83, 4.04)),
}
"""By days of a sum: the logarithm of its usual scale, the weights of own errors, which add up to 1, the quantiles."""
SCARCE = 7
"""A range is wider by so many known days, of all that there are."""
LEAST = 1e-3
"""No own error counts as less."""


def quantiles(days: int, errors: Sequence[float | None], known: int) -> dict[float, float]:
    """Return the stray that a sum of so many days stays below at each of CHANCES.

    The model knows so many days and has these errors at HORIZONS. Between two sums that strays are known of it goes by
    the logarithm of days; beyond the last it widens by their root.
    """
    knots = sorted(POOLED)
    upper = next((knot for knot in knots if knot >= days), knots[-1])
    lower = max((knot for knot in knots if knot <= days), default=knots[0])
    part = 0.0 if upper == lower else math.log(days / lower) / math.log(upper / lower)
    wider = math.sqrt(max(1.0, days / knots[-1])) * (1 + SCARCE / known)
    strays = zip(_at(lower, errors), _at(upper, errors), strict=True)
    ends = sorted(wider * ((1 - part) * first + part * second) for first, second in strays)
    return dict(zip(CHANCES, ends, strict=True))


def relative(errors: Sequence[float | None]) -> list[float]:
    """Return the logarithms of own errors to the usual ones; one that is not known is as the mean of the others."""
    known = {
        index: math.log(max(error, LEAST)) - USUAL[index] for index, error in enumerate(errors) if error is not None
    }
    mean = fmean(known.values()) if known else 0.0
    return [known.get(index, mean) for index in range(len(errors))]


def _at(horizon: int, errors: Sequence[float | None]) -> list[float]:
    scale, weights, strays = POOLED[horizon]
    logarithm = scale + sum(weight * error for weight, error in zip(weights, relative(errors), strict=True))
    return [stray * math.exp(logarithm) for stray in strays]
