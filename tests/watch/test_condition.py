"""Conditions: which rows of an answer a rule speaks of."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from tallystick.core.question import Cell
from tallystick.errors import InvalidQuestion
from tallystick.watch.condition import Condition

ROW: dict[str, Cell] = {
    "billed": Decimal("10.5"),
    "growth": None,
    "status": "ok",
    "count": 3,
    "attention": "no owner",
    "parts": "deleted, partly no owner",
    "state": "unknown",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("billed > 10", True),
        ("billed > 10.5", False),
        ("billed >= 10.5", True),
        ("count < 4 and billed <= 10.5", True),
        ("count != 3", False),
        ("count = 3.0", True),
        ("status = ok", True),
        ("status != ok", False),
        ("attention has expired, NO OWNER", True),
        ("attention has expired", False),
        ("parts has no owner", False),
        ("parts has deleted", True),
        ("growth > 20 %", None),
        ("growth = none", True),
        ("billed != none", True),
        ("growth > 1 and billed > 10", None),
        ("state != ok", None),
        ("state = ok", None),
        ("state = unknown", True),
        ("state != unknown", False),
        ("growth > 1 and billed > 11", False),
    ],
)
def test_a_condition_holds(text: str, expected: bool | None) -> None:
    """Every comparison must hold; what depends on an unknown figure is neither true nor false."""
    assert Condition.read(text).holds(ROW) is expected


@given(st.decimals(-1000, 1000, places=4), st.decimals(0, 1000, places=4))
def test_bars_take_an_amount_without_its_sign(amount: Decimal, limit: Decimal) -> None:
    """`|amount| > x` holds of an amount and of its opposite alike, and in percent of a hundredth."""
    row = {"amount": amount}
    assert Condition.read(f"|amount| > {limit}").holds(row) == (abs(amount) > limit)
    assert Condition.read(f"amount > {limit} %").holds(row) == (amount > limit / 100)


@pytest.mark.parametrize("text", ["", "billed", "billed > many", "billed ~ 3", "> 3", "billed > 1 and", "|billed > 1"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    """A text that cannot be judged is refused when it is read, with how to write one."""
    with pytest.raises(InvalidQuestion) as refused:
        Condition.read(text)
    assert "Write" in refused.value.hint
