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


def each_day(whole: Forecast, known: Sequence[Day]) -> Iterator[Forecast]:
    """Give the forecast of each day of a forecast; `known` are the days that it was made of.

    A range is of its day alone: those of several days do not add up.
    """
    by_date, expected, opened = {day.day: day for day in known}, dict(whole.days), {*whole.open}
    nothing = Decimal(0)
    ahead, ahead_rounded = Fraction(0), nothing
    for day in whole.window.days():
        entry = by_date.get(day)
        billed, used = (entry.billed, entry.used) if entry else (nothing, nothing)
        day_forecast = replace(
            whole,
            window=Window.of_day(day),
            billed=billed,
            used=used,
            absent=tuple(each for each in whole.absent if each == day),
            part=tuple(each for each in whole.part if each == day),
            days=tuple((each, amount) for each, amount in whole.days if each == day),
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
            ends = ranges_of(amount, day_forecast.spent, day_forecast.days, day_forecast.open, whole.judge)
            yield replace(day_forecast, expected=amount, ranges=ends)
