"""Answer cache: answers by their question, up to a weight; the longest unasked are forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class AnswerCache(Generic[T]):
    """Answers that together weigh `limit` at most, as `weigh` says of each.

    One that weighs more than `largest` is not kept; without that the newest stays whatever it weighs.
    """

    def __init__(self, limit: int, weigh: Callable[[T], int], largest: int | None = None) -> None:
        self._limit = limit
        self._weigh = weigh
        self._largest = largest
        self._entries: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self.weight = 0

    def __contains__(self, key: Hashable) -> bool:
        """Whether there is an answer."""
        return key in self._entries

    def __getitem__(self, key: Hashable) -> T:
        """Return an answer; KeyError where there is none."""
        self._entries.move_to_end(key)
        return self._entries[key][0]

    def get(self, key: Hashable) -> T | None:
        """Return an answer, None where there is none."""
        return self[key] if key in self._entries else None

    def __setitem__(self, key: Hashable, answer: T) -> None:
        """Keep an answer in the place of an earlier one."""
        self.weight -= self._entries.pop(key, (answer, 0))[1]
        weight = self._weigh(answer)
        if self._largest is not None and weight > self._largest:
            return
        self._entries[key] = answer, weight
        self.weight += weight
        while self.weight > self._limit and len(self._entries) > 1:
            self.weight -= self._entries.popitem(last=False)[1][1]


def cells(answer: object) -> int:
    """Return about how many values a list, a mapping or a list of mappings holds, at least 1, by the first of them."""
    if isinstance(answer, Mapping):
        return max(1, len(answer)) * cells(next(iter(answer.values()), None))
    if isinstance(answer, Sequence) and not isinstance(answer, str):
        return max(1, len(answer)) * cells(next(iter(answer), None))
    return 1
