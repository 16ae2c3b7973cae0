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


def last_ended(grain: Grain, now: datetime) -> Period:
    """Return the period that ended last."""
    return Period(grain, grain.floor(now)).before


def ended(first: Period, now: datetime) -> list[Period]:
    """Return every period from the first that has ended, in order."""
    periods = []
    latest = last_ended(first.every, now)
    while latest.start >= first.start:
        periods.append(latest)
        latest = latest.before
    return periods[::-1]


def most_recent(last: Period) -> list[Period]:
    """Return the periods that are still delivered, up to the last."""
    periods = [last]
    while len(periods) < MOST:
        periods.append(periods[-1].before)
    return periods


def named_period(grain: Grain, word: str | None, now: datetime) -> Period:
    """Return the period that holds what a word for time names first, the last ended one for None.

    InvalidQuestion where it has not ended, or the word names no days.
    """
    if word is None:
        return last_ended(grain, now)
    latest = Period(grain, grain.floor(period(word, now).days.start))
    if latest.window.end > now:
        raise InvalidQuestion(f"{latest.label} has not ended.", "Name an ended one, or leave out --period.")
    return latest


def of_day(grain: Grain, day: date) -> Period:
    """Return the period that begins on a day."""
    return Period(grain, midnight(day))
