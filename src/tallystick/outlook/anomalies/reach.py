"""Reach of a series: whether it can have an episode at all, so that those of small spenders are not judged day by day.

An episode begins on days that wait together, at most WAITING of them and none between them left out, and only where
what they cost above what is usual comes to the minimum. What is usual lies between the least and the greatest value of
the series, or below for an amount, and never below zero. So a day of `d` dollars and the value `v` costs at most `d`
above it, and of a rate, whose least value is `l`, at most `d x (1 - l / v)`. Where no WAITING days in a row can come to
the minimum, no episode begins. A new subject is news by one day of more than the minimum, and so is a running day.
"""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.outlook.anomalies.baseline import FEW, MEMORY, READY, SPARSE
from tallystick.outlook.anomalies.detection import WAITING
from tallystick.outlook.anomalies.series import WEEKLY, Series

NEAR = 1 - 1e-9
"""Floats are added up in another order here than by the detector."""


def reaches(series: Series, minimum: float) -> bool:
    """Whether an episode of `minimum` US dollars can begin in a series, or a day of it cost as much."""
    least = minimum * NEAR
    dollars = series.dollars
    if min(dollars, default=0.0) < 0:
        return True  # what is credited is no part of what was spent
    if series.measure in WEEKLY and max(dollars, default=0.0) >= least:
        return True
    if sum(dollars) < least:
        return False
    waiting = 0.0
    most = _most(series)
    for index, amount in enumerate(most):
        waiting += amount - (most[index - WAITING] if index >= WAITING else 0.0)
        if waiting >= least:
            return True
    return False


def _most(series: Series) -> list[float]:
    """What each day that the detector judges costs at most above what is usual, US dollars."""
    if series.measure in WEEKLY:
        return [spent for spent, value in zip(series.dollars, series.values, strict=True) if value is not None]
    active = [(spent, value) for spent, value in zip(series.dollars, series.values, strict=True) if value]
    lowest = min((value for _, value in active), default=0.0)
    return [spent * (1 - lowest / value) for spent, value in active]


def is_young(values: Sequence[float | None]) -> bool:
    """Whether a series without episodes has too few usual days to have a usual level."""
    known = [value for value in values if value is not None]
    first = next((index for index, value in enumerate(known) if value), len(known))
    days = known[first:][-MEMORY:]
    active = sum(value > 0 for value in days)
    return len(days) < READY or (active < SPARSE * len(days) and active < FEW)
