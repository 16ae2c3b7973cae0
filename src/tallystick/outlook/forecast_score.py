"""Forecast score: what was forecast, or would have been on past days, against what came and against two naive methods.

Only the days that were ahead count: what was known then of a period is no merit of its forecast.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import fmean
from typing import Any

from tallystick.core.money import rounded
from tallystick.core.question import Cell, Heading, Kind
from tallystick.core.time import DAY, Window, midnight
from tallystick.outlook.daily_spend import Basis, Day
from tallystick.outlook.forecast import HISTORY, RANGES, forecast

AHEAD = (1, 7, 14, 28)
"""The days that a sync and a backtest forecast at once."""
STEP = 7
"""Days from one forecast to the next."""
LONGER = (92, 366, 731)
"""The most days that longer forecasts are of, a row each where there are any."""
_WEEKS = 4
"""The weeks that the seasonal naive method takes the mean of."""
LAST_WEEK, SEASONAL = "last_week", "seasonal"
_PLACES = 4
HEADINGS = (
    Heading("days_ahead", Kind.COUNT, "days"),
    Heading("forecasts", Kind.COUNT),
    Heading("error", Kind.RATIO),
    Heading("bias", Kind.RATIO),
    Heading("holds_50", Kind.RATIO, drop_order=2),
    Heading("holds_80", Kind.RATIO),
    Heading("holds_95", Kind.RATIO),
    Heading("last_week_error", Kind.RATIO, drop_order=3),
    Heading("seasonal_error", Kind.RATIO, drop_order=3),
    Heading("loss_to_last_week", Kind.RATIO, drop_order=1),
    Heading("loss_to_seasonal", Kind.RATIO, drop_order=1),
)
"""`error` and `bias` are sums of misses, without and with their sign, to what came; `holds_80` the share of totals in
their 80 % range; loss is that of all quantiles (pinball) to that of a naive method, below 1 where it is better."""


@dataclass
class Score:
    """The forecasts of so many days: what came, the misses of each method, the pinball losses, the ranges that held."""

    actual: list[float] = field(default_factory=list)
    misses: dict[str, list[float]] = field(default_factory=dict)
    pinball: list[float] = field(default_factory=list)
    hits: dict[int, list[bool]] = field(default_factory=dict)

    def add(
        self, expected: float, ranges: Mapping[int, tuple[float, float]], actual: float, plain: Mapping[str, float]
    ) -> None:
        """Count one forecast: what it expected of the days ahead, its ranges, what came, and what was naive."""
        self.actual.append(actual)
        for name, guess in {"": expected, **plain}.items():
            self.misses.setdefault(name, []).append(guess - actual)
        quantiles = {0.5: expected}
        for percent, (low, high) in ranges.items():
            self.hits.setdefault(percent, []).append(low <= actual <= high)
            quantiles |= dict(zip(RANGES[percent], (low, high), strict=True))
        losses = (max(chance * (actual - end), (chance - 1) * (actual - end)) for chance, end in quantiles.items())
        self.pinball.append(fmean(losses))

    def row(self, ahead: int) -> tuple[Cell, ...]:
        """Return the cells of HEADINGS."""
        actual = sum(self.actual)

        def sum_of(name: str) -> float:
            return sum(map(abs, self.misses.get(name, [])))

        hits = [_ratio(sum(self.hits.get(percent, [])), len(self.hits.get(percent, []))) for percent in RANGES]
        return (
            ahead,
            len(self.actual),
            _ratio(sum_of(""), actual),
            _ratio(sum(self.misses.get("", [])), actual),
            *hits,
            _ratio(sum_of(LAST_WEEK), actual),
            _ratio(sum_of(SEASONAL), actual),
            _ratio(2 * sum(self.pinball), sum_of(LAST_WEEK)),
            _ratio(2 * sum(self.pinball), sum_of(SEASONAL)),
        )


def backtest(
    days: Sequence[Day], span: Window, now: datetime, known: Callable[[date], Sequence[Day]] | None = None
) -> list[tuple[Cell, ...]]:
    """Return a row of HEADINGS for each of AHEAD, by a forecast on each week of a span from what was known before it.

    `days` are those of the ledger as it is, from half a year before the span on; `known` gives them as they were known
    at the beginning of a day. A forecast of a day that is neither billed nor used is left out.
    """
    scores = {ahead: Score() for ahead in AHEAD}
    first = min((day.day for day in days), default=now.date())
    spent = spent_of(days, now)
    for origin in origins(span):
        if (origin - first).days < 7 * _WEEKS:  # a week
            continue
        before = [day for day in (known(origin) if known else days) if day.day < origin]
        past = spent_of(before, midnight(origin))
        for ahead in AHEAD:
            coming = [origin + timedelta(days=number) for number in range(ahead)]
            plain = naive(past, coming, origin)
            if plain is None or any(day not in spent for day in coming):
                continue
            result = forecast(before, Window(midnight(origin), midnight(origin) + DAY * ahead), midnight(origin))
            if result.expected is not None and result.ranges:
                ranges = {percent: (float(low), float(high)) for percent, (low, high) in result.ranges.items()}
                scores[ahead].add(float(result.expected), ranges, sum(spent[day] for day in coming), plain)
    return [score.row(ahead) for ahead, score in scores.items()]


def score(
    forecasts: Iterable[Mapping[str, Any]], days: Sequence[Day], now: datetime
) -> tuple[list[tuple[Cell, ...]], int]:
    """Return a row of HEADINGS by days ahead, and how many forecasts are not judged; `made` are rows of `forecasts`.

    A forecast is judged once every day that was not known then is billed, or used and priced.
    """
    spent = spent_of(days, now)
    scores = {ahead: Score() for ahead in AHEAD}
    waiting = 0
    for row in forecasts:
        period = [row["first"] + timedelta(days=number) for number in range((row["last"] - row["first"]).days + 1)]
        gaps = json.loads(row["gaps"])
        coming = [day for day in period if day >= row["made_at"].date() or str(day) in gaps]
        if any(day not in spent for day in coming) or row[LAST_WEEK] is None:
            waiting += 1
            continue
        known = float(row["known"])
        ranges = {
            percent: (float(row[f"low_{percent}"]) - known, float(row[f"high_{percent}"]) - known)
            for percent in RANGES
            if row[f"low_{percent}"] is not None
        }
        ahead = next(most for most in (*AHEAD, *LONGER) if row["days_ahead"] <= most)
        came = sum(spent[day] for day in coming)
        plain = {name: float(row[name]) for name in (LAST_WEEK, SEASONAL)}
        scores.setdefault(ahead, Score()).add(float(row["expected"]) - known, ranges, came, plain)
    return [scores[ahead].row(ahead) for ahead in sorted(scores)], waiting


def spent_of(days: Iterable[Day], now: datetime) -> dict[date, float]:
    """Return what ended days cost that are billed, or used and priced."""
    return {
        day.day: float(day.spent) for day in days if day.basis in {Basis.BILLED, Basis.USED} and day.day < now.date()
    }


def reach(span: Window) -> Window:
    """Return the days that the forecasts of a span are made from, and that they are of."""
    return Window(span.start - DAY * HISTORY, span.end)


def origins(span: Window) -> Iterator[date]:
    """Yield the days on which a backtest forecasts."""
    return iter(span.days()[::STEP])


def naive(spent: Mapping[date, float], coming: Iterable[date], origin: date) -> dict[str, float] | None:
    """Return what last week again and each weekday's mean of four weeks make of days, by what is known before a day.

    A day of last week that is not known is that of the week before. None where a weekday is not known at all.
    """
    last = seasonal = 0.0
    for day in coming:
        ahead = (day - origin).days % 7
        backs = (origin + timedelta(days=ahead - 7 * week) for week in range(1, _WEEKS + 1))
        known = [spent[back] for back in backs if back in spent]
        if not known:
            return None
        last += known[0]
        seasonal += fmean(known)
    return {LAST_WEEK: last, SEASONAL: seasonal}


def _ratio(part: float, base: float) -> Decimal | None:
    return rounded(Decimal(repr(part / base)), _PLACES) if base else None
