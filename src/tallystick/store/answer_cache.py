"""Answer cache: answers by their question, up to a weight; the longest unasked are forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from threading import RLock
from typing import Generic, TypeVar

PATIENCE = 5.0
"""Seconds for which one thread waits for the answer that another works out."""
T = TypeVar("T")


class AnswerCache(Generic[T]):
    """Answers that together weigh `limit` at most, as `weigh` says of each.

    One that weighs more than `largest` is not kept; without that the newest stays whatever it weighs.
    Threads may share it.
    """

    def __init__(self, limit: int, weigh: Callable[[T], int], largest: int | None = None) -> None:
        self._limit = limit
        self._weigh = weigh
        self._largest = largest
        self._entries: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._works: dict[Hashable, Future[T]] = {}
        self._lock = RLock()
        self.weight = 0

    def __contains__(self, key: Hashable) -> bool:
        """Whether there is an answer."""
        return key in self._entries

    def __getitem__(self, key: Hashable) -> T:
        """Return an answer; KeyError where there is none."""
        with self._lock:
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def get(self, key: Hashable) -> T | None:
        """Return an answer, None where there is none."""
        with self._lock:
            return self[key] if key in self._entries else None

    def __setitem__(self, key: Hashable, answer: T) -> None:
        """Keep an answer in the place of an earlier one."""
        weight = self._weigh(answer)
        with self._lock:
            self.weight -= self._entries.pop(key, (answer, 0))[1]
            if self._largest is not None and weight > self._largest:
                return
            self._entries[key] = answer, weight
            self.weight += weight
            while self.weight > self._limit and len(self._entries) > 1:
                self.weight -= self._entries.popitem(last=False)[1][1]

    def once(self, key: Hashable, work: Callable[[], T]) -> T:
        """Return the answer that is kept, else what the work gives; raise what it raises.

        Of threads that want it at the same time one works and the others wait, for `PATIENCE` seconds at most.
        """
        own: Future[T] = Future()
        with self._lock:
            if key in self._entries:
                return self[key]
            first = self._works.setdefault(key, own)
        if first is not own:
            with suppress(Exception):  # of another's question, as that it was ended: this one is still wanted
                return first.result(PATIENCE)
            return work()
        try:
            answer = self[key] = work()
            own.set_result(answer)
        except BaseException as wrong:
            own.set_exception(wrong)
            raise
        finally:
            with self._lock:
                del self._works[key]
        return answer


def cells(answer: object) -> int:
    """Return about how many values a list, a mapping or a list of mappings holds, at least 1, by the first of them."""
    if isinstance(answer, Mapping):
        return max(1, len(answer)) * cells(next(iter(answer.values()), None))
    if isinstance(answer, Sequence) and not isinstance(answer, str):
        return max(1, len(answer)) * cells(next(iter(answer), None))
    return 1
