"""Forecast days: a forecast as one forecast of each of its days, which add up to it exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from tallystick.core.money import EXACT, nearest
from tallystick.core.time import Window
from tallystick.outlook.daily_spend import Basis, Day
from tallystick.outlook.forecast import RANGES, Forecast, ranges_of
from tallystick.outlook.forecast_model import Method


def each_day(period_forecast: Forecast, known: Sequence[Day]) -> Iterator[Forecast]:
    """Give the forecast of each day of a forecast; `known` are the days that it was made of.

    A range is of its day alone: those of several days do not add up.
    """
    by_date, expected, opened = {day.day: day for day in known}, dict(period_forecast.days), {*period_forecast.open}
    nothing = Decimal(0)
    ahead, ahead_rounded = Fraction(0), nothing
    for day in period_forecast.window.days():
        entry = by_date.get(day)
        billed, used = (entry.billed, entry.used) if entry else (nothing, nothing)
        day_forecast = replace(
            period_forecast,
            window=Window.of_day(day),
            billed=billed,
            used=used,
            absent=tuple(when for when in period_forecast.absent if when == day),
            part=tuple(when for when in period_forecast.part if when == day),
            days=tuple((when, amount) for when, amount in period_forecast.days if when == day),
            open=(day,) if day in opened else (),
            blank=entry is None or entry.basis is Basis.ABSENT,
            effects=(),
        )
        if day not in opened:
            ends = dict.fromkeys(RANGES, (day_forecast.spent, day_forecast.spent))
            yield replace(day_forecast, expected=day_forecast.spent, ranges=ends, known=0, method=Method.KNOWN)
        elif day not in expected:
            yield replace(day_forecast, expected=None, ranges={})
        else:
            before, ahead = ahead_rounded, ahead + expected[day]
            ahead_rounded = nearest(ahead)
            amount = EXACT.subtract(ahead_rounded, before)
            ends = ranges_of(amount, day_forecast.spent, day_forecast.days, day_forecast.open, period_forecast.judge)
            yield replace(day_forecast, expected=amount, ranges=ends)
