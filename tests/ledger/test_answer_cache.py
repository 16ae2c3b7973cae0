"""Answers that are kept: how much of them, and which are forgotten."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given, strategies as st

from tallystick.store import answer_cache
from tallystick.store.answer_cache import AnswerCache, cells
from tallystick.store.engine import STATEMENTS, Engine
from tallystick.store.engine_cache import BYTES, VALUES, EngineCache
from tallystick.store.tables import Tables

NUMBERS = "SELECT i + {} AS a, i AS b FROM range({}) t(i)"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40), st.booleans()), max_size=40))
def test_what_is_kept_weighs_no_more_than_it_may(steps: list[tuple[int, int, bool]]) -> None:
    """After any questions the answers weigh the limit at most, or are one; the longest unasked went first."""
    cache: AnswerCache[int] = AnswerCache(60, lambda answer: answer)
    model: OrderedDict[int, int] = OrderedDict()
    for key, weight, put in steps:
        if put:
            cache[key] = weight
            model.pop(key, None)
            model[key] = weight
            while sum(model.values()) > 60 and len(model) > 1:
                model.popitem(last=False)
        else:
            assert cache.get(key) == model.get(key)
            if key in model:
                model.move_to_end(key)
        assert cache.weight == sum(model.values())
        assert {key for key in range(6) if key in cache} == {*model}


def test_threads_that_want_one_answer_work_once() -> None:
    """Who asks for what another works out waits for it."""
    cache: AnswerCache[int] = AnswerCache(60, lambda answer: answer)
    begun, ended, works = Event(), Event(), list[int]()

    def work() -> int:
        works.append(7)
        begun.set()
        assert ended.wait(10)
        return 7

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(cache.once, "key", work)
        assert begun.wait(10)
        others = [pool.submit(cache.once, "key", work) for _ in range(3)]
        ended.set()
        assert [future.result(10) for future in (first, *others)] == [7] * 4
    assert works == [7]


def test_an_answer_that_fails_is_worked_out_by_who_waited() -> None:
    """A question that was ended, or takes too long, leaves the others theirs."""
    cache: AnswerCache[int] = AnswerCache(60, lambda answer: answer)
    begun, ended = Event(), Event()

    def fail() -> int:
        begun.set()
        assert ended.wait(10)
        raise InterruptedError

    with ThreadPoolExecutor(2) as pool:
        failed = pool.submit(cache.once, "key", fail)
        assert begun.wait(10)
        other = pool.submit(cache.once, "key", lambda: 3)
        ended.set()
        assert other.result(10) == 3
        with pytest.raises(InterruptedError):
            failed.result(10)
    assert cache.once("key", lambda: 4) in {3, 4}


def test_an_answer_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has waited long enough works it out."""
    monkeypatch.setattr(answer_cache, "PATIENCE", 0.01)
    cache: AnswerCache[int] = AnswerCache(60, lambda answer: answer)
    begun, ended = Event(), Event()

    def work() -> int:
        begun.set()
        assert ended.wait(10)
        return 1

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(cache.once, "key", work)
        assert begun.wait(10)
        assert cache.once("key", lambda: 2) == 2
        ended.set()
        assert slow.result(10) == 1
    assert cache["key"] == 1


def test_cells_are_counted_by_the_first() -> None:
    """A list of rows counts as rows times columns, a text and nothing as one."""
    assert cells([{"a": 1, "b": 2}] * 5) == 10
    assert cells({"day": [{"a": 1}] * 3}) == 3
    assert cells([]) == cells("a long text") == cells(None) == 1


def test_an_engine_that_is_asked_much_stays_small(full: Path) -> None:
    """However many questions are put to one version, its answers and its statements have an end."""
    cache = EngineCache()
    engine = Engine(Tables(full), Tables(full).newest(), cache=cache)
    for number in range(40):
        engine.ask(NUMBERS.format(number, 500_000))
        engine.rows(NUMBERS.format(number, 20_000))
    for number in range(STATEMENTS):
        engine.rows(f"SELECT {number}")
    assert cache.tables.weight <= BYTES
    assert cache.rows.weight <= VALUES
    assert len(engine.statements) == STATEMENTS
    engine.close()
