"""Waterfall: each step begins where the one before it ended, of each organization by itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from support.organization import FIRST
from tallystick import Ledger
from tallystick.core.money import total
from tallystick.web.calendar import calendar
from tallystick.web.waterfall import waterfall

ROOM = 0.02
"""Percent by which two lengths may differ that were rounded to two places."""


def test_steps_stand_on_each_other(book: Ledger) -> None:
    """From billed each known step ends where the next begins, and the last at priced."""
    steps = [step for step in waterfall(book.reconcile()).steps if step.kind != "unknown"]
    end = float(steps[0].left) + float(steps[0].width)
    for step in steps[1:-1]:
        left, right = float(step.left), float(step.left) + float(step.width)
        begin, end_of_step = (left, right) if step.kind == "plus" else (right, left)
        if step.width != "0.00":
            assert begin == pytest.approx(end, abs=ROOM)
            end = end_of_step
    assert steps[-1].name == "priced"
    assert float(steps[-1].left) + float(steps[-1].width) == pytest.approx(end, abs=ROOM)


def test_an_unknown_amount_has_no_length(book: Ledger) -> None:
    """What is not known is drawn as unknown, and never as nothing."""
    table = book.reconcile()
    unknown = {row["cause"] for row in table.rows if row["amount"] is None}
    drawn = {step.name: step for step in waterfall(table).steps if step.kind == "unknown"}
    assert drawn.keys() == unknown
    assert {step.amount for step in drawn.values()} <= {"unknown"}


def test_organizations_stand_apart(two: Ledger) -> None:
    """Of two organizations each has its own bridge, from its bill to its price."""
    table = two.reconcile(since="2026-11-10")
    steps = waterfall(table).steps
    whose = list(dict.fromkeys(step.whose for step in steps))
    assert len(whose) == len({row["organization"] for row in table.rows}) == 2
    for name in whose:
        own = [step.name for step in steps if step.whose == name]
        assert (own[0], own[-1]) == ("billed", "priced")


def test_a_scale_that_does_not_begin_at_zero_says_where(book: Ledger) -> None:
    """The scale begins below every level, and names that amount where it is not zero."""
    table = book.reconcile(since=f"{FIRST}")
    begins = waterfall(table).begins
    levels = [row["amount"] for row in table.rows if row["cause"] in {"billed", "priced"}]
    if begins:
        assert Decimal(begins.replace(",", "")) < min(level for level in levels if isinstance(level, Decimal))
    assert total([level for level in levels if isinstance(level, Decimal)]) > 0


def test_days_of_organizations_stand_apart(two: Ledger) -> None:
    """Two organizations of one name have a calendar each: no day is drawn over another."""
    table = two.days("2026-11-10")
    drawn = calendar(table)
    assert len({row.organization for row in drawn.rows}) == len({row["organization"] for row in table.rows})
    assert sum(square is not None for row in drawn.rows for square in row.squares) == len(table.cells)
