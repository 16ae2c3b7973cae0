"""Unpriced: what has no list price is said of what a question asks about, and of nothing else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from support.spending import RATE, ledger
from support.written_ledger import charge
from tallystick import Ledger
from tallystick.core.causes import NOT_BILLED, NOT_BILLED_YET, REQUESTS_ONLY
from tallystick.core.text import large
from tallystick.web.grid import grid
from tallystick.web.page import ask

DAY = date(2026, 8, 18)
UNKNOWN = "claude-new"
RULES = """
[[owner]]
team = "a"
key = "a"
cost_center = "1"
[[owner]]
team = "b"
key = "b"
[[owner]]
shared = {rule = "even", teams = ["a", "b"]}
key = "both"
"""


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    """A ledger in which two teams use a model without a price, each with a key of its own and both with another."""
    priced = {"billed": 100 * RATE, "list": 100 * RATE, "priced": 100 * RATE, "quantity": 100}
    keys = {"a": 1_000, "b": 2_000, "both": 500}
    unpriced = [charge(DAY, key=key, model=UNKNOWN, quantity=count, billed=RATE) for key, count in keys.items()]
    unbilled = {"key": "a", "billed": None, "method": "none"}
    requests = charge(DAY, model=UNKNOWN, kind="requests", unit="requests", cause=REQUESTS_ONLY, **unbilled)
    free = charge(DAY, model="claude-free", quantity=30_000, cause=NOT_BILLED, **unbilled)
    return ledger(tmp_path, [*unpriced, requests, free, *(charge(DAY, key=key, **priced) for key in keys)], text=RULES)


@pytest.mark.parametrize("report", ["spend", "charges"])
@pytest.mark.parametrize(
    ("where", "count"),
    [
        ({}, 3_500),
        ({"team": "a"}, 1_250),
        ({"team": "b"}, 2_250),
        ({"team": "unowned"}, None),
        ({"team": "a", "key": "both"}, 250),
        ({"cost_center": "1"}, 1_250),
        ({"key": "b"}, 2_000),
        ({"model": "claude-opus-5-5"}, None),
    ],
)
def test_unpriced_tokens_are_those_of_the_question(
    book: Ledger, report: str, where: dict[str, str], count: int | None
) -> None:
    """Tokens without a price are counted of the team, key or model that is asked about; of shared ones its part."""
    answer = book.ask(report, since=str(DAY), until=str(DAY), where=where)
    assert answer.coverage["unpriced"] == ({f"{UNKNOWN} in tier none": count} if count else {})
    told = [text for text in (*answer.warnings, *answer.notes) if f"{UNKNOWN} have no list price" in text]
    said = (
        f"{large(count or 0)} none tokens of {UNKNOWN} have no list price: what was billed for them cannot be checked."
    )
    assert told == ([said] if count else [])


@pytest.mark.parametrize(
    ("billed", "cause", "words"),
    [
        (RATE, "none", "have no list price: what was billed for them cannot be checked."),
        (None, NOT_BILLED_YET, "have no list price: what they cost is unknown."),
        (None, NOT_BILLED, "have no list price and were not billed."),
    ],
)
def test_a_cost_is_unknown_where_no_bill_has_the_use(
    tmp_path: Path, billed: Decimal | None, cause: str, words: str
) -> None:
    """Of use without a price it is said what its bill tells: an amount, nothing so far, or that it was free."""
    method = "none" if billed is None else "reported"
    use = charge(DAY, model=UNKNOWN, quantity=700, billed=billed, cause=cause, method=method)
    answer = ledger(tmp_path, [use]).ask("spend", since=str(DAY), until=str(DAY))
    assert f"700 none tokens of {UNKNOWN} {words}" in (*answer.warnings, *answer.notes)
    assert answer.coverage["unpriced"] == ({} if cause == NOT_BILLED else {f"{UNKNOWN} in tier none": 700})


def test_a_row_of_a_model_says_that_it_is_unpriced(book: Ledger) -> None:
    """Of the rows of models the one without a price says so, and no other."""
    table = book.spend("model", str(DAY), str(DAY))
    standings = grid(table, ask("spend", by="model")).standings
    is_unpriced = {row["model"]: "unpriced" in text for row, text in zip(table.rows, standings, strict=True)}
    assert is_unpriced == {UNKNOWN: True, "claude-opus-5-5": False}
