"""Period: a month, week or day of UTC days that a delivery is of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from tallystick.core.text import day_spans
from tallystick.core.time import DAY, Grain, Window, midnight
from tallystick.core.time_words import period
from tallystick.errors import InvalidQuestion

EVERY = (Grain.MONTH, Grain.WEEK, Grain.DAY)
"""What periods there are; a week begins on Monday."""
MOST = 8
"""Periods that are still delivered, the last ended one among them; what is older is skipped."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One period: its kind and its first day."""

    every: Grain
    start: datetime

    @property
    def window(self) -> Window:
        """Its UTC days."""
        return self.every.around(self.start)

    @property
    def last(self) -> date:
        """Its last day."""
        return (self.window.end - DAY).date()

    @property
    def name(self) -> str:
        """What it is called in files and commands: `2026-10`, or its first day, `2026-10-05`."""
        return f"{self.start:%Y-%m}" if self.every is Grain.MONTH else f"{self.start:%Y-%m-%d}"

    @property
    def label(self) -> str:
        """What it is called in words."""
        if self.every is Grain.MONTH:
            return f"{self.start:%B %Y}"
        return day_spans(self.window.days(), 0)

    @property
    def before(self) -> Period:
        """The period before it."""
        return Period(self.every, self.every.floor(self.start - DAY))


def last_ended(every: Grain, now: datetime) -> Period:
    """Return the period that ended last."""
    return Period(every, every.floor(now)).before


def ended(first: Period, now: datetime) -> list[Period]:
    """Return every period from the first that has ended, in order."""
    periods = []
    one = last_ended(first.every, now)
    while one.start >= first.start:
        periods.append(one)
        one = one.before
    return periods[::-1]


def most_recent(last: Period) -> list[Period]:
    """Return the periods that are still delivered, up to the last."""
    periods = [last]
    while len(periods) < MOST:
        periods.append(periods[-1].before)
    return periods


def named_period(every: Grain, word: str | None, now: datetime) -> Period:
    """Return the period that holds what a word for time names first, the last ended one for None.

    InvalidQuestion where it has not ended, or the word names no days.
    """
    if word is None:
        return last_ended(every, now)
    chosen = Period(every, every.floor(period(word, now).days.start))
    if chosen.window.end > now:
        raise InvalidQuestion(f"{chosen.label} has not ended.", "Name an ended one, or leave out --period.")
    return chosen


def of_day(every: Grain, day: date) -> Period:
    """Return the period that begins on a day."""
    return Period(every, midnight(day))
