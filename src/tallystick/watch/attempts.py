"""Attempts: what the events tell of sending one thing to one channel, and whether it is to be sent, once more or not.

What is decided is written down before it is sent (`sending`), and its outcome after that (`sent`, `refused`). An
attempt without an outcome, whose watcher is dead or had its time, may have arrived: one such is tried once more, two
never.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tallystick.watch.finding import Event, Step

LEASE = timedelta(minutes=5)
"""How long a watcher may take to send: longer than the limit of every channel."""
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 360))
"""The pauses after a refusal; the last one is repeated."""
LONGEST = timedelta(days=3)
"""How long a channel that refuses is tried."""
MOST_UNCERTAIN = 2
"""Attempts that may have arrived: never more, for then it would be told three times."""


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
class Attempts:
    """The attempts at one thing, by number from 1, and how each ended; None where nothing is known of its end."""

    sendings: dict[int, Event]
    outcomes: dict[int, Event]

    @classmethod
    def of(cls, events: Iterable[Event]) -> Attempts:
        """Return the attempts that the events of one finding, channel and topic tell of."""
        sendings: dict[int, Event] = {}
        outcomes: dict[int, Event] = {}
        for event in events:
            if event.step is Step.SENDING:
                sendings[event.attempt] = event
            elif event.step is Step.SENT or event.step is Step.REFUSED:
                outcomes[event.attempt] = event
        return cls(sendings, outcomes)

    @property
    def sent(self) -> Event | None:
        """The attempt that was delivered, None where none is known to be."""
        delivered = (number for number, event in self.outcomes.items() if event.step is Step.SENT)
        return self.sendings.get(next(delivered, 0))

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
