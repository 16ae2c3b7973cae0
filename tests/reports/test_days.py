"""Days: every day of the ledger has a state, and no amount where nothing is known of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from support.organization import FIRST, TODAY, TWO_SINCE
from tallystick import Ledger
from tallystick.core.money import total


def test_every_day_of_the_ledger_stands_once(book: Ledger) -> None:
    """Without a window the days go from the first of the ledger to the running one."""
    days = [row["day"] for row in book.days().rows]
    assert days == sorted(set(days))
    assert (days[0], days[-1]) == (str(FIRST), str(TODAY))
    assert len(days) == (TODAY - FIRST).days + 1


def test_amounts_are_those_of_spend(book: Ledger) -> None:
    """What a day was billed is what `spend` says of it, and the total is that of `spend`."""
    days = {row["day"]: row["billed"] for row in book.days("30d").rows}
    spent = {row["day"]: row["billed"] for row in book.spend("day", "30d").rows}
    assert {day: days[day] for day in spent} == spent
    assert book.days("30d").totals["billed"] == total(list(spent.values()))


def test_states_are_those_of_the_coverage(book: Ledger) -> None:
    """A day is provisional where an answer about it says so, and the newest runs."""
    rows = {row["day"]: row for row in book.days("30d").rows}
    coverage = book.spend("day", "30d").coverage
    assert [day for day, row in rows.items() if row["bill"] == "provisional"] == coverage["provisional"]
    assert book.days(f"{TODAY}").rows[0]["bill"] == "running"
    assert book.days(f"{TODAY}").rows[0]["billed"] is None


def test_an_absent_day_has_no_amount(two: Ledger) -> None:
    """Of an organization's days that the ledger lacks nothing is known: absent, and not 0."""
    rows = [row for row in two.days("2026-11-01", "2026-11-12").rows if row["bill"] == "absent"]
    assert rows
    assert {row["billed"] for row in rows} == {None}
    assert max(str(row["day"]) for row in rows) < str(TWO_SINCE)


@pytest.mark.parametrize("report", ["days", "months"])
def test_an_empty_ledger_has_no_amount(empty: Ledger, report: str) -> None:
    """A ledger that has nothing has no day and no month with an amount."""
    answer = empty.ask(report)
    assert [row for row in answer.rows if isinstance(row["billed"], Decimal)] == []  # type: ignore[union-attr]


def test_a_month_comes_to_what_spend_says(book: Ledger) -> None:
    """What a month is billed is what `spend` says of it, the newest month first."""
    rows = book.months().rows
    assert [row["month"] for row in rows] == ["2026-11", "2026-10"]
    assert [row["billed"] for row in rows] == [
        book.spend((), month=month).totals["billed"] for month in ("2026-11", "2026-10")
    ]
    assert rows[0]["state"] == "running"


def test_statements_add_up_to_the_month(book: Ledger) -> None:
    """The statements of a month come to its bill, and that of a team is a line of them."""
    overview = book.chargeback("2026-10")
    assert overview.figures[0].cell == book.spend((), month="2026-10").totals["billed"]
    assert book.chargeback("2026-10", "unowned").facts["team"] == "unowned"
