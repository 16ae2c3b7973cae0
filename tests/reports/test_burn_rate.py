"""Burn rate: the last day and week beside the four weeks before; what is not known is no rate."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from support.spending import DAYS_OF, LAST, RATE, ledger, rows_of
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
    answer = book.burn_rate(by=["key"], where={"team": "a"})
    assert {row["key"]: row["four_weeks"] for row in answer.rows} == {"k0": 28 * USD, "k1": 7 * USD}
