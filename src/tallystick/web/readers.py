"""Readers: what answers questions of one ledger: each once for each version, within limits of time and size."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from tallystick.clock import SystemClock
from tallystick.core.question import Table
from tallystick.ledger_reader import LedgerReader
from tallystick.store.batches import Limits, TooLarge
from tallystick.store.engine import Engine
from tallystick.store.probe import check_files
from tallystick.store.tables import Tables
from tallystick.web.lanes import Lane, TimeLimit
from tallystick.web.weight import weight

if TYPE_CHECKING:
    from tallystick.settings import Settings
    from tallystick.store.version import Version
    from tallystick.tally.prices_in_force import Prices

COUNT = 2
"""Readers that work at once; further questions wait for one of them."""
QUICK = 5.0
"""Seconds that a question may hold one of them; one that takes longer goes on with a reader that is for such alone."""
SECONDS = 30.0
"""Seconds that a question may take there, and wait for its turn."""
LIMITS = Limits("2GB", 500_000, 64 << 20)
"""What the queries of a reader may take of the memory, and how many rows and bytes an answer may have."""
CELLS = 2_000_000
"""Cells that an answer may have."""
ANSWERS = 400
"""Answers and parts of pages that are kept for the next time they are asked for."""
SMALL, ALL = 50_000, 1_000_000
"""What an answer that is kept may weigh, and all of them together."""
MINUTES = 10
"""Minutes for which answers are of the same instant: it decides which days have ended, and which bills are late."""
MOVE = 10.0
"""Seconds between two versions that readers are shown."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visit:
    """What one page is made of: one version of the ledger, None where there is none yet, at one instant.

    `reads` tells when the index of pages grew last: a sync that finds nothing new makes no version.
    """

    version: Version | None
    reads: int
    now: datetime

    @property
    def state(self) -> str:
        """What of the ledger an answer depends on."""
        return f"{self.version.number if self.version else 0}-{self.reads}"


class VersionReader(LedgerReader):
    """A reader of one version at one instant, whatever is committed meanwhile."""

    def __init__(self, settings: Settings, prices: Prices, now: datetime, engine: Engine | None) -> None:
        super().__init__(settings.ledger, SystemClock(now), prices, settings)
        self._pinned = engine

    def engine(self) -> Engine:
        """The version; LedgerError where there is no ledger."""
        return self._pinned or super().engine()


class Readers:
    """The readers of the ledger that the settings name. `clock` is the seam for time.

    An answer is kept by version, instant and question; who asks the same meanwhile waits for the same answer.
    """

    def __init__(self, settings: Settings, *, quick: float = QUICK, seconds: float = SECONDS) -> None:
        self.settings = settings
        self._clock = settings.clock()
        self._prices = settings.price_lists()
        self._tables = Tables(settings.ledger)
        self._quick = Lane("reader", COUNT, quick)
        self._long = Lane("long-reader", 1, seconds)
        self._seen: tuple[Version, int] | None = None
        self._moved_at = 0.0
        self._answers: OrderedDict[Hashable, asyncio.Task[Any]] = OrderedDict()
        self._weights: dict[Hashable, int] = {}

    def visit(self) -> Visit:
        """Return the newest version and the instant of its answers; LedgerError where the ledger cannot be read.

        While a sync commits again and again, readers move on at most every `MOVE` seconds.
        """
        now = self._clock.now()
        now -= timedelta(minutes=now.minute % MINUTES, seconds=now.second, microseconds=now.microsecond)
        if not self._tables.exists():
            return Visit(None, 0, now)
        if self._seen is None or not self._seen[0].number or self._clock.elapsed() >= self._moved_at + MOVE:
            seen = self._tables.newest_by_snapshot(), self._tables.index_changed()
            if seen != self._seen:
                self._seen, self._moved_at = seen, self._clock.elapsed()
        version, reads = self._seen
        return Visit(version if version.number else None, reads, now)  # 0: a first sync has committed nothing yet

    async def probe(self, version: Version) -> None:
        """Raise LedgerError where a file of a version is lost, cut short, or may not be read."""
        await asyncio.to_thread(check_files, self._tables, version)

    async def ask(self, visit: Visit, key: Hashable, question: Callable[[VersionReader], T]) -> T:
        """Return what the question gives of a reader of the visit's version; `key` tells it from other questions.

        Raises what the question raises, and TimeLimit where it takes too long.
        """
        return await self.once(visit, key, lambda: self._asked(visit, question))

    async def once(self, visit: Visit, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what the work gives, done once for each version and instant; `key` tells it from other work."""
        known = (visit.state, visit.now, key)
        if (task := self._answers.get(known)) is None:
            task = asyncio.ensure_future(work())
            self._answers[known] = task
            while len(self._answers) > ANSWERS:
                self._forget(next(iter(self._answers)))
        try:
            answer: T = await asyncio.shield(task)
        except Exception:
            self._forget(known)
            raise
        if known in self._answers:  # others may have been kept meanwhile
            self._answers.move_to_end(known)
            if known not in self._weights:
                self._weigh(known, weight(answer))
        return answer

    def _weigh(self, known: Hashable, weight: int) -> None:
        """Note what an answer weighs, and forget it where that is too much; the oldest ones where all are."""
        self._weights[known] = weight
        if weight > SMALL:
            self._forget(known)
        while sum(self._weights.values()) > ALL:
            self._forget(next(iter(self._answers)))

    def _forget(self, known: Hashable) -> None:
        self._answers.pop(known, None)
        self._weights.pop(known, None)

    async def _asked(self, visit: Visit, question: Callable[[VersionReader], T]) -> T:
        def opened() -> Engine | None:
            return Engine(Tables(self.settings.ledger), visit.version, LIMITS) if visit.version else None

        def work(engine: Engine | None) -> T:
            answer = question(VersionReader(self.settings, self._prices, visit.now, engine))
            if isinstance(answer, Table) and answer.size > CELLS:
                raise TooLarge(f"{CELLS:,} cells")
            return answer

        try:
            return await self._quick.ask(visit.state, opened, work)
        except TimeLimit:  # asked anew where it holds up no other
            return await self._long.ask(visit.state, opened, work, self._long.seconds)

    async def close(self) -> None:
        """End every question and every reader."""
        for task in [*self._answers.values()]:  # what is cancelled leaves them
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task
        await self._quick.close()
        await self._long.close()
