"""Cycles: the periods of a budget, one after the other without a gap: days, weeks, months, quarters, years, all UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from tallystick.core.time import DAY, Window, midnight

LAST_DAY = 28
"""The latest day of a month that every month has."""


class Every(StrEnum):
    """The length of a budget's period."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.YEAR: 12}
_CALENDAR = date(2024, 1, 1)
"""A Monday that begins a year: cycles without a start of their own begin with it."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """Periods of one length, counted from `start`: its weekday begins weeks, its day and month begin fiscal years."""

    every: Every
    start: date = _CALENDAR

    def around(self, day: date) -> Window:
        """The period that holds a UTC day."""
        if self.every in _MONTHS:
            return self._months(day, _MONTHS[self.every])
        length = 7 if self.every is Every.WEEK else 1
        first = day - timedelta(days=(day - self.start).days % length)
        return Window(midnight(first), midnight(first + timedelta(days=length)))

    def since(self, first: date, period: Window) -> list[Window]:
        """The periods from the one that holds `first` up to before `period`, in order."""
        periods = []
        current = self.around(first)
        while current.start < period.start:
            periods.append(current)
            current = self.around(current.end.date())
        return periods

    def label(self, period: Window) -> str:
        """A period by its name: 2026-10-05, 2026-W41, 2026-10, 2026-Q4, 2026; else its first and last day."""
        first, last = period.start.date(), (period.end - DAY).date()
        if self.every is Every.DAY:
            return f"{first}"
        if self.every is Every.WEEK and first.weekday() == 0:
            return f"{first:%G-W%V}"
        if self.every in _MONTHS and first.day == 1 and (first.month - 1) % _MONTHS[self.every] == 0:
            names = {Every.MONTH: f"{first:%Y-%m}", Every.QUARTER: f"{first.year}-Q{first.month // 3 + 1}"}
            return names.get(self.every, f"{first.year}")
        return f"{first} to {last}"

    def _months(self, day: date, length: int) -> Window:
        offset = self.start.month - 1
        month = day.year * 12 + day.month - 1 - (day.day < self.start.day)
        first = (month - offset) // length * length + offset
        return Window(self._begin(first), self._begin(first + length))

    def _begin(self, month: int) -> datetime:
        return midnight(date(month // 12, month % 12 + 1, self.start.day))
