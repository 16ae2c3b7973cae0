"""Baseline of a series: its usual level, what each weekday is of it, and how far its days scatter, all in logs.

A robust level times weekday effects: medians alone, so that some odd days, a holiday week or late data move nothing.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Sequence
from math import sqrt

MEMORY = 56
"""Usual days that weekday effects and scatter are learned from: eight of each weekday."""
LEVEL = 28
"""Usual days that the level is taken from."""
SHARE = 0.6
"""The quantile of them that is the level: above the middle, so that two weeks of holidays do not lower it."""
WEEK = 7
SATURDAY = 5
READY = 14
"""Usual days before a level counts."""
RECENT = 14
"""Days of a new level that the next one is judged by."""
POOLED = 10
"""The scatter of all days counts as so many days of a weekend's own, or a working day's own."""
LOSS = 1.15
"""A week's middle is taken from its own days, so they lie nearer to it than to the true one."""
MIDDLE, TAIL = 1.4826, 1 / 1.645
"""From the median of distances, and from their nine tenths, to a deviation of a normal distribution."""
STEADY = 0.005
"""A level that rises by so much a day, in logs, is expected to go on; more is news."""
SPARSE = 0.6
"""A series with use on fewer of its days is compared with its days of use alone."""
UPPER = 0.9
"""The quantile of its days of use that is then the level."""
SPARSE_SPREAD = 0.3
FEW = 4


UsualDay = tuple[int, float, bool]
"""A day that is learned from: its weekday, the log of its value, whether there was any use."""


class Baseline:
    """What is usual of a series, learned day by day; `floor` is the least scatter.

    `ready` says whether enough days are known to judge by, `begun` whether any is.
    """

    def __init__(self, floor: float, *, weekly: bool) -> None:
        self.ready = self.has_days = False
        self._floor = floor
        self._weekly = weekly
        self._days: deque[UsualDay] = deque(maxlen=MEMORY)
        self._window: deque[float] = deque()
        self._sorted: list[float] = []
        self._effects = [0.0] * WEEK
        self._spreads = (max(floor, 0.25), max(floor, 0.35))
        self._drift = 0.0
        self._fresh = 0
        self._active = 0

    @classmethod
    def of(cls, days: Sequence[UsualDay], floor: float) -> Baseline:
        """Return the baseline of amounts that were usual on all these days, learned from them at once."""
        baseline = cls(floor, weekly=True)
        baseline._days.extend(days)
        baseline._active = sum(active for _, _, active in baseline._days)
        baseline._count()
        if baseline.ready:
            baseline._refit()
        return baseline

    def expected(self, weekday: int) -> tuple[float, float]:
        """What is usual on a weekday and how far days scatter about it, both in logs."""
        if self._active < SPARSE * len(self._days):
            used = sorted(log for _, log, active in self._days if active)
            return used[min(len(used) - 1, int(UPPER * len(used)))], max(self._floor, SPARSE_SPREAD)
        logs = self._sorted
        level = logs[int(SHARE * len(logs))]
        return level + self._drift + self._effects[weekday], self._spreads[weekday >= SATURDAY]

    def add(self, day: UsualDay) -> None:
        """Learn from a usual day."""
        days = self._days
        if len(days) == MEMORY:
            self._active -= days[0][2]
        self._append(day)
        self._fresh += 1
        if self._fresh >= (WEEK if len(days) < MEMORY else 2 * WEEK) and len(days) >= READY:
            self._refit()

    def restart(self, days: Sequence[UsualDay]) -> None:
        """Take these days, weekday and log, as the new usual level; weekday effects and scatter stay."""
        self._days.clear()
        self._window.clear()
        self._sorted.clear()
        self._active = self._fresh = 0
        self._drift = 0.0
        self.ready = self.has_days = False
        for day in days[-RECENT:]:
            self._append(day)

    def _append(self, day: UsualDay) -> None:
        """Take a day into the level; weekday effects and scatter stay."""
        weekday, log, active = day
        self._days.append(day)
        self._active += active
        flat, window, logs = log - self._effects[weekday], self._window, self._sorted
        if len(window) == LEVEL:
            del logs[bisect_left(logs, window.popleft())]
        window.append(flat)
        insort(logs, flat)
        self._count()

    def _count(self) -> None:
        """Tell whether enough days are known."""
        count = len(self._days)
        self.has_days = count > 0
        self.ready = count >= READY and (self._active >= SPARSE * count or self._active >= FEW)

    def _refit(self) -> None:
        """Learn weekday effects and scatter anew, each week against its own middle."""
        self._fresh = 0
        days, effects = self._days, self._effects
        weekdays = [weekday for weekday, _, _ in days]
        flat = [log - effects[weekday] for weekday, log, _ in days]
        weeks = range(len(days) % WEEK, len(days), WEEK)
        if self._weekly and len(weeks) > 1:
            by_weekday: list[list[float]] = [[] for _ in range(WEEK)]
            logs = [log for _, log, _ in days]
            for start in weeks:
                middle = sorted(flat[start : start + WEEK])[WEEK // 2]
                for index in range(start, start + WEEK):
                    by_weekday[weekdays[index]].append(logs[index] - middle)
            self._effects = effects = [_middle(sorted(logs)) if logs else 0.0 for logs in by_weekday]
            flat = [log - effects[weekday] for weekday, log, _ in days]
        self._spreads = self._scatter(weekdays, flat, weeks)
        level = flat[-LEVEL:]
        self._window = deque(level)
        self._sorted = sorted(level)
        if self._weekly and len(flat) == MEMORY:
            rise = (_middle(self._sorted) - _middle(sorted(flat[:LEVEL]))) / LEVEL
            self._drift = min(max(0.0, rise), STEADY) * LEVEL / 2

    def _scatter(self, weekdays: Sequence[int], flat: Sequence[float], weeks: Iterable[int]) -> tuple[float, float]:
        """How far days scatter about the middle of their week, working days and weekends apart."""
        distances: tuple[list[float], list[float]] = ([], [])
        for start in weeks:
            logs = flat[start : start + WEEK]
            middle = sorted(logs)[WEEK // 2]
            for weekday, log in zip(weekdays[start : start + WEEK], logs, strict=True):
                distances[weekday >= SATURDAY].append(abs(log - middle))
        pooled = _spread(sorted(distances[0] + distances[1]))
        working, weekend = (
            max(self._floor, sqrt((len(part) * own**2 + POOLED * pooled**2) / (len(part) + POOLED)))
            for part in distances
            for own in [_spread(sorted(part)) if part else pooled]
        )
        return working, weekend


def _middle(ordered: Sequence[float]) -> float:
    """The median of sorted numbers."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _spread(ordered: Sequence[float]) -> float:
    """A deviation from sorted distances to the middle: the larger one of their middle and their tail."""
    tail = ordered[min(len(ordered) - 1, int(UPPER * len(ordered)))]
    return LOSS * max(MIDDLE * _middle(ordered), TAIL * tail)
