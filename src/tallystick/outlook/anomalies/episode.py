"""Episode: the days on which a series is above what is usual."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """How an episode stands: it lasts, it ended, or its level has become the usual one."""

    ACTIVE = "active"
    ENDED = "ended"
    LEVEL = "new level"


@dataclass(slots=True)
class Episode:
    """Days from `start` to `end`, both included, above what is usual; `expected` has the value of each day.

    `seen` is the day on which it could first be told; `new`: what it is of had no use before.
    """

    start: int
    end: int
    seen: int
    state: State = State.ACTIVE
    new: bool = False
    expected: dict[int, float] = field(default_factory=dict)
