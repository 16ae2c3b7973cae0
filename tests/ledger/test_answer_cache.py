"""Answers that are kept: how much of them, and which are forgotten."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from hypothesis import given, strategies as st

from tallystick.store.answer_cache import AnswerCache, cells
from tallystick.store.engine import BYTES, STATEMENTS, VALUES, Engine
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


def test_cells_are_counted_by_the_first() -> None:
    """A list of rows counts as rows times columns, a text and nothing as one."""
    assert cells([{"a": 1, "b": 2}] * 5) == 10
    assert cells({"day": [{"a": 1}] * 3}) == 3
    assert cells([]) == cells("a long text") == cells(None) == 1


def test_an_engine_that_is_asked_much_stays_small(full: Path) -> None:
    """However many questions are put to one version, its answers and its statements have an end."""
    engine = Engine(Tables(full), Tables(full).newest())
    for number in range(40):
        engine.ask(NUMBERS.format(number, 500_000))
        engine.rows(NUMBERS.format(number, 20_000))
    for number in range(STATEMENTS):
        engine.rows(f"SELECT {number}")
    assert engine._answers.weight <= BYTES
    assert engine._rows.weight <= VALUES
    assert len(engine.statements) == STATEMENTS
    engine.close()
