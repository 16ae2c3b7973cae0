"""The allowance of a dialect: how many requests may be out at once and how many a minute, as the API answers.

It grows while nothing is refused, halves at a 429, and then lets nobody ask before the time that the API names.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tallystick.api.client import Clock

FIRST = 4
"""Requests that are out at once before it is known what the API takes."""
MOST = 16
"""The most that are out at once."""
MINUTE = 61.0
"""Seconds of a minute as the API counts it, with one to spare: requests do not all travel equally fast."""
SPARE = 10
"""One request in so many is left to others of the organization, once the API refused one."""


class Halted(Exception):
    """Nothing is asked any more: who waits for a turn, or for another try, gives up."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave to send one request: when it began on the stopwatch, and the seconds waited for it."""

    began: float
    waited: float


@dataclass(frozen=True, slots=True)
class Limits:
    """How many requests may be out at once and how many may be sent a minute, None for any number."""

    at_once: int
    a_minute: int | None = None


class Allowance:
    """Gives each request its turn. Safe to share between threads.

    `at_once` and `a_minute` (None for no such limit) are what is allowed now. `on_wait` is told the seconds and the
    reason before a wait for the next minute. `most` bounds `at_once`.
    """

    def __init__(
        self, clock: Clock, on_wait: Callable[[float, str], None], a_minute: int | None = None, most: int = MOST
    ) -> None:
        self.at_once = min(FIRST, most)
        self.a_minute = a_minute
        self._refusals = 0
        self._most, self._most_a_minute = most, a_minute
        self._clock = clock
        self._on_wait = on_wait
        self._changed = threading.Condition()
        self._halted = False
        self._out = 0
        self._answers = 0
        """Answers since `at_once` last changed."""
        self._sent: deque[float] = deque()
        self._refused_at = -math.inf
        self._resumes_at = -math.inf
        self._full = False
        """Whether all wait for the next minute."""

    @property
    def limits(self) -> Limits:
        """What is allowed now."""
        return Limits(self.at_once, self.a_minute)

    def begin(self, limits: Limits) -> None:
        """Begin with what was allowed before, as far as it is within bounds."""
        self.at_once = max(1, min(limits.at_once, self._most))
        if self.a_minute is not None and limits.a_minute is not None:
            self.a_minute = max(1, min(limits.a_minute, self.a_minute))

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for the turn of one request; what is done inside is this request. Raises Halted."""
        arrived = self._clock.elapsed()
        while (seconds := self._enter()) > 0:
            self._clock.sleep(seconds)
        began = self._clock.elapsed()
        try:
            yield Turn(began, began - arrived)
        finally:
            with self._changed:
                self._out -= 1
                self._changed.notify()

    def answered(self, pace: int | None = None) -> None:
        """Note an answer within its turn: one more is allowed at once after as many as are allowed now.

        `pace` is how many a minute the API says that it takes, where it does.
        """
        with self._changed:
            self._refusals = 0
            if pace and pace != self._most_a_minute and self.a_minute is not None:
                self.a_minute = self._most_a_minute = pace
            self._answers += 1
            if self._answers >= self.at_once and self._out >= self.at_once < self._most:
                self.at_once, self._answers = self.at_once + 1, 0
                self._changed.notify()

    def refused(self, turn: Turn) -> int:
        """Note a 429, and return how many came in a row.

        Half as many are allowed at once, and fewer a minute than were sent in this one; not less than half, for others
        of the organization, or an earlier sync, may have sent the rest. What was sent before the last refusal came is
        refused for the same reason, and halves nothing again.
        """
        with self._changed:
            if turn.began < self._refused_at:
                return self._refusals
            now = self._refused_at = self._clock.elapsed()
            self._refusals += 1
            self.at_once, self._answers = max(1, self.at_once // 2), 0
            if self.a_minute is not None:
                recent = sum(sent_at > now - MINUTE for sent_at in self._sent)
                fewer = max(recent - 1 - recent // SPARE, self.a_minute // 2)
                self.a_minute = max(1, min(self.a_minute, fewer))
            return self._refusals

    def rest(self, seconds: float) -> None:
        """Let nobody ask for so many seconds."""
        with self._changed:
            self._resumes_at = max(self._resumes_at, self._clock.elapsed() + seconds)

    def halt(self, *, halted: bool = True) -> None:
        """Give nobody a turn, or give turns again."""
        with self._changed:
            self._halted = halted
            self._changed.notify_all()

    def _enter(self) -> float:
        """Count one more request that is out; else return the seconds after which to try again. Raises Halted."""
        with self._changed:
            while self._out >= self.at_once and not self._halted:
                self._changed.wait()
            if self._halted:
                raise Halted
            now = self._clock.elapsed()
            while self._sent and self._sent[0] <= now - MINUTE:
                self._sent.popleft()
            if (seconds := max(self._resumes_at - now, self._until_minute(now))) > 0:
                self._changed.notify()
                return seconds
            self._full = False
            self._out += 1
            self._sent.append(now)
            return 0

    def _until_minute(self, now: float) -> float:
        """The seconds until this minute takes one more; the first to wait says so, and the next may take one more."""
        if self.a_minute is None or self._most_a_minute is None or len(self._sent) < self.a_minute:
            return 0
        seconds = self._sent[-self.a_minute] + MINUTE - now
        if not self._full:
            self._full = True
            self._on_wait(seconds, f"the API takes {self.a_minute} such requests a minute")
            if self._refused_at < now - MINUTE and self.a_minute < self._most_a_minute:
                self.a_minute += 1
        return seconds
