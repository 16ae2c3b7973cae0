"""Baseline of a series: its usual level, what each weekday is of it, and how far its days scatter, all in logs.

A robust level times weekday effects: medians alone, so that some odd days, a holiday week or late data move nothing.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import sqrt
from statistics import median

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


class Baseline:
    """What is usual of a series, learned day by day; `floor` is the least scatter."""

    def __init__(self, floor: float, *, weekly: bool) -> None:
        self._floor = floor
        self._weekly = weekly
        self._days: deque[tuple[int, float, bool]] = deque(maxlen=MEMORY)
        self._window: deque[float] = deque()
        self._sorted: list[float] = []
        self._effects = [0.0] * WEEK
        self._spreads = (max(floor, 0.25), max(floor, 0.35))
        self._drift = 0.0
        self._fresh = 0
        self._active = 0

    @property
    def ready(self) -> bool:
        """Whether enough days are known to judge by."""
        count = len(self._days)
        return count >= READY and (self._active >= SPARSE * count or self._active >= FEW)

    @property
    def begun(self) -> bool:
        """Whether any day is known."""
        return bool(self._days)

    def expected(self, weekday: int) -> tuple[float, float]:
        """What is usual on a weekday and how far days scatter about it, both in logs."""
        if self._active < SPARSE * len(self._days):
            used = sorted(log for _, log, active in self._days if active)
            return used[min(len(used) - 1, int(UPPER * len(used)))], max(self._floor, SPARSE_SPREAD)
        level = self._sorted[min(len(self._sorted) - 1, int(SHARE * len(self._sorted)))]
        return level + self._drift + self._effects[weekday], self._spreads[weekday >= SATURDAY]

    def add(self, weekday: int, log: float, *, active: bool) -> None:
        """Learn from a usual day."""
        if len(self._days) == MEMORY:
            self._active -= self._days[0][2]
        self._days.append((weekday, log, active))
        self._active += active
        self._push(log - self._effects[weekday])
        self._fresh += 1
        if self._fresh >= (WEEK if len(self._days) < MEMORY else 2 * WEEK) and len(self._days) >= READY:
            self._learn()

    def restart(self, days: list[tuple[int, float, bool]]) -> None:
        """Take these days, weekday and log, as the new usual level; weekday effects and scatter stay."""
        self._days.clear()
        self._window.clear()
        self._sorted.clear()
        self._active = self._fresh = 0
        self._drift = 0.0
        for weekday, log, active in days[-RECENT:]:
            self._days.append((weekday, log, active))
            self._active += active
            self._push(log - self._effects[weekday])

    def _push(self, log: float) -> None:
        if len(self._window) == LEVEL:
            del self._sorted[bisect_left(self._sorted, self._window.popleft())]
        self._window.append(log)
        insort(self._sorted, log)

    def _learn(self) -> None:
        """Learn weekday effects and scatter anew, each week against its own middle."""
        self._fresh = 0
        days = list(self._days)
        weeks = [days[end - WEEK : end] for end in range(len(days), WEEK - 1, -WEEK)]
        effects = self._effects
        middles = [sorted([log - effects[weekday] for weekday, log, _ in week])[WEEK // 2] for week in weeks]
        if self._weekly and len(weeks) > 1:
            by_weekday: list[list[float]] = [[] for _ in range(WEEK)]
            for week, middle in zip(weeks, middles, strict=True):
                for weekday, log, _ in week:
                    by_weekday[weekday].append(log - middle)
            self._effects = effects = [median(logs) if logs else 0.0 for logs in by_weekday]
        distances: tuple[list[float], list[float]] = ([], [])
        for week in weeks:
            logs = [log - effects[weekday] for weekday, log, _ in week]
            middle = sorted(logs)[WEEK // 2]
            for (weekday, _, _), log in zip(week, logs, strict=True):
                distances[weekday >= SATURDAY].append(abs(log - middle))
        pooled = _spread([*distances[0], *distances[1]])
        own = [(_spread(part), len(part)) if part else (pooled, 0) for part in distances]
        working, weekend = (
            max(self._floor, sqrt((count * spread**2 + POOLED * pooled**2) / (count + POOLED))) for spread, count in own
        )
        self._spreads = (working, weekend)
        logs = [log - self._effects[weekday] for weekday, log, _ in days[-LEVEL:]]
        self._window = deque(logs)
        self._sorted = sorted(logs)
        if self._weekly and len(days) == MEMORY:
            flat = [log - self._effects[weekday] for weekday, log, _ in days]
            rise = (median(flat[LEVEL:]) - median(flat[:LEVEL])) / LEVEL
            self._drift = min(max(0.0, rise), STEADY) * LEVEL / 2


def _spread(distances: list[float]) -> float:
    """A deviation from distances to the middle: the larger one of their middle and their tail."""
    ordered = sorted(distances)
    tail = ordered[min(len(ordered) - 1, int(UPPER * len(ordered)))]
    return LOSS * max(MIDDLE * median(ordered), TAIL * tail)
