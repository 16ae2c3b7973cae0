"""Days of the plain world: public holidays, the end of December, working days of a month."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

REGIONS = ("europe", "america")
SATURDAY = 5
_FRIDAY_TO_MONDAY = (-2, 1, 39, 50)
"""Good Friday, Easter Monday, Ascension and Whit Monday, in days from Easter."""


def _easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian rule."""
    century, rest = divmod(year, 100)
    epact = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = epact + weekday - 7 * ((year % 19 + 11 * epact + 22 * weekday) // 451) + 114
    return date(year, shift // 31, shift % 31 + 1)


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """The weekday of that number in a month; -1 is the last."""
    days = [day for day in span(date(year, month, 1), date(year, month, 28) + timedelta(3)) if day.month == month]
    return [day for day in days if day.weekday() == weekday][number]


@cache
def holidays(region: str, year: int) -> frozenset[date]:
    """The ten public holidays of a year."""
    if region == "europe":
        fixed = [date(year, *when) for when in ((1, 1), (1, 6), (5, 1), (8, 15), (11, 1), (12, 8))]
        return frozenset(fixed + [_easter(year) + timedelta(days) for days in _FRIDAY_TO_MONDAY])
    fixed = [date(year, *when) for when in ((1, 1), (6, 19), (7, 4), (11, 11))]
    moving = ((1, 0, 2), (2, 0, 2), (5, 0, -1), (9, 0, 0), (10, 0, 1), (11, 3, 3))
    return frozenset(fixed + [_nth(year, *when) for when in moving])


def festive(region: str, day: date) -> bool:
    """Whether business use falls to a third: a public holiday, or one of the last ten days of December."""
    return day in holidays(region, day.year) or (day.month, day.day) >= (12, 22)


def span(first: date, last: date) -> list[date]:
    """The days from one to another, both included."""
    return [first + timedelta(number) for number in range((last - first).days + 1)]


@cache
def working_days(year: int, month: int) -> tuple[date, ...]:
    """The days from Monday to Friday of a month, in order."""
    days = span(date(year, month, 1), date(year, month, 28) + timedelta(3))
    return tuple(day for day in days if day.month == month and day.weekday() < SATURDAY)
