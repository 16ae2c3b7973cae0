"""Burn rate: the last day and week beside the weeks before; what is not known is no rate."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from support.spending import DAYS_OF, LAST, RATE, Tokens, ledger, rows_of, steady
from tallystick.core.causes import NOT_BILLED_YET
from tallystick.core.time import DAY
from tallystick.errors import InvalidQuestion

MILLION = 1_000_000
USD = MILLION * RATE


def doubled(day: date) -> int:
    """A million tokens a day, three on the last day and two on the six days before."""
    return MILLION * (3 if day == LAST else 2 if day > LAST - DAY * 7 else 1)


def test_rates_are_in_times_of_a_usual_day_and_week(tmp_path: Path) -> None:
    """The sums are exact; a rate is the sum to as many days of the four weeks before."""
    answer = ledger(tmp_path, rows_of({"k": doubled}, DAYS_OF)).burn_rate(by=["key"])
    [row] = answer.rows
    assert (row["last_day"], row["last_week"], row["four_weeks"]) == (3 * USD, 15 * USD, 28 * USD)
    assert row["day_rate"] == 3
    assert row["week_rate"] == (Decimal(15) / 7).quantize(Decimal("1e-12"))
    assert answer.totals == {name: row[name] for name in answer.totals}


def test_what_is_no_dimension_is_refused(tmp_path: Path) -> None:
    """Neither groups nor filters take a word that is no dimension."""
    book = ledger(tmp_path, rows_of({"k": doubled}, DAYS_OF))
    with pytest.raises(InvalidQuestion, match="knows no"):
        book.burn_rate("spent")
    with pytest.raises(InvalidQuestion, match="knows no"):
        book.burn_rate("model", {"cause": "none"})


def test_a_bill_that_is_late_moves_the_last_day(tmp_path: Path) -> None:
    """A day of which a bill is late is not the last day, so that half a bill is no fall."""
    rows = rows_of({"k": doubled}, DAYS_OF)
    late = [row | {"billed": None, "cause": NOT_BILLED_YET, "method": "none"} for row in rows if row["day"] == LAST]
    [row] = ledger(tmp_path, [row for row in rows if row["day"] != LAST] + late).burn_rate(by=["key"]).rows
    assert (row["last_day"], row["last_week"]) == (2 * USD, 13 * USD)


def test_an_absent_day_makes_its_figures_unknown(tmp_path: Path) -> None:
    """A sum that lacks a day is None, and so is every rate that needs it; the others stay."""
    gap = LAST - DAY * 20
    rows = [row for row in rows_of({"k": doubled}, DAYS_OF) if row["day"] != gap]
    answer = ledger(tmp_path, rows, unread=[gap]).burn_rate(by=["key"])
    [row] = answer.rows
    assert (row["four_weeks"], row["day_rate"], row["week_rate"]) == (None, None, None)
    assert (row["last_day"], row["last_week"]) == (3 * USD, 15 * USD)
    assert any("four_weeks" in message.text for message in answer.messages)


def test_what_is_new_has_no_rate(tmp_path: Path) -> None:
    """Four weeks that were billed nothing are known to be zero, and nothing is in times of zero."""
    answer = ledger(tmp_path, rows_of({"k": lambda day: MILLION * (day == LAST)}, DAYS_OF)).burn_rate(by=["key"])
    [row] = answer.rows
    assert (row["four_weeks"], row["day_rate"]) == (0, None)
    assert ledger(tmp_path / "none", []).burn_rate(by=["key"]).rows == []


def test_a_team_has_the_rates_of_what_it_owns(tmp_path: Path) -> None:
    """By team the figures are those of its keys, shared ones by their shares; held to one it is that team alone."""
    rules = """
