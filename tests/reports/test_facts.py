"""Facts: what the messages beside an answer need to know of its charges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from support.organization import NOW
from tallystick import Ledger
from tallystick.core.question import Question
from tallystick.core.time import DAY, Window
from tallystick.core.time_words import window
from tallystick.query.facts import facts, foresee
from tallystick.store.engine import Engine

_NAMES = ("method", "cause", "kind", "model", "tier", "billed", "quantity", "unpriced")


def test_parts_of_what_is_foreseen_have_the_same_facts(book: Ledger) -> None:
    """What was read of a wider window at once says of each part what a question of that part alone does."""
    wide = window("60d", None, NOW)
    parts = [wide, Window(wide.start + DAY * 3, wide.start + DAY * 33), Window(wide.start, wide.start + DAY)]
    alone, foreseen = (Engine(book.engine().tables, book.engine().version) for _ in range(2))
    foresee(foreseen, Question("", wide, ()))
    for part in parts:
        question = Question("", part, ())
        assert _texts(facts(foreseen, question)) == _texts(facts(alone, question))
    assert facts(foreseen, Question("", wide, ()))
    assert len(foreseen.statements) < len(alone.statements)


def _texts(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The facts in an order of their own, to be compared."""
    return sorted(str([row[name] for name in _NAMES]) for row in rows)
