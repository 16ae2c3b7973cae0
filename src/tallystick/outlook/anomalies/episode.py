"""Episode: the days on which a series is above what is usual."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

FAR = 5.0
"""Deviations from which on a day is far above what is usual."""
CERTAIN = 99.0
"""Stands for the deviations of what is not judged by scatter: of a new key, of a price that moved."""


class State(StrEnum):
    """How an episode stands: it lasts, it ended, or its level has become the usual one."""

    ACTIVE = "active"
    ENDED = "ended"
    LEVEL = "new level"


@dataclass(slots=True)
class Episode:
    """Days from `start` to `end`, both included, above what is usual; `expected` has the value of each day.

    `seen` is the day on which it could first be told, `deviations` are those of its furthest day, `far_days`
    counts those that are far above, `new`: what it is of had no use before, `goes_on`: it began before a running day,
    which is above what is usual too.
    """

    start: int
    end: int
    seen: int
    state: State = State.ACTIVE
    new: bool = False
    goes_on: bool = False
    deviations: float = 0.0
    far_days: int = 0
    expected: dict[int, float] = field(default_factory=dict)

    def judge(self, deviations: float) -> None:
        """Take how far a day of it is above what is usual."""
        self.deviations = max(self.deviations, deviations)
        self.far_days += deviations >= FAR
