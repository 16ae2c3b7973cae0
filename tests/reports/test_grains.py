"""Grains: usage by the hour and usage by the day are two tables, never added together."""

from __future__ import annotations

from datetime import date

import pytest

from support.organization import HOURS_SINCE, TODAY, TOKENS, Truth
from support.tables import column, message, summed, total
from tallystick import Ledger

SINCE = f"{HOURS_SINCE}"


def test_usage_by_the_hour_is_exact(hours: Ledger, truth: Truth) -> None:
    """By the hour, the rows are UTC hours in order and add up to what was used."""
    table = hours.usage("hour", SINCE)
    expected = truth.tokens(HOURS_SINCE, TODAY)
    assert {name: summed(table, name) for name in expected} == expected
    assert column(table, "hour") == sorted(set(column(table, "hour")))
    assert all(len(hour) == len("2026-11-20T00:00:00Z") and hour.endswith(":00:00Z") for hour in column(table, "hour"))


@pytest.mark.long
def test_two_grains_are_never_added(hours: Ledger, book: Ledger) -> None:
    """Where days are there by day and by hour, an answer counts them once."""
    assert hours.usage("model", SINCE).rows == book.usage("model", SINCE).rows
    assert hours.usage("day", "30d").totals == book.usage("day", "30d").totals
    assert hours.cache("model", SINCE).rows == book.cache("model", SINCE).rows


def test_hours_that_are_not_there_are_unknown(book: Ledger) -> None:
    """A ledger without hours does not answer by hour from its days: everything is unknown."""
    table = book.usage("hour", "2d")
    assert table.rows == []
    assert set(table.totals.values()) == {None}
    assert table.coverage["absent"] == ["2026-11-20", "2026-11-21"]


def test_the_way_to_hours_is_told(book: Ledger) -> None:
    """What is said of absent hours is the sync that reads hours, not the one that reads days."""
    message(book.usage("hour", "2d"), "absent", "--grain hour")


def test_hours_cover_their_own_days_alone(hours: Ledger) -> None:
    """By hour, days that are there by day only are absent, and named."""
    table = hours.usage("hour", "2026-11-18")
    assert table.coverage["absent"] == ["2026-11-18", "2026-11-19"]
    assert min(column(table, "hour")) >= "2026-11-20"


def test_days_are_made_of_hours_where_there_are_no_others(only_hours: Ledger, truth: Truth) -> None:
    """A ledger with hours alone answers by day, week or nothing from them."""
    expected = truth.tokens(HOURS_SINCE, TODAY)
    for by in ((), ("day",), ("week", "key")):
        table = only_hours.usage(by, SINCE)
        assert {name: total(table, name) for name in expected} == expected
    last = date(2026, 11, 21)
    row = next(row for row in only_hours.usage("day", SINCE).rows if row["day"] == f"{last}")
    assert {name: row[name] for name in TOKENS} == {name: truth.tokens(last, last)[name] for name in TOKENS}
