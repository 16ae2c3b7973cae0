"""Forecast score: what would have been forecast on past days, against what came and against two naive methods.

Each week of a span a forecast is made from the days before it, of the next 1, 7, 14 and 28 days. The days are those of
the ledger as it is: later restatements are in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import fmean

from tallystick.core.money import rounded
from tallystick.core.question import Cell, Heading, Kind
from tallystick.core.time import DAY, Window, midnight
from tallystick.outlook.daily_spend import Basis, Day
from tallystick.outlook.forecast import HISTORY, RANGES, Forecast, forecast

AHEAD = (1, 7, 14, 28)
"""The days that are forecast at once."""
STEP = 7
"""Days from one forecast to the next."""
_WEEKS = 4
"""The weeks that the seasonal naive method takes the mean of, and that must be known before a forecast."""
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
    Heading("pinball_to_last_week", Kind.RATIO, drop_order=1),
    Heading("pinball_to_seasonal", Kind.RATIO, drop_order=1),
)
"""`error` and `bias` are sums of misses, without and with their sign, to what came; `holds_80` the share of totals in
their 80 % range; pinball the loss of all quantiles to that of a naive method, below 1 where it is better."""


@dataclass
class Score:
    """The forecasts of so many days: what came, the misses of each method, the pinball losses, the ranges that held."""

    actual: list[float] = field(default_factory=list)
    misses: dict[str, list[float]] = field(default_factory=dict)
    pinball: list[float] = field(default_factory=list)
    held: dict[int, list[bool]] = field(default_factory=dict)

    def add(self, made: Forecast, actual: float, naive: Mapping[str, float]) -> None:
        """Count one forecast."""
        expected = float(made.expected or 0)
        self.actual.append(actual)
        for name, guess in {"": expected, **naive}.items():
            self.misses.setdefault(name, []).append(guess - actual)
        quantiles = {0.5: expected}
        for percent, ends in made.ranges.items():
            low, high = map(float, ends)
            self.held.setdefault(percent, []).append(low <= actual <= high)
            quantiles |= dict(zip(RANGES[percent], (low, high), strict=True))
        losses = (max(chance * (actual - end), (chance - 1) * (actual - end)) for chance, end in quantiles.items())
        self.pinball.append(fmean(losses))

    def row(self, ahead: int) -> tuple[Cell, ...]:
        """Return the cells of HEADINGS."""
        whole = sum(self.actual)

        def sum_of(name: str) -> float:
            return sum(map(abs, self.misses.get(name, [])))

        held = [_ratio(sum(self.held.get(percent, [])), len(self.held.get(percent, []))) for percent in RANGES]
        return (
            ahead,
            len(self.actual),
            _ratio(sum_of(""), whole),
            _ratio(sum(self.misses.get("", [])), whole),
            *held,
            _ratio(sum_of("last week"), whole),
            _ratio(sum_of("seasonal"), whole),
            _ratio(2 * sum(self.pinball), sum_of("last week")),
            _ratio(2 * sum(self.pinball), sum_of("seasonal")),
        )


def backtest(days: Sequence[Day], span: Window, now: datetime) -> list[tuple[Cell, ...]]:
    """Return a row of HEADINGS for each of AHEAD, by the forecasts of a span; `days` begin half a year before it.

    Days that are not billed or used are no ground to judge by: a forecast of such a day is left out.
    """
    scores = {ahead: Score() for ahead in AHEAD}
    first = min((day.day for day in days), default=now.date())
    spent = {
        day.day: float(day.spent) for day in days if day.basis in {Basis.BILLED, Basis.USED} and day.day < now.date()
    }
    for origin in _origins(span):
        before = [day for day in days if day.day < origin]
        past = [origin - timedelta(days=back) for back in range(7 * _WEEKS, 0, -1)]
        if (origin - first).days < 7 * _WEEKS or any(day not in spent for day in past):  # a week
            continue
        for ahead in AHEAD:
            coming = [origin + timedelta(days=number) for number in range(ahead)]
            if all(day in spent for day in coming):
                window = Window(midnight(origin), midnight(origin) + DAY * ahead)
                made = forecast(before, window, midnight(origin))
                if made.expected is not None and made.ranges:
                    scores[ahead].add(made, sum(spent[day] for day in coming), _naive(spent, coming, origin))
    return [score.row(ahead) for ahead, score in scores.items()]


def reach(span: Window) -> Window:
    """Return the days that the forecasts of a span are made from, and that they are of."""
    return Window(span.start - DAY * HISTORY, span.end)


def _origins(span: Window) -> Iterator[date]:
    days = span.days()
    return iter(days[::STEP])


def _naive(spent: Mapping[date, float], coming: Sequence[date], origin: date) -> dict[str, float]:
    """What last week says, and the mean of each weekday of four weeks."""
    last = seasonal = 0.0
    for index in range(len(coming)):
        back = [origin + timedelta(days=index % 7 - 7 * week) for week in range(1, _WEEKS + 1)]
        last += spent[back[0]]
        seasonal += fmean(spent[day] for day in back)
    return {"last week": last, "seasonal": seasonal}


def _ratio(part: float, base: float) -> Decimal | None:
    return rounded(Decimal(repr(part / base)), _PLACES) if base else None
