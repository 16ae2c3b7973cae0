"""Answers: each worked out once; who asks for the same meanwhile waits for it, and the last ones are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from contextlib import suppress
from typing import Any, TypeVar

from tallystick.store.answer_cache import AnswerCache
from tallystick.web.weight import weight

SMALL, ALL = 50_000, 1_000_000
"""What an answer that is kept may weigh, and all of them together."""
LEAST = 2_500
"""What an answer counts as at least, with its question: so 400 are kept at most."""
T = TypeVar("T")


class Answers:
    """What was asked, by keys that tell one work from another."""

    def __init__(self) -> None:
        self._kept: AnswerCache[Any] = AnswerCache(ALL, lambda answer: max(LEAST, weight(answer)), SMALL)
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}

    def __contains__(self, key: Hashable) -> bool:
        """Whether an answer is kept."""
        return key in self._kept

    async def once(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what the work gives, or gave before; raise what it raises, which is not kept."""
        if key in self._kept:
            result: T = self._kept[key]
            return result
        if (task := self._tasks.get(key)) is None:
            task = self._tasks[key] = asyncio.ensure_future(self._worked(key, work))
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # nobody may wait any more
        answer: T = await asyncio.shield(task)
        return answer

    async def _worked(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            answer = await work()
        finally:
            del self._tasks[key]
        self._kept[key] = answer
        return answer

    async def close(self) -> None:
        """End what is worked out."""
        for task in [*self._tasks.values()]:  # what is cancelled leaves them
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task
