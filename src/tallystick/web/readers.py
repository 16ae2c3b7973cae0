"""Readers: what answers questions of one ledger: each once for each version, within limits of time and size."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from tallystick.clock import SystemClock
from tallystick.core.filter import Filter, pattern
from tallystick.core.question import Table
from tallystick.errors import TallystickError
from tallystick.ledger_reader import LedgerReader, open_engine
from tallystick.query.context import Context
from tallystick.query.names import directory
from tallystick.store.batches import Limits, TooLarge
from tallystick.store.engine import Engine
from tallystick.store.probe import check_files
from tallystick.store.tables import Tables
from tallystick.web.answers import Answers
from tallystick.web.lanes import Lane, TimeLimit
from tallystick.web.visits import LOOK, Visit, Visits

if TYPE_CHECKING:
    from datetime import datetime

    from tallystick.api.client import Client
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
WORKS = 400
"""Questions and parts of pages that are asked anew of a newer state before it is shown."""
T = TypeVar("T")
Work = Callable[[Visit], Coroutine[Any, Any, Any]]


class VersionReader(LedgerReader):
    """A reader of one version at one instant, whatever is committed meanwhile.

    Of an engine of some organizations it has the budgets that are of nothing else.
    """

    def __init__(self, settings: Settings, prices: Prices, now: datetime, engine: Engine | None) -> None:
        super().__init__(settings.ledger, SystemClock(now), prices, settings)
        self._pinned = engine

    def context(self, client: Client | None = None) -> Context:
        """Return what a question needs, with the settings' own that its organizations may see."""
        context = super().context(client)
        if self._pinned is None or self._pinned.organizations is None:
            return context
        names = {*self._pinned.organizations, *directory(self._pinned, "organization").values()}
        own = {"organization": Filter(tuple(name for name in sorted(names) if not pattern(name)))}
        return replace(
            context,
            read_budgets=lambda: self._settings.budgets().within(own),
            read_organizations=lambda: [name for name in context.read_organizations() if name in names],
        )

    def engine(self) -> Engine:
        """The version; LedgerError where there is no ledger."""
        return self._pinned or super().engine()

    def asked(self) -> Engine:
        """The same, by whichever engine it was opened."""
        return self._pinned or super().asked()


class Readers:
    """The readers of the ledger that the settings name.

    An answer is kept by version, instant and question; who asks the same meanwhile waits for the same answer.
    """

    def __init__(self, settings: Settings, *, quick: float = QUICK, seconds: float = SECONDS) -> None:
        self.settings = settings
        self._prices = settings.price_lists()
        self._tables = Tables(settings.ledger)
        self._visits = Visits(self._tables, settings.clock())
        self._quick = Lane("reader", COUNT, quick)
        self._long = Lane("long-reader", 1, seconds)
        self._answers = Answers()
        self._works: OrderedDict[Hashable, Work] = OrderedDict()
        """What readers asked of the state that they are shown, the latest last."""

    def visit(self) -> Visit:
        """Return the state that pages are made of; LedgerError where the ledger cannot be read."""
        return self._visits.visit()

    async def follow(self, first: Callable[[Visit], Coroutine[Any, Any, None]]) -> None:
        """Show newer states as they come, each once it has answers to what readers asked of the last.

        `first` is asked of it before all else. So nobody waits because the ledger has moved.
        """
        while True:
            await asyncio.sleep(LOOK)  # whoever asks at once is answered first
            with suppress(TallystickError):
                if newer := self._visits.newer():
                    await self._move(newer, first)

    async def _move(self, newer: Visit, first: Callable[[Visit], Coroutine[Any, Any, None]]) -> None:
        works, current = [*self._works.items()][::-1], self.visit()
        with suppress(Exception):  # whoever asks is told
            await first(newer)
        for key, work in works:
            if self.visit() == current and _known(current, key) in self._answers:
                with suppress(Exception):  # whoever asks is told
                    await self._answers.once(_known(newer, key), partial(work, newer))
        self._works.clear()
        if self.visit() == current:  # else a newer one was late, and is shown already
            self._visits.show(newer)

    async def probe(self, version: Version) -> None:
        """Raise LedgerError where a file of a version is lost, cut short, or may not be read."""
        await asyncio.to_thread(check_files, self._tables, version)

    async def ask(
        self,
        visit: Visit,
        key: Hashable,
        question: Callable[[VersionReader], T],
        organizations: frozenset[str] | None = None,
    ) -> T:
        """Return what the question gives of a reader of the visit's version; `key` tells it from other questions.

        With `organizations`, ids, the reader sees theirs alone. Raises what the question raises, and TimeLimit where it
        takes too long.
        """
        key = (key, organizations)
        return await self.once(visit, key, lambda visit: self._asked(visit, question, organizations))

    async def once(self, visit: Visit, key: Hashable, work: Callable[[Visit], Coroutine[Any, Any, T]]) -> T:
        """Return what the work gives of a state, done once; `key` tells it from other work."""
        self._works[key] = work
        self._works.move_to_end(key)
        if len(self._works) > WORKS:
            self._works.popitem(last=False)
        return await self._answers.once(_known(visit, key), partial(work, visit))

    async def _asked(
        self, visit: Visit, question: Callable[[VersionReader], T], organizations: frozenset[str] | None
    ) -> T:
        def opened() -> Engine | None:
            if visit.version is None:
                return None
            address = self.settings.engine
            return open_engine(Tables(self.settings.ledger), visit.version, address, LIMITS, organizations)

        state = (visit.state, organizations)

        def work(engine: Engine | None) -> T:
            answer = question(VersionReader(self.settings, self._prices, visit.now, engine))
            if isinstance(answer, Table) and answer.size > CELLS:
                raise TooLarge(f"{CELLS:,} cells")
            return answer

        try:
            return await self._quick.ask(state, opened, work)
        except TimeLimit:  # asked anew where it holds up no other
            return await self._long.ask(state, opened, work, self._long.seconds)

    async def close(self) -> None:
        """End every question and every reader."""
        await self._answers.close()
        await self._quick.close()
        await self._long.close()


def _known(visit: Visit, key: Hashable) -> Hashable:
    """What tells the answer of a state from all others."""
    return visit.state, visit.now, key
