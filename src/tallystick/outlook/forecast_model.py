"""Forecast model: what a day to come is expected to cost, judged by the known days, and how far sums of days stray.

Floats within: what is expected is rounded to money by who asks. A day costs its weekday's share of a level that the
last three weeks say, the newest days most; the last two days of a month and steady growth are learned where they are
seen often enough. How far a sum strays is learned from the model's own past errors on the same days.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, pairwise
from statistics import NormalDist, fmean, median, pvariance

from tallystick.outlook.day_shares import days_after, month_end_shares, weekday_shares
from tallystick.outlook.forecast_errors import HORIZONS, quantiles
from tallystick.outlook.year_end import AROUND, YearEnd, is_year_end, year_end

LEAST = 28
"""Known days that a model needs."""
SEASON = 84
"""Days that weekdays are judged by."""
_LEVEL, _DECAY, _NEAR, _REACH = 21, 0.8, 5, 2.0
"""A level is of so many days, each worth so much of the one after; none counts as further off the median of the newest
than so many usual steps from day to day."""
_WEIGHTS = [_DECAY**back for back in range(_LEVEL)]
_WHOLE = [0.0, *accumulate(_WEIGHTS)]
_DEVIATION, _WILDEST = 1.05, 0.3
"""The standard deviation of days to their usual step, and the most that counts."""
_ORIGINS = 98
"""Past days on which the model is asked what came next."""
_SILENT = 0.02
"""A weekday below this share of a usual day says nothing of the level."""
_FLOOR = 0.01
"""The least part of a usual day that a day counts as in logarithms."""
_TINY = 1e-12
_OFFSET = 0.05
"""The part of usual days that is added to a sum and its forecast before they are compared: sums near zero stay calm."""
_WEEKS, _STEADY, _DAMPED, _FADE = 8, 24, 0.5, 0.97
"""Growth counts if of all pairs of so many weeks so many more rise than fall; half of it, fading by day."""


class Method(StrEnum):
    """Which method spoke."""

    LEVEL = "weekday level"
    MEAN = "28-day mean"
    RATE = "run rate"
    KNOWN = "known"
    REST = "whole less parts"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Past:
    """What the model would have said at the beginning of a past week: weekdays, and the level of each of its days."""

    first: int
    weekdays: Sequence[float]
    levels: Sequence[float]


@dataclass(frozen=True)
class Model:
    """What known days say of days to come, US dollars as floats; see `fit`."""

    method: Method
    days: Sequence[date]
    amounts: Sequence[float]
    weekdays: Sequence[float]
    month_ends: Sequence[float]
    level: float
    slope: float
    past: Sequence[Past]
    year_end: YearEnd | None = None
    planned: frozenset[date] = frozenset()
    _quantiles: dict[int, Mapping[float, float]] = field(default_factory=dict, repr=False, compare=False)

    def day(self, day: date) -> float:
        """Return what a day after the known ones is expected to cost."""
        ahead = max((day - self.days[-1]).days, 1)
        grown = self.slope * (1 - _FADE**ahead) / (1 - _FADE)
        rest = self.year_end.factor if self.year_end and self.rests(day) else 1.0
        return self.level * math.exp(grown) * self._share(day) * rest

    def rests(self, day: date) -> bool:
        """Return whether a day is of the year end, and no event says what it costs."""
        return self.year_end is not None and is_year_end(day) and day not in self.planned

    def bound(self, expected: float, days: int, chance: float, resting: float = 0.0) -> float:
        """Return the amount that the sum of so many days, expected to be this, stays below by this chance.

        Of a mean it goes by the root of days, as independent ones do, and by how sure four weeks make a mean. `resting`
        is the part of it that is expected of the year end.
        """
        if self.method is Method.MEAN:
            variance = pvariance(self.amounts[-SEASON:]) * days * (1 + days / LEAST)
            return max(0.0, expected + NormalDist().inv_cdf(chance) * math.sqrt(variance))
        offset = _OFFSET * self.usual(len(self.days)) * days
        if days not in self._quantiles:
            self._quantiles[days] = quantiles(days, self.errors, len(self.days))
        stray = self._quantiles[days][chance]
        if resting and self.year_end:
            year_end = self.year_end.stray(resting, chance)
            stray = math.copysign(math.hypot(stray, year_end), year_end)
        return max(0.0, math.exp(stray) * (expected + offset) - offset)

    def stray(self, actual: float, expected: float, days: int, end: int | None = None) -> float:
        """Return the logarithm of what came of a sum of days over what was expected, seen from an index of the days."""
        offset = _OFFSET * self.usual(len(self.days) if end is None else end) * days
        return math.log((actual + offset) / (expected + offset))

    @cached_property
    def errors(self) -> Sequence[float | None]:
        """The mean absolute error, in logarithms, of sums of each of HORIZONS that the model would have forecast."""
        strays = [self.strays(horizon) for horizon in HORIZONS]
        return [
            fmean(map(abs, own)) if len(own) >= horizon else None for horizon, own in zip(HORIZONS, strays, strict=True)
        ]

    def strays(self, days: int) -> list[float]:
        """Return how far sums of so many days came from what the model would have forecast, on each past day."""
        strays = []
        for week, shares in zip(self.past, self._shares, strict=True):
            for offset, level in enumerate(week.levels):
                end, first = offset + days, week.first + offset
                if end < len(shares) and self.usual(first) > 0:
                    actual = self._sums[first + days] - self._sums[first]
                    strays.append(self.stray(actual, level * (shares[end] - shares[offset]), days, first))
        return strays

    @cached_property
    def _sums(self) -> list[float]:
        """The sums of what the days before each index cost, as they were."""
        return [0.0, *accumulate(self.amounts)]

    @cached_property
    def _shares(self) -> list[list[float]]:
        """The sums of the shares of days from the first of each past week on, by what was known of weekdays then."""
        start = self.past[0].first if self.past else len(self.days)
        known = [(day.weekday(), self._month_end(day)) for day in self.days[start:]]
        return [
            [0.0, *accumulate(week.weekdays[weekday] * factor for weekday, factor in known[week.first - start :])]
            for week in self.past
        ]

    def _share(self, day: date) -> float:
        return self.weekdays[day.weekday()] * self._month_end(day)

    def _month_end(self, day: date) -> float:
        rest = days_after(day)
        return self.month_ends[rest] if rest < len(self.month_ends) else 1.0

    def usual(self, end: int) -> float:
        """Return the mean of the four weeks up to before an index of the days."""
        start = max(0, end - LEAST)
        return max(0.0, self._sums[end] - self._sums[start]) / (end - start)


def fit(history: Mapping[date, float], planned: frozenset[date] = frozenset()) -> Model | None:
    """Return the model of known days, from the first on which anything was spent; None where they are too few.

    `planned` are days of which an event says what they cost.
    """
    ordered = [day for day in sorted(history) if not is_year_end(day)]
    first = next((index for index, day in enumerate(ordered) if history[day] > 0), len(ordered) - LEAST)
    days = ordered[max(0, first) :]
    if len(days) < LEAST:
        return None
    amounts = [max(0.0, history[day]) for day in days]
    weekdays = weekday_shares(days[-SEASON:], amounts[-SEASON:])
    active = [index for index, day in enumerate(days) if weekdays[day.weekday()] >= _SILENT]
    if sum(amounts[index] == 0 for index in active[-LEAST:]) * 4 > LEAST:
        return _mean_model(days, amounts)
    logs = _logs(days, amounts, weekdays, active)
    month_ends = month_end_shares([days[index] for index in active], logs)
    for position, index in enumerate(active):
        if (rest := days_after(days[index])) < len(month_ends):
            logs[position] -= math.log(month_ends[rest])
    level = math.exp(_level(logs[-_LEVEL:])) if any(amounts[index] for index in active[-_NEAR:]) else 0.0
    past = [_past(first, days, amounts, active, month_ends) for first in _weeks_before(len(days))]
    resting = _year_end(history, [days[index] for index in active], logs, weekdays)
    return Model(Method.LEVEL, days, amounts, weekdays, month_ends, level, _slope(logs), past, resting, planned)


def _year_end(
    history: Mapping[date, float], days: Sequence[date], logs: Sequence[float], weekdays: Sequence[float]
) -> YearEnd:
    """The year end, by what its days so far cost of the level around them."""
    resting = [day for day in history if is_year_end(day)]
    near = [
        logarithm
        for day, logarithm in zip(days, logs, strict=True)
        if resting and -AROUND <= (day - resting[0]).days <= AROUND + (resting[-1] - resting[0]).days
    ]
    usual = math.exp(median(near)) * sum(weekdays[day.weekday()] for day in resting) if near else 0.0
    return year_end(weekdays, sum(history[day] for day in resting), usual, len(resting))


def _weeks_before(end: int) -> range:
    """The indexes of days at which past weeks begin, up to before an index."""
    return range(max(LEAST, end - _ORIGINS), end, 7)


def _past(
    first: int,
    days: Sequence[date],
    amounts: Sequence[float],
    active: Sequence[int],
    month_ends: Sequence[float],
) -> Past:
    """What a week's days would have said, weekdays learned from the days before it alone."""
    start, last = max(0, first - SEASON), min(first + 7, len(days))
    weekdays = weekday_shares(days[start:first], amounts[start:first])
    near = [
        index for index in active if first - 2 * _LEVEL <= index < last and weekdays[days[index].weekday()] >= _SILENT
    ]
    logs = _logs(days, amounts, weekdays, near)
    for position, index in enumerate(near):
        if (rest := days_after(days[index])) < len(month_ends):
            logs[position] -= math.log(month_ends[rest])
    levels = []
    for origin in range(first, last):
        end = bisect_left(near, origin)
        levels.append(math.exp(_level(logs[max(0, end - _LEVEL) : end])) if end else 0.0)
    return Past(first, weekdays, levels)


