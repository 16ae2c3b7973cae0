"""Lanes: readers of the ledger, each in a thread of its own; in a lane no question holds one for longer than it may."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from tallystick.errors import LedgerError

if TYPE_CHECKING:
    from tallystick.store.engine import Engine

STATES = 4
"""States that a reader holds open: the newest, that of pages which are being made, and both as others may see them."""
AGAIN = 0.2
"""Seconds after which a question that was told to end is told so again: it may have been between two queries."""
T = TypeVar("T")
Question = Callable[["Engine | None"], T]


class TimeLimit(LedgerError):
    """A question took longer than it may."""


class Lane:
    """`count` readers; a question may hold one of them for `seconds`, others wait for their turn in order.

    `open_engine` opens the version of a state.
    """

    def __init__(self, name: str, count: int, seconds: float) -> None:
        self.seconds = seconds
        self._turn = asyncio.Semaphore(count)
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=f"tallystick-{name}")
        self._idle: list[OrderedDict[Hashable, Engine]] = [OrderedDict() for _ in range(count)]
        self._readers = tuple(self._idle)

    async def ask(
        self,
        state: Hashable,
        open_engine: Callable[[], Engine | None],
        question: Question[T],
        patience: float | None = None,
    ) -> T:
        """Return what the question gives of the version of a state; raise what it raises.

        TimeLimit where it takes too long, or waits longer than `patience` for its turn.
        """
        try:
            await asyncio.wait_for(self._turn.acquire(), patience)
        except TimeoutError:
            raise TimeLimit("Other long questions are being answered.", "Ask again in a minute.") from None
        engines = self._idle.pop()
        work = asyncio.get_running_loop().run_in_executor(self._pool, _answer, engines, state, open_engine, question)
        work.add_done_callback(lambda _: self._rest(engines))
        work.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # nobody may wait any more
        finished, _ = await asyncio.wait([work], timeout=self.seconds)
        if not finished:
            _end(work, engines)
            raise TimeLimit(
                f"The answer takes longer than {self.seconds:g} seconds.",
                "Ask of fewer days, or ask on the command line, which has no limit.",
            )
        return work.result()

    def _rest(self, engines: OrderedDict[Hashable, Engine]) -> None:
        self._idle.append(engines)
        self._turn.release()

    async def close(self) -> None:
        """End every question, and give back what the readers hold."""
        ended = asyncio.create_task(asyncio.to_thread(self._pool.shutdown, cancel_futures=True))
        while not ended.done():
            for engines in self._readers:
                _interrupt(engines)
            await asyncio.wait([ended], timeout=AGAIN)
        for engines in self._readers:
            for engine in engines.values():
                engine.close()
            engines.clear()


def _answer(
    engines: OrderedDict[Hashable, Engine],
    state: Hashable,
    open_engine: Callable[[], Engine | None],
    question: Question[T],
) -> T:
    if state not in engines and (engine := open_engine()):
        engines[state] = engine
        while len(engines) > STATES:
            engines.popitem(last=False)[1].close()
    return question(engines.get(state))


def _end(work: asyncio.Future[T], engines: OrderedDict[Hashable, Engine]) -> None:
    """Interrupt the queries of a question until it has ended."""
    if not work.done():
        _interrupt(engines)
        asyncio.get_running_loop().call_later(AGAIN, _end, work, engines)


def _interrupt(engines: OrderedDict[Hashable, Engine]) -> None:
    for engine in [*engines.values()]:
        engine.interrupt()
