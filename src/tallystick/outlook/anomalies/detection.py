"""Detection of episodes in a series: since when it is above what is usual, until when, and by how much.

A day is judged by the days before it alone, so an episode begins where it began, however many days are read later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log

from tallystick.outlook.anomalies.baseline import WEEK, Baseline, UsualDay
from tallystick.outlook.anomalies.episode import CERTAIN, FAR, Episode, State
from tallystick.outlook.anomalies.series import WEEKLY, Series
from tallystick.outlook.anomalies.surges import Surges

TWICE = 3.0
"""Deviations of two days in a row that are."""
SLACK, ALARM, MOST = 1.0, 9.0, 6.0
"""A sum of deviations, each less the slack and none above the most, that is news when it passes the alarm."""
ABOVE = 2.0
"""Deviations from which on a day belongs to an episode that has begun."""
LEAST_RATIO = 1.25
"""An amount that is not so many times the usual one is no news, however even the days were."""
LEAST_RATE = 1.08
"""The same of a rate."""
CALM = 2
"""Usual days in a row that end an episode; one is enough for one of up to three days."""
SHORT = 3
SETTLED = 14
"""Days above the old level after which an even new level is the usual one."""
AT_MOST = 42
"""Days after which it is, even or not."""
AGAIN = 4
"""Days within which what comes again is the same episode."""
ONWARD = 14
"""Days after which a new level that rises further is no longer the same episode."""
WAITING = 28
"""Days that can wait for the alarm; older ones are usual."""
NEW_FOR = 14
"""Days from its first use on for which a subject is new."""
FORGOTTEN = 56
"""Days without use after which it is new again."""
LOW = 2.0
"""Deviations below the usual from which on a day is low; from three below on it is not learned from."""
FALLEN, LOW_OF = 17, 21
"""So many low days of so many are a level that fell; a fortnight of holidays is none."""


@dataclass(slots=True)
class _Day:
    """A day that may be the beginning of an episode: its deviations, the value expected, the dollars above."""

    day: int
    usual: UsualDay
    deviations: float
    expected: float
    above: float


class Detector:
    """Goes along the days of a series; `minimum` is in US dollars, as is `news`: what a new subject may spend a day."""

    def __init__(self, series: Series, minimum: float, news: float | None = None, caution: float = 1.0) -> None:
        self._series = series
        self._minimum = minimum * caution
        self._caution = caution
        self._news = news
        self._weekly = series.measure in WEEKLY
        self._ratio = log(LEAST_RATIO if self._weekly else LEAST_RATE)
        self._baseline = Baseline(series.floor, weekly=self._weekly)
        self._episodes: list[Episode] = []
        self._current: Episode | None = None
        self._pending: list[_Day] = []
        self._alarm_sum = 0.0
        self._days: list[UsualDay] = []
        self._calm_days: list[UsualDay] = []
        self._last_use = self._low_days = 0
        self._recent: deque[tuple[UsualDay, bool]] = deque(maxlen=LOW_OF)
        self._surges = Surges()

    def episodes(self) -> list[Episode]:
        """Every episode, in their order."""
        has_use = False
        for day, value in enumerate(self._series.values):
            if value is None:
                continue
            if not has_use:
                if not value:
                    continue
                has_use, self._last_use = True, day
                if self._news is not None and day >= NEW_FOR:
                    self._start_new(day)
            self._read_day(day, value)
        return self._episodes

    @property
    def ready(self) -> bool:
        """Whether a usual level is known at the end; ask after `episodes`."""
        return self._baseline.ready

    @property
    def recurring(self) -> dict[int, float]:
        """What was expected of the days that rise as a month before, or again within days: neither is news."""
        return self._surges.recurring

    def running(self, day: int, share: float) -> tuple[float, float] | None:
        """What was expected of the part of a running day that has passed, and its deviations, where it is far above.

        Ask after `episodes`. An episode that lasts goes on where the day is above, one that ended lately does in any
        case; without a usual level it may spend the news.
        """
        dollars, current = self._series.dollars[day], self._current
        if current is not None and current.new:
            return None
        if not self._baseline.ready:
            is_news = self._news is not None and not self._baseline.has_days and dollars >= self._news
            return (0.0, CERTAIN) if is_news else None
        logarithm = log(dollars + self._series.offset)
        usual, spread = self._baseline.expected((self._series.weekday + day) % WEEK)
        expected = share * max(0.0, exp(usual) - self._series.offset)
        ratio = logarithm - log(expected + self._series.offset)
        deviations = ratio / spread / self._caution
        part = share < 1  # what is usual of it is known less exactly
        if current is not None:
            current.goes_on = deviations >= ABOVE + part
            return None
        if ratio < self._ratio or deviations < FAR + part or dollars - expected < self._minimum:
            return None
        last = self._episodes[-1] if self._episodes else None
        if last and last.state is State.ENDED and day - last.end <= AGAIN:
            self.recurring[day] = expected
            return None
        return None if self._surges.recurs(day, logarithm, expected) else (expected, deviations)

    def _read_day(self, day: int, value: float) -> None:
        active = value > 0
        entry = (self._series.weekday + day) % WEEK, log(value + self._series.offset), active
        if self._current is not None:
            self._last_use = day if active else self._last_use
            if self._current.new:
                self._continue_new(day, entry)
            else:
                self._continue_episode(self._current, day, entry)
            return
        if not active and not self._weekly:
            return
        if active:
            since, self._last_use = self._last_use, day
            if self._news is not None and day - since > FORGOTTEN:  # it comes back after so long that it is new again
                self._start_new(day)
                self._continue_new(day, entry)
                return
        if self._baseline.ready:
            self._compare(day, entry)
        else:
            self._baseline.add(entry)

    def _compare(self, day: int, entry: UsualDay) -> None:
        """Compare a day with what is usual; begin an episode where it is news."""
        weekday, logarithm, _ = entry
        usual, spread = self._baseline.expected(weekday)
        deviations = (logarithm - usual) / (spread * self._caution)
        expected = max(0.0, exp(usual) - self._series.offset)
        if deviations >= TWICE and self._surges.recurs(day, logarithm, expected):
            return
        self._alarm_sum = max(0.0, self._alarm_sum + min(deviations, MOST) - SLACK)
        recent, is_low = self._recent, deviations < -LOW
        if len(recent) == LOW_OF:
            self._low_days -= recent[0][1]
        recent.append((entry, is_low))
        self._low_days += is_low
        if self._low_days >= FALLEN:
            self._baseline.restart([day for day, is_low in recent if is_low])
            recent.clear()
            self._low_days, self._pending = 0, []
            return
        if deviations < -TWICE:
            self._pending = []
            return
        if not self._alarm_sum:
            if self._pending:
                self._add_usual(self._pending)
                self._pending = []
            self._baseline.add(entry)
            return
        above = self._series.dollars[day] - self._series.usual(day, expected)
        self._pending.append(_Day(day, entry, deviations, expected, above))
        if len(self._pending) > WAITING:
            self._add_usual([self._pending.pop(0)])
        start = self._start_index(logarithm - usual)
        if start is not None:
            self._start_episode(start)

    def _start_index(self, ratio: float) -> int | None:
        """The index among the pending days at which an episode begins, if one does."""
        *before, today = self._pending
        is_twice = today.deviations >= TWICE and bool(before) and before[-1].deviations >= TWICE
        if ratio >= self._ratio and (today.deviations >= FAR or is_twice):
            index = len(before)
            while index and self._pending[index - 1].deviations >= ABOVE:
                index -= 1
            if sum(day.above for day in self._pending[index:]) >= self._minimum:
                return index
        if self._alarm_sum < ALARM:
            return None
        above = sum(day.above for day in self._pending)
        if above >= self._minimum:
            usual = sum(self._series.dollars[day.day] - day.above for day in self._pending)
            if above >= usual * (exp(self._ratio) - 1):
                return 0
        return None

    def _start_episode(self, index: int) -> None:
        self._add_usual(self._pending[:index])
        days = self._pending[index:]
        self._pending, self._alarm_sum, self._calm_days = [], 0.0, []
        last = self._episodes[-1] if self._episodes else None
        within = {State.ENDED: AGAIN, State.LEVEL: ONWARD}
        if last is not None and not last.new and days[0].day - last.end <= within.get(last.state, 0):
            episode = last
            self._days = self._days if last.state is State.ENDED else []
            episode.state = State.ACTIVE
        else:
            episode = Episode(days[0].day, days[-1].day, days[-1].day)
            self._episodes.append(episode)
            self._days = []
        episode.end = days[-1].day
        episode.expected |= {day.day: day.expected for day in days}
        for day in days:
            episode.judge(day.deviations)
        self._days += [day.usual for day in days]
        self._current = episode

    def _continue_episode(self, episode: Episode, day: int, entry: UsualDay) -> None:
        """Take a day while an episode lasts: it goes on, it ends, or its level has become usual."""
        weekday, logarithm, _ = entry
        usual, spread = self._baseline.expected(weekday)
        if (logarithm - usual) / spread >= TWICE:
            self._surges.add(day, logarithm)
        if (logarithm - usual) / spread < ABOVE:
            self._calm_days.append(entry)
            if len(self._calm_days) >= CALM or episode.end - episode.start < SHORT:
                episode.state, self._current = State.ENDED, None
                self._days += self._calm_days
                for calm in self._calm_days:
                    self._baseline.add(calm)
            return
        self._days += self._calm_days
        self._calm_days = []
        for between in range(episode.end + 1, day + 1):
            if self._series.values[between] is not None:
                of_day, _ = self._baseline.expected((self._series.weekday + between) % WEEK)
                episode.expected[between] = max(0.0, exp(of_day) - self._series.offset)
        episode.end = day
        episode.judge((logarithm - usual) / (spread * self._caution))
        self._days.append(entry)
        if len(self._days) >= AT_MOST or (len(self._days) >= SETTLED and self._is_even(spread)):
            episode.state, self._current = State.LEVEL, None
            self._baseline.restart(self._days)

    def _is_even(self, spread: float) -> bool:
        """Whether the last week of an episode is as the week before it, by the usual scatter."""
        before, after = self._days[-2 * WEEK : -WEEK], self._days[-WEEK:]
        means = [sum(logarithm for _, logarithm, _ in days) / len(days) for days in (before, after)]
        return abs(means[1] - means[0]) < spread

    def _start_new(self, day: int) -> None:
        self._current = Episode(day, day, day, new=True, deviations=CERTAIN)
        self._days, self._calm_days = [], []

    def _continue_new(self, day: int, entry: UsualDay) -> None:
        """Take a day of a subject that is new; it is news from the day on which it spends much."""
        episode = self._current
        if episode is None:
            return
        self._days.append(entry)
        episode.expected[day] = 0.0
        _, _, active = entry
        if active:
            episode.end = day
        spent = self._series.dollars[day]
        if episode not in self._episodes and self._news is not None and spent >= self._news:
            episode.seen = day
            self._episodes.append(episode)
        if day - episode.start + 1 >= NEW_FOR:
            episode.state, self._current = State.LEVEL, None
            self._baseline.restart(self._days)

    def _add_usual(self, days: Iterable[_Day]) -> None:
        """Take days as usual ones."""
        for day in days:
            self._baseline.add(day.usual)
