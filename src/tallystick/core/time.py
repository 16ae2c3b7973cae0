"""Time: half-open UTC windows and the grains that cut them.

Every instant is timezone-aware UTC. A day is a UTC day. `now` is always an argument.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

DAY = timedelta(days=1)
FIRST_DAY = date(2023, 1, 1)
"""Nothing was used before."""
DATE_LENGTH = 10
"""Letters of a bare date, as 2026-10-01."""
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ]|$)")


class Grain(StrEnum):
    """A width of time: minute, hour, day, week (from Monday) or month."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def floor(self, when: datetime) -> datetime:
        """The start of the bucket that holds `when`."""
        if self is Grain.MINUTE:
            return when.replace(second=0, microsecond=0)
        if self is Grain.HOUR:
            return when.replace(minute=0, second=0, microsecond=0)
        day = when.replace(hour=0, minute=0, second=0, microsecond=0)
        if self is Grain.DAY:
            return day
        return day - DAY * day.weekday() if self is Grain.WEEK else day.replace(day=1)

    def after(self, start: datetime) -> datetime:
        """The end of the bucket that begins at `start`."""
        match self:
            case Grain.MINUTE:
                return start + timedelta(minutes=1)
            case Grain.HOUR:
                return start + timedelta(hours=1)
            case Grain.DAY:
                return start + DAY
            case Grain.WEEK:
                return start + DAY * 7
            case Grain.MONTH:
                return (start.replace(day=1) + DAY * 32).replace(day=1)

    def around(self, when: datetime) -> Window:
        """The bucket that holds `when`."""
        start = self.floor(when)
        return Window(start, self.after(start))

    def is_bucket(self, window: Window) -> bool:
        """Whether a window is one bucket, from its start to its end."""
        return window.start == self.floor(window.start) and window.end == self.after(window.start)

    def ceil(self, when: datetime) -> datetime:
        """The first bucket start that is not before `when`."""
        floor = self.floor(when)
        return floor if floor == when else self.after(floor)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A half-open UTC span `[start, end)`; it may be empty, never backwards.

    Its instants are turned to UTC. Raises ValueError for one without a zone, or an end before the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            when: datetime = getattr(self, name)
            if when.tzinfo is None:
                raise ValueError(f"a Window takes instants with a zone, and {when} has none")
            if when.tzinfo is not UTC:
                object.__setattr__(self, name, when.astimezone(UTC))
        if self.end < self.start:
            raise ValueError(f"a Window cannot end ({text(self.end)}) before it starts ({text(self.start)})")

    @classmethod
    def of_day(cls, day: date) -> Window:
        """The UTC day."""
        start = midnight(day)
        return cls(start, start + DAY)

    def __bool__(self) -> bool:
        return self.start < self.end

    def __contains__(self, when: datetime) -> bool:
        return self.start <= when < self.end

    def __and__(self, second: Window) -> Window:
        """What both share; empty, at the later start, where they share nothing."""
        start = max(self.start, second.start)
        return Window(start, max(start, min(self.end, second.end)))

    def covers(self, second: Window) -> bool:
        """Whether the other window lies within this one."""
        return self.start <= second.start and second.end <= self.end

    def __str__(self) -> str:
        return f"{text(self.start)} to {text(self.end)}"

    def split(self, grain: Grain) -> Iterator[Window]:
        """The window cut at every boundary of `grain`; the first and last piece may be partial."""
        start = self.start
        while start < self.end:
            end = min(grain.after(grain.floor(start)), self.end)
            yield Window(start, end)
            start = end

    def chunks(self, most: timedelta) -> Iterator[Window]:
        """The window in pieces no longer than `most`."""
        start = self.start
        while start < self.end:
            end = min(start + most, self.end)
            yield Window(start, end)
            start = end

    def days(self) -> list[date]:
        """Every UTC day the window touches, in order."""
        first, last = self.start.date(), (self.end - timedelta.resolution).date()
        return [first + timedelta(index) for index in range((last - first).days + 1)] if self else []

    def starts(self, days: Iterable[date]) -> list[date]:
        """Those of these UTC days that begin in the window, in their order."""
        first, last = (self.start + (DAY - timedelta.resolution)).date(), (self.end - timedelta.resolution).date()
        return [day for day in days if first <= day <= last] if self else []


def union(windows: Iterable[Window]) -> list[Window]:
    """The same instants in the fewest windows, in order."""
    merged: list[Window] = []
    for window in sorted(filter(None, windows)):
        if merged and window.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return merged


def of_days(days: Iterable[date]) -> list[Window]:
    """The fewest windows that hold exactly these UTC days."""
    return union(Window.of_day(day) for day in days)


def spans(days: Iterable[date]) -> str:
    """Days as the spans that they make: `2026-11-03, 2026-11-05 to 2026-11-08`."""
    ends = [(window.start.date(), (window.end - DAY).date()) for window in of_days(days)]
    return ", ".join(f"{first}" if first == last else f"{first} to {last}" for first, last in ends)


def midnight(day: date) -> datetime:
    """The first instant of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def text(when: datetime) -> str:
    """An instant as the API writes it: `2026-10-01T00:00:00Z`, whole seconds (reports-api 1.1)."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=4096)  # a page has many rows of one bucket
def instant(written: str) -> datetime:
    """Read an RFC 3339 instant or a bare date (midnight) as UTC; ValueError otherwise.

    A time without a zone is refused: local time is never guessed.
    """
    if not _DATED.match(written):
        raise ValueError(f"{written!r} does not begin with a day like 2026-10-01")
    when = datetime.fromisoformat(written)
    if when.tzinfo is None:
        if len(written) > DATE_LENGTH:
            raise ValueError(f"{written!r} has no zone; write it with a Z")
        when = when.replace(tzinfo=UTC)
    try:
        return when.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{written!r} is out of range") from None
