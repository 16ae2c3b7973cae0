"""Surges of a series: days far above the usual, of which those that come each month are neither news nor usual."""

from __future__ import annotations

from math import log

MONTH = range(26, 35)
"""Days after which what rises each month does so again: on its last working day, its last, its first Monday."""
AS_LARGE = log(1.25)
"""The most by which it may be larger, in logs, and no news."""


class Surges:
    """The days that were far above; `recurring` has what was expected of those that are no news."""

    def __init__(self) -> None:
        self._logs: dict[int, float] = {}
        self.recurring: dict[int, float] = {}

    def add(self, day: int, logarithm: float) -> None:
        """Take a day far above the usual, the log of its value with it."""
        self._logs[day] = logarithm

    def recurs(self, day: int, logarithm: float, expected: float) -> bool:
        """Take a day far above the usual, and return whether it is as one a month ago was."""
        self.add(day, logarithm)
        before = [self._logs[day - back] for back in MONTH if day - back in self._logs]
        if not before or logarithm > max(before) + AS_LARGE:
            return False
        self.recurring[day] = expected
        return True
