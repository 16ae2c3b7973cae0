"""Budgets as settings: what a table can say, which row is in force, and which cannot be."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from tallystick.core.filter import filters
from tallystick.core.time import Window
from tallystick.errors import InvalidQuestion
from tallystick.settings import Settings
from tallystick.tally.budgets import Budget, Budgets
from tallystick.tally.cycles import Cycle, Every

DAY = date(2026, 10, 15)
days = st.dates(date(2025, 1, 1), date(2028, 12, 31))


def read(*tables: Any) -> Budgets:
    """The budgets of these tables."""
    return Budgets.read(tables)


def on(budgets: Budgets, day: date) -> list[Budget]:
    """Those in force on a day."""
    return [row for row, _ in budgets.during(Window.of_day(day))]


def amounts(budgets: Budgets, day: date) -> list[str]:
    """The amounts in force on a day."""
    return [str(row.amount) for row in on(budgets, day)]


def test_what_a_table_says(tmp_path: Path) -> None:
    """The [[budget]] tables of the settings are read with their dates, lists and exact amounts; the order stays."""
    file = tmp_path / "tallystick.toml"
    file.write_text(
        '[[budget]]\nname = "All"\namount = "12000.50"\nevery = "year"\n'
        '[[budget]]\nteam = ["b", "a", "a"]\namount = "5000"\nfrom = 2026-10-01\nuntil = "2027-01-01"\n',
        encoding="utf-8",
    )
    first, second = Settings.load(config=str(file), environment={}).budgets().rows
    assert (first.name, first.amount, first.cycle.every, dict(first.scope)) == (
        "All",
        Decimal("12000.50"),
        Every.YEAR,
        {},
    )
    assert (second.cycle.every, dict(second.scope)) == (Every.MONTH, {"team": ("a", "b")})
    assert (second.start, second.end) == (date(2026, 10, 1), date(2027, 1, 1))
    assert (first.scope_label, second.scope_label) == ("everything", "team = a or b")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"amount": 5000}, 'Write amount = "5000"'),
        ({"amount": 0.1}, "exact text"),
        ({"amount": "5,000"}, "exact text"),
        ({"amount": "-1"}, "exact text"),
        ({"amount": "1e3"}, "exact text"),
        ({"amount": "\u0665"}, "exact text"),
        ({"amount": "0.0000000000001"}, "exact text"),
        ({}, "has no amount"),
        ({"amount": "1", "every": "decade"}, "month, quarter, year"),
        ({"amount": "1", "every": ["month"]}, "month, quarter, year"),
        ({"amount": "1", "teem": "a"}, "Did you mean team"),
        ({"amount": "1", "team": ""}, "team must be a text"),
        ({"amount": "1", "team": 3}, "team must be a text"),
        ({"amount": "1", "name": " "}, "name"),
        ({"amount": "1", "from": "October"}, "is not a day"),
        ({"amount": "1", "from": DAY, "until": DAY}, "ends"),
        ("5000", "not a table"),
    ],
)
def test_what_cannot_be_is_named(table: Any, words: str) -> None:
    """A table that cannot be is named by its number, with what is wrong and how to mend it."""
    with pytest.raises(InvalidQuestion) as wrong:
        read({"amount": "1"}, table)
    assert "[[budget]] 2" in str(wrong.value)
    assert words in str(wrong.value)


def test_a_later_row_of_a_scope_takes_over() -> None:
    """A row is in force until the next of its scope and period begins, whatever their order; others are untouched."""
    budgets = read(
        {"team": "a", "amount": "7", "from": DAY},
        {"team": "a", "amount": "5"},
        {"team": "a", "amount": "50", "every": "year"},
        {"team": "b", "amount": "9", "until": DAY},
    )
    assert amounts(budgets, DAY - timedelta(1)) == ["5", "50", "9"]
    assert amounts(budgets, DAY) == ["7", "50"]


@pytest.mark.parametrize(
    ("first", "second", "on"),
    [
        ({}, {}, ","),
        ({"from": DAY}, {"from": DAY}, " on 2026-10-15,"),
        ({"from": date(2026, 1, 1), "until": date(2026, 12, 1)}, {"from": DAY}, " on 2026-10-15,"),
        ({"until": date(2026, 12, 1)}, {"from": DAY, "until": date(2026, 11, 1)}, " on 2026-10-15,"),
    ],
)
def test_two_rows_in_force_at_once_are_refused(first: dict[str, Any], second: dict[str, Any], on: str) -> None:
    """Two rows that claim the same scope, period and day are both named, with that day unless it is always.

    The order of a list is no difference.
    """
    scope = {"amount": "1", "team": ["a", "b"]}
    second_scope = {"amount": "2", "team": ["b", "a"]}
    with pytest.raises(InvalidQuestion, match=rf"\[\[budget\]\] 1 and \[\[budget\]\] 2 are both in force{on}"):
        read(scope | first, second_scope | second)


def test_rows_may_follow_each_other() -> None:
    """A row that ends where the next begins, or before, is no overlap; between them none is in force."""
    budgets = read(
        {"amount": "1", "until": date(2026, 7, 1)},
        {"amount": "2", "from": date(2026, 7, 1), "until": date(2026, 8, 1)},
        {"amount": "3", "from": date(2026, 9, 1)},
    )
    assert [amounts(budgets, date(2026, month, 15)) for month in (6, 7, 8, 9)] == [["1"], ["2"], [], ["3"]]


def test_of_a_month_the_last_row_in_force_counts() -> None:
    """Asked for a month, a scope shows the row that was in force last in it, also where that ended within."""
    budgets = read(
        {"amount": "1", "until": date(2026, 10, 10)},
        {"team": "a", "amount": "2"},
        {"team": "a", "amount": "3", "from": DAY},
        {"team": "b", "amount": "4", "from": date(2026, 11, 1)},
    )
    october = Cycle(Every.MONTH).around(DAY)
    assert [(str(row.amount), period) for row, period in budgets.during(october)] == [("1", october), ("3", october)]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"amount": "1", "carry_over": "yes"}, "neither true nor false"),
        ({"amount": "1", "carry_over": True}, "Give it `from`"),
        ({"amount": "1", "every": "day", "starts": "2026-07-01"}, "Leave it out"),
        ({"amount": "1", "every": "year", "starts": "2026-01-31"}, "up to 28"),
        ({"amount": "1", "every": "quarter", "starts": "2026-01-29"}, "up to 28"),
        ({"amount": "1", "starts": "2026-01-29"}, "up to 28"),
        ({"amount": "1", "starts": "July"}, "is not a day"),
    ],
)
def test_cycles_that_cannot_be(table: dict[str, Any], words: str) -> None:
    """A rest without a first day, and a start that some months lack, are refused with how to mend them."""
    with pytest.raises(InvalidQuestion) as wrong:
        read(table)
    assert words in str(wrong.value)


def test_a_week_may_start_on_any_day() -> None:
    """A week begins on the weekday of its start, though no month has to have that day."""
    [row] = read({"amount": "1", "every": "week", "starts": "2026-08-31"}).rows
    assert row.cycle.around(DAY).start.date() == date(2026, 10, 12)


def test_budgets_within_filters_are_of_nothing_else() -> None:
    """Held to a team, the budgets of that team alone are left: not that of everything, nor one of two teams."""
    budgets = read(
        {"amount": "1"},
        {"team": "a", "amount": "2"},
        {"team": ["a", "b"], "amount": "3"},
        {"team": "a", "model": "m", "amount": "4"},
    )
    assert [str(row.amount) for row in budgets.within(filters({"team": "a"})).rows] == ["2", "4"]
    assert [str(row.amount) for row in budgets.within(filters({"team": ["a", "b"]})).rows] == ["2", "3", "4"]
    assert [str(row.amount) for row in budgets.within(filters({"team": "a", "model": "m"})).rows] == ["4"]
    assert budgets.within({}) == budgets
