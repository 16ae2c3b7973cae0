"""Engine cache: what was answered of one version and worked out of that; engines of this version may share one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from tallystick.store.answer_cache import AnswerCache, cells

if TYPE_CHECKING:
    import pyarrow as pa

    from tallystick.store.engine import Engine

SMALL, BYTES = 4 << 20, 64 << 20
"""Bytes of an answer in Arrow that is kept for the next time it is asked for, and of all such answers."""
FEW, VALUES = 200_000, 500_000
"""Values of another answer that is, and of all such answers and what was worked out of them."""

P = ParamSpec("P")
Answer = TypeVar("Answer")
Rows = tuple[list[str], list[tuple[Any, ...]]]


class EngineCache:
    """The answers of a version by their SQL, as Arrow and as rows, and what was worked out of them."""

    def __init__(self) -> None:
        self.tables: AnswerCache[pa.Table] = AnswerCache(BYTES, lambda table: table.nbytes, SMALL)
        self.rows: AnswerCache[Rows] = AnswerCache(VALUES, lambda answer: cells(answer[1]), FEW)
        self.results: AnswerCache[Any] = AnswerCache(VALUES, cells)


def per_version(ask: Callable[Concatenate[Engine, P], Answer]) -> Callable[Concatenate[Engine, P], Answer]:
    """Work an answer out once for each version and all arguments, which are hashable; nobody changes the answer."""

    @wraps(ask)
    def answer(engine: Engine, /, *arguments: P.args, **options: P.kwargs) -> Answer:
        key = (ask, arguments, *sorted(options.items()))
        result: Answer = engine.results.once(key, lambda: ask(engine, *arguments, **options))
        return result

    return answer