[[owner]]
team = "a"
key = "k0"
[[owner]]
key = "k1"
shared = { rule = "fixed", shares = { a = "1/4", b = "3/4" } }
"""
    book = ledger(tmp_path, rows_of({"k0": doubled, "k1": doubled, "k2": doubled}, DAYS_OF), text=rules)
    by_team = {str(row["team"]): row for row in book.burn_rate(by=["team"]).rows}
    parts = {"a": Decimal("1.25"), "b": Decimal("0.75"), "unowned": Decimal(1)}
    assert {team: row["last_week"] for team, row in by_team.items()} == {
        team: 15 * USD * part for team, part in parts.items()
    }
    assert {row["day_rate"] for row in by_team.values()} == {3}
    [by_key] = {row["deviations"] for row in book.burn_rate(by=["key"]).rows}
    assert {row["deviations"] for row in by_team.values()} == {by_key}
    answer = book.burn_rate(by=["key"], where={"team": "a"})
    assert {row["key"]: row["four_weeks"] for row in answer.rows} == {"k0": 28 * USD, "k1": 7 * USD}


def deviations(folder: Path, tokens: Tokens, last: date = LAST) -> Decimal:
    """The deviations of a key whose last day is that one."""
    now = datetime(last.year, last.month, last.day, 12, tzinfo=UTC) + DAY
    rows = rows_of({"k": tokens}, [day for day in DAYS_OF if day <= last])
    answer = ledger(folder, rows, now).burn_rate(by=["key"])
    [row] = answer.rows
    assert answer.totals["deviations"] == row["deviations"]
    assert isinstance(row["deviations"], Decimal)
    return row["deviations"]


@pytest.mark.parametrize(("day", "usual", "dear"), [(LAST, 1, 2), (LAST - DAY * 2, 1, 2), (LAST - DAY * 2, 1, 3)])
def test_deviations_know_the_weekday(tmp_path: Path, day: date, usual: int, dear: int) -> None:
    """A usual day is within three deviations, on a Sunday too; twice as much as on such a day is above five."""
    tokens = steady(4_000_000)
    assert abs(deviations(tmp_path / "usual", lambda each: tokens(each) * (usual if each == day else 1), day)) < 3
    assert deviations(tmp_path / "dear", lambda each: tokens(each) * (dear if each == day else 1), day) > 5


def test_deviations_know_how_far_days_scatter(tmp_path: Path) -> None:
    """Three times a usual day is far for a key that is even, and not for one whose days differ as much."""
    even, uneven = steady(4_000_000), steady(4_000_000, "uneven")

    def scattered(day: date) -> int:
        return uneven(day) * (4 if day == LAST else (1, 5, 2, 7, 3)[day.toordinal() % 5])

    assert deviations(tmp_path / "even", lambda day: even(day) * (3 if day == LAST else 1)) > 10
    assert deviations(tmp_path / "uneven", scattered) < 2


def test_two_weeks_of_use_tell_what_is_usual(tmp_path: Path) -> None:
    """A key has deviations once fourteen days of it are known before the last week, and none before."""
    tokens = steady(4_000_000)
    for days, known in ((19, False), (20, True)):
        since = LAST - DAY * days
        rows = rows_of({"old": tokens, "k": lambda day, since=since: tokens(day) * (day >= since)}, DAYS_OF)
        answer = ledger(tmp_path / str(days), rows).burn_rate(by=["key"])
        assert {str(row["key"]): row["deviations"] is not None for row in answer.rows} == {"old": True, "k": known}


@pytest.mark.parametrize("unread", [LAST - DAY * 40, LAST - DAY * 20])
def test_a_day_that_is_not_known_is_no_usual_day(tmp_path: Path, unread: date) -> None:
    """A day that is absent is left out of what is usual, before the four weeks too, and nothing else changes."""
    tokens = steady(4_000_000)
    rows = rows_of({"k": tokens}, DAYS_OF)
    [whole] = ledger(tmp_path / "whole", rows).burn_rate(by=["key"]).rows
    without = [row for row in rows if row["day"] != unread]
    [gap] = ledger(tmp_path / "gap", without, unread=[unread]).burn_rate(by=["key"]).rows
    assert abs(Decimal(str(gap["deviations"])) - Decimal(str(whole["deviations"]))) < 1
