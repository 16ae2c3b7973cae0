"""Zones: the days, weeks and months of a time zone, made of whole UTC hours.

The ledger keeps hours of UTC at the finest. A zone whose days begin within such an hour (Asia/Kolkata, 18:30) cannot
be answered from them and is refused. A day on which clocks change has 23 or 25 hours, and all of them are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from tallystick.core.records import State
from tallystick.core.text import did_you_mean
from tallystick.core.time import DAY, Grain, Window, midnight, union
from tallystick.core.time_words import When, window
from tallystick.errors import InvalidQuestion

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone by its name in the tz database.

    A window's `wall` is the same days as its clocks show them, written as if they were UTC: names of days come of it.
    """

    name: str

    @classmethod
    def of(cls, name: str) -> Zone:
        """The zone so named, such as Asia/Tokyo; InvalidQuestion where there is none."""
        zone = cls(name)
        try:
            _ = zone._rules
        except (KeyError, ValueError, OSError):
            from zoneinfo import available_timezones

            hint = (
                did_you_mean(name, sorted(available_timezones())) or "Write a name such as Asia/Tokyo or Europe/Berlin."
            )
            raise InvalidQuestion(f"There is no time zone {name!r}.", hint) from None
        return zone

    @property
    def _rules(self) -> ZoneInfo:
        """What the tz database has of it."""
        from zoneinfo import ZoneInfo  # few questions have a zone

        return ZoneInfo(self.name)

    def window(self, since: When | None, until: When | None, now: datetime, *, month: When | None = None) -> Window:
        """The instants of the local days that are named; InvalidQuestion where days split a UTC hour.

        An instant names the local day that it lies in.
        """
        since, until, month = map(self._local, (since, until, month))
        wall = window(since, until, self.wall_of(now), self.name, month=month)
        utc_window = Window(self.midnight(wall.start.date()), self.midnight(wall.end.date()))
        for day in (*wall.days(), wall.end.date()):
            if (start := self.midnight(day)) != Grain.HOUR.floor(start):
                raise InvalidQuestion(
                    f"Days of {self.name} begin within a UTC hour, at {start:%H:%M} UTC; the ledger keeps whole hours.",
                    "Ask in UTC or in a zone of whole hours; `AdminAPI().usage(width='1m')` reads minutes.",
                )
        return utc_window

    def wall_of(self, when: datetime) -> datetime:
        """What clocks of the zone show at an instant, written as if it were UTC."""
        return when.astimezone(self._rules).replace(tzinfo=UTC, fold=0)

    def _local(self, when: When | None) -> When | None:
        return self.wall_of(when) if isinstance(when, datetime) and when.tzinfo else when

    def midnight(self, day: date) -> datetime:
        """The first instant of a local day, in UTC: where clocks skip midnight, that of the change."""
        return datetime(day.year, day.month, day.day, tzinfo=self._rules).astimezone(UTC)

    def wall(self, utc_window: Window) -> Window:
        """The local days of a window, written as if they were UTC days."""
        return Window(midnight(self.wall_of(utc_window.start).date()), midnight(self.wall_of(utc_window.end).date()))

    def days(self, utc_window: Window) -> Iterator[tuple[date, Window]]:
        """Every local day of a window and the instants that it spans: 23, 24 or 25 hours."""
        for day in self.wall(utc_window).days():
            yield day, Window(self.midnight(day), self.midnight(day + DAY))

    def offsets(self, utc_window: Window) -> list[tuple[datetime, timedelta]]:
        """From when on clocks are how far before UTC, in order: one entry, and one more for each change of clocks."""
        zone = self._rules
        changes: list[tuple[datetime, timedelta]] = []
        for hour in utc_window.split(Grain.HOUR):
            ahead = hour.start.astimezone(zone).utcoffset() or timedelta(0)
            if not changes or changes[-1][1] != ahead:
                changes.append((hour.start, ahead))
        return changes

    def states(self, utc_window: Window, known: Mapping[date, State], now: datetime) -> dict[date, State]:
        """The state of each local day all of whose begun UTC days are known: the least trusted of theirs.

        A local day that is not over is running, whatever its UTC days are.
        """
        trust = list(State)
        states: dict[date, State] = {}
        for day, span in self.days(utc_window):
            utc_days = [utc_day for utc_day in span.days() if midnight(utc_day) <= now]
            if utc_days and all(utc_day in known for utc_day in utc_days):
                of_day = [known[utc_day] for utc_day in utc_days] + ([State.RUNNING] if span.end > now else [])
                states[day] = min(of_day, key=trust.index)
        return states

    def present(self, utc_window: Window, known: Mapping[date, State], now: datetime) -> list[Window]:
        """The instants of the local days that are known, in the fewest windows."""
        states = self.states(utc_window, known, now)
        return union(span for day, span in self.days(utc_window) if day in states)