def _mean_model(days: Sequence[date], amounts: Sequence[float]) -> Model:
    """The model of days on many of which nothing is spent: each costs the mean of the four weeks before."""
    even = (1.0,) * 7
    return Model(Method.MEAN, days, amounts, even, (), fmean(amounts[-LEAST:]), 0.0, ())


def _logs(
    days: Sequence[date], amounts: Sequence[float], weekdays: Sequence[float], active: Sequence[int]
) -> list[float]:
    """The logarithms of what mean days would have cost, of the days that are active."""
    usual = fmean(amounts[index] for index in active[-LEAST:]) if active else 0.0
    logs = []
    for index in active:
        weekday = weekdays[days[index].weekday()]
        logs.append(math.log(max(amounts[index] / weekday, _FLOOR * usual, _TINY)))
    return logs


def _level(logs: Sequence[float]) -> float:
    """The level that logarithms of days say, the newest most, none far off the median of the newest.

    The mean of logarithms lies below the logarithm of the mean by half the variance, which is added.
    """
    middle = median(logs[-_NEAR:])
    step = median([abs(after - before) for before, after in pairwise(logs)]) if len(logs) > 1 else 0.0
    reach = _REACH * step + 1e-9
    low, high = middle - reach, middle + reach
    near = (low if value < low else min(value, high) for value in reversed(logs))
    weighed = sum(weight * value for weight, value in zip(_WEIGHTS, near, strict=False))
    return weighed / _WHOLE[len(logs)] + min(_DEVIATION * step, _WILDEST) ** 2 / 2


def _slope(logs: Sequence[float]) -> float:
    """The growth of a day, in logarithms, where the last weeks steadily rose or fell; half of it, 0 elsewhere."""
    weeks = [median(logs[end - 7 : end]) for end in range(len(logs) - 7 * (_WEEKS - 1), len(logs) + 1, 7) if end >= 7]  # noqa: PLR2004
    if len(weeks) < _WEEKS:
        return 0.0
    pairs = [(later - earlier, index) for index, later in enumerate(weeks) for earlier in weeks[:index]]
    if abs(sum((rise > 0) - (rise < 0) for rise, _ in pairs)) < _STEADY:
        return 0.0
    slopes = [
        (later - earlier) / (7 * (second - first))
        for second, later in enumerate(weeks)
        for first, earlier in enumerate(weeks[:second])
    ]
    return _DAMPED * median(slopes)
