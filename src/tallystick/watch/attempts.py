"""Attempts: what the events tell of sending one thing to one channel, and whether it is to be sent, once more or not.

What is decided is written down before it is sent (`sending`), and its outcome after that (`sent`, `refused`). An
attempt without an outcome, whose watcher is dead or had its time, may have arrived: one such is tried once more, two
never.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from tallystick.watch.finding import Step

LEASE = timedelta(minutes=5)
"""How long a watcher may take to send: longer than the limit of every channel."""
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 360))
"""The pauses after a refusal; the last one is repeated."""
LONGEST = timedelta(days=3)
"""How long a channel that refuses is tried."""
MOST_UNCERTAIN = 2
"""Attempts that may have arrived: never more, for then it would be told three times."""


class Told(Protocol):
    """An event of sending: of a finding's life, or of a delivery's."""

    @property
    def step(self) -> str:
        """Whether it is about to be sent, was sent, or refused."""

    @property
    def attempt(self) -> int:
        """Which attempt, from 1."""

    @property
    def happened_at(self) -> datetime:
        """When."""

    @property
    def who(self) -> str:
        """Which watcher."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What else is known."""


SomeEvent = TypeVar("SomeEvent", bound=Told)


class Standing(StrEnum):
    """Where the sending of something stands."""

    NEW = "not sent yet"
    DUE = "to be sent again"
    UNDER_WAY = "being sent"
    WAITING = "refused, to be sent again later"
    SENT = "sent"
    UNCERTAIN = "sent twice without an answer"
    REFUSED = "refused for 3 days"


@dataclass(frozen=True, slots=True)
class Attempts(Generic[SomeEvent]):
    """The attempts at one thing, by number from 1, and how each ended; None where nothing is known of its end."""

    sendings: dict[int, SomeEvent]
    outcomes: dict[int, SomeEvent]

    @classmethod
    def of(cls, events: Iterable[SomeEvent]) -> Attempts[SomeEvent]:
        """Return the attempts that the events of one finding, channel and topic tell of."""
        sendings: dict[int, SomeEvent] = {}
        outcomes: dict[int, SomeEvent] = {}
        for event in events:
            if event.step == Step.SENDING:
                sendings[event.attempt] = event
            elif event.step in {Step.SENT, Step.REFUSED}:
                outcomes[event.attempt] = event
        return cls(sendings, outcomes)

    @property
    def sent(self) -> SomeEvent | None:
        """The attempt that was delivered, None where none is known to be."""
        delivered = (number for number, event in self.outcomes.items() if event.step == Step.SENT)
        return self.sendings.get(next(delivered, 0))

    @property
    def refusal(self) -> SomeEvent | None:
        """The last refusal, None where there is none."""
        numbers = [number for number, event in self.outcomes.items() if event.step == Step.REFUSED]
        return self.outcomes[max(numbers)] if numbers else None

    @property
    def message(self) -> str:
        """The key of the message that it was a part of."""
        return str(next((event.facts["message"] for event in self.sendings.values()), ""))

    @property
    def next(self) -> int:
        """The number of the next attempt."""
        return max(self.sendings, default=0) + 1

    def standing(self, now: datetime, is_dead: Callable[[str], bool]) -> Standing:
        """Return where it stands; `is_dead` tells whether a watcher is known to be so."""
        if self.sent:
            return Standing.SENT
        if not self.sendings:
            return Standing.NEW
        open_ended = [event for number, event in self.sendings.items() if number not in self.outcomes]
        if any(now - event.happened_at < LEASE and not is_dead(event.who) for event in open_ended):
            return Standing.UNDER_WAY
        if len(open_ended) >= MOST_UNCERTAIN:
            return Standing.UNCERTAIN
        return self._after_refusals(now)

    def _after_refusals(self, now: datetime) -> Standing:
        refusals = sorted(event.happened_at for event in self.outcomes.values())
        if not refusals:
            return Standing.DUE
        if now - self.sendings[min(self.sendings)].happened_at > LONGEST:
            return Standing.REFUSED
        pause = BACK_OFF[min(len(refusals), len(BACK_OFF)) - 1]
        return Standing.DUE if now - refusals[-1] >= pause else Standing.WAITING
