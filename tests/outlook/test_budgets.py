"""Budgets beside what was spent: by team, workspace and model, in months, quarters and years of a simulated ledger."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from support.command import Run
from support.ledgers import OpenLedger
from support.organization import CLOCK, FIRST, TODAY, Truth
from support.tables import message
from tallystick import Ledger
from tallystick.clock import SystemClock
from tallystick.core.question import Table
from tallystick.core.time import DAY, midnight
from tallystick.errors import InvalidQuestion
from tallystick.outlook.budgets import FORECAST, FORECAST_FAR, HALF, MOST, OK, PASSED, UNKNOWN
from tallystick.settings import Settings
from tallystick.tally.cycles import Cycle, Every

Tallystick = Callable[..., Run]
YESTERDAY = TODAY - DAY
OWNERS = """
[[owner]]
team = "coders"
workspace = "Claude Code"
[[owner]]
shared = {rule = "proportional", teams = ["coders", "rest"]}
workspace = "Research"
[[owner]]
team = "rest"
cost_center = "4711"
"""


def ledger_with(book: Ledger, budgets: str, clock: SystemClock = CLOCK) -> Ledger:
    """The ledger with owners and these [[budget]] tables."""
    path = book.path.parent / f"{abs(hash(budgets))}.toml"
    path.write_text(OWNERS + budgets, encoding="utf-8")
    settings = Settings.load(config=str(path), ledger=str(book.path), environment={})
    return OpenLedger(settings.ledger, clock, settings.price_lists(), settings)


def budget(amount: Any, **scope: str) -> str:
    """A [[budget]] table."""
    return f'\n[[budget]]\namount = "{amount}"\n' + "".join(f'{name} = "{value}"\n' for name, value in scope.items())


def only(table: Table) -> dict[str, Any]:
    """The one row of an answer."""
    assert len(table.rows) == 1, table.rows
    return table.rows[0]


@pytest.mark.long
def test_a_month_by_everything(book: Ledger, truth: Truth) -> None:
    """Spent is what was billed and what is used and not billed yet, apart; left and used follow, and the forecast."""
    row = only(ledger_with(book, budget("60", name="All")).budget())
    assert (row["name"], row["scope"], row["period"], row["budget"]) == ("All", "everything", "2026-11", 60)
    assert row["billed"] == truth.billed(date(2026, 11, 1), YESTERDAY)
    assert row["spent"] == row["billed"] + row["not_billed_yet"]
    assert row["left"] == 60 - row["spent"]
    assert abs(row["used"] - row["spent"] / 60) < Decimal("1e-11")
    ahead = only(book.forecast())
    assert [row[name] for name in ("forecast", "low", "high")] == [
        ahead[name] for name in ("expected", "low_80", "high_80")
    ]
    assert row["unknown_days"] == 0
    assert row["exhausted_on"] > f"{TODAY}"
    assert row["days_until"] == (date.fromisoformat(row["exhausted_on"]) - TODAY).days


@pytest.mark.long
def test_teams_are_their_owners(book: Ledger) -> None:
    """A team's budget counts what the owners' rules give it, shared lines too; all teams are everything."""
    teams = budget("50", team="coders") + budget("50", team="rest") + budget("50", team="unowned")
    table = ledger_with(book, teams + budget("50") + budget("1", cost_center="4711")).budget()
    rows = {row["scope"]: row for row in table.rows}
    each = [rows[f"team = {name}"] for name in ("coders", "rest", "unowned")]
    for column in ("billed", "not_billed_yet", "spent"):
        assert sum(row[column] for row in each) == rows["everything"][column]
    assert each[2]["spent"] == 0
    spent = {row["team"]: row["billed"] for row in ledger_with(book, "").spend("team", since="mtd").rows}
    assert {name: rows[f"team = {name}"]["billed"] for name in spent} == spent
    assert rows["cost_center = 4711"]["spent"] == each[1]["spent"]


@pytest.mark.long
def test_workspaces_and_models(book: Ledger) -> None:
    """A budget can be of several models, of a workspace by its name, and of both together."""
    both = '\n[[budget]]\nmodel = ["claude-opus-5-5", "claude-opus-4-8"]\namount = "9"\n'
    table = ledger_with(book, both + budget("9", workspace="Claude Code", model="claude-opus-5-5")).budget()
    models = {row["model"]: row["billed"] for row in book.spend("model", since="mtd").rows}
    assert table.rows[0]["billed"] == models["claude-opus-5-5"] + models["claude-opus-4-8"]  # type: ignore[operator]
    coding = book.spend("model", since="mtd", where={"workspace": "Claude Code"})
    assert table.rows[1]["billed"] == {row["model"]: row["billed"] for row in coding.rows}["claude-opus-5-5"]


@pytest.mark.long
@pytest.mark.parametrize("every", ["quarter", "year"])
def test_longer_periods_go_across_months(book: Ledger, truth: Truth, every: str) -> None:
    """A quarter and a year hold all months of the ledger; days that it lacks are counted and named, never zero."""
    table = ledger_with(book, budget("2000", every=every)).budget()
    row = only(table)
    assert row["billed"] == truth.billed(FIRST, YESTERDAY)
    if every == "quarter":
        assert (row["period"], row["unknown_days"], row["status"]) == ("2026-Q4", 0, OK)
        return
    assert (row["period"], row["unknown_days"]) == ("2026", (FIRST - date(2026, 1, 1)).days)
    assert (row["left"], row["used"], row["status"]) == (None, None, UNKNOWN)
    assert row["forecast"] > 4 * row["billed"]
    assert message(table, "2026-01-01 to 2026-09-30", "unknown rather than zero")


@pytest.mark.long
def test_every_status(book: Ledger) -> None:
    """The gravest status that holds is shown: spent, forecast over 110 and 100 %, 80 and 50 % spent, else ok."""
    row = only(ledger_with(book, budget("60")).budget())
    spent, ahead = row["spent"], row["forecast"]
    wanted = {
        spent: PASSED,
        spent + 1: FORECAST_FAR,
        ahead / Decimal("1.05"): FORECAST,
        spent * 4: OK,
    }
    for amount, status in wanted.items():
        assert only(ledger_with(book, budget(f"{amount:.12f}")).budget())["status"] == status, amount
    both = only(ledger_with(book, budget(f"{ahead / Decimal('1.05'):.12f}")).budget())
    assert (both["spent_status"], both["forecast_status"]) == (HALF, FORECAST)
    october = only(ledger_with(book, budget("60")).budget(month="2026-10"))["spent"]
    for amount, status in {october: PASSED, october * Decimal("1.2"): MOST, october * 2: HALF, october * 3: OK}.items():
        assert only(ledger_with(book, budget(f"{amount:.12f}")).budget(month="2026-10"))["status"] == status, amount


@pytest.mark.long
def test_an_ended_month(book: Ledger, truth: Truth) -> None:
    """An ended month comes to what it was; where it was too much the day of that is said."""
    row = only(ledger_with(book, budget("60")).budget(month="2026-10"))
    assert row["forecast"] == row["low"] == row["high"] == row["spent"] == truth.billed(FIRST, date(2026, 10, 31))
    on = date.fromisoformat(row["exhausted_on"])
    assert truth.billed(FIRST, on - DAY) < 60 <= truth.billed(FIRST, on)
    assert row["days_until"] == 0
    assert row == only(ledger_with(book, budget("60")).budget(on="2026-10-09"))
    lasting = only(ledger_with(book, budget("600")).budget(month="2026-10"))
    assert (lasting["exhausted_on"], lasting["days_until"]) == (None, None)


@pytest.mark.long
def test_the_first_of_a_month(book: Ledger, truth: Truth) -> None:
    """On the first what is spent is unknown until it is read, and the forecast comes from the weeks before."""
    december = SystemClock(midnight(date(2026, 12, 1)))
    table = ledger_with(book, budget("60"), december).budget()
    row = only(table)
    assert (row["period"], row["spent"], row["left"], row["unknown_days"]) == ("2026-12", None, None, 0)
    assert row["forecast"] > 0
    assert row["low"] is not None
    november = only(ledger_with(book, budget("60"), december).budget(month="2026-11"))
    assert (november["unknown_days"], november["used"]) == (9, None)
    assert november["billed"] == truth.billed(date(2026, 11, 1), YESTERDAY)
    assert message(table, "2026-12-01", "running")


@pytest.mark.long
def test_dates_of_budgets(book: Ledger) -> None:
    """A row that takes over within a month counts for that whole month; before its first day there is none."""
    text = budget("60", until="2026-11-01") + budget("70", **{"from": "2026-11-15"})
    ledger = ledger_with(book, text)
    assert only(ledger.budget())["budget"] == 70
    assert only(ledger.budget())["billed"] == only(book.forecast())["billed"]
    assert only(ledger.budget(month="2026-10"))["budget"] == 60
    none = ledger.budget(on="2026-11-10")
    assert none.rows == []
    assert message(none, "No budget was in force")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (budget("1", team="coder"), ("[[budget]] 1", "coders")),
        (budget("1", workspace="Clawd Code"), ("[[budget]] 1", "Claude Code")),
        (budget("1", model="claude-opus-55"), ("[[budget]] 1", "claude-opus-5-5")),
        (budget("1", cost_center="4712"), ("[[budget]] 1", "4711")),
        ("", ("tallystick docs budgets",)),
    ],
)
def test_budgets_of_nothing_known(book: Ledger, table: str, words: tuple[str, ...]) -> None:
    """A budget of a team, workspace or model that does not exist is refused with what is near; so is none at all."""
    with pytest.raises(InvalidQuestion) as wrong:
        ledger_with(book, table).budget()
    assert all(word in str(wrong.value) for word in words)


@pytest.mark.long
def test_the_command(tallystick: Tallystick, book: Ledger, tmp_path: Path) -> None:
    """--strict ends with 1 where a budget is spent or days are unknown, not for a forecast; wrong questions with 2."""
    file = tmp_path / "tallystick.toml"

    def run(tables: str, *words: str) -> Run:
        file.write_text(OWNERS + tables, encoding="utf-8")
        return tallystick("budget", "--config", str(file), *words)

    assert run(budget("60"), "--format", "json").json["rows"][0]["status"] == FORECAST_FAR
    assert run(budget("60"), "--strict").code == 0
    assert run(budget("50"), "--strict").code == 1
    assert run(budget("5000", every="year"), "--strict").code == 1
    assert run(budget("60"), "--month", "2026-10", "--strict").code == 1
    run(budget("60"), "--month", "2026-10", "--on", "2026-10-01").refused(2, "--on or --month")
    run(budget("60"), "--on", "2027-01-01").refused(2, "future")
    run("\n[[budget]]\namount = 60\n").refused(2, "[[budget]] 1", "in quotes")
    assert book.path.exists()


@pytest.mark.long
def test_days_that_lack_in_the_middle(book: Ledger, truth: Truth, tmp_path: Path) -> None:
    """A ledger that ends a week ago says which days it does not know: they are expected, what is left is unknown."""
    path = tmp_path / "ledger"
    shutil.copytree(book.path, path)
    later = SystemClock(datetime(2026, 11, 27, 9, tzinfo=CLOCK.now().tzinfo))
    table = ledger_with(Ledger(path, later), budget("500"), later).budget()
    row = only(table)
    assert row["billed"] == truth.billed(date(2026, 11, 1), YESTERDAY)
    assert row["unknown_days"] == 5
    assert (row["left"], row["status"]) == (None, UNKNOWN)
    assert row["forecast"] > row["spent"]
    assert message(table, "2026-11-23 to 2026-11-26", "days to come")
    assert message(table, "2026-11-22", "a part is known")


def test_a_ledger_without_a_day(empty: Ledger) -> None:
    """Where nothing was ever read nothing is known: no forecast, no status, and what is left is not the budget."""
    table = ledger_with(empty, budget("60")).budget()
    row = only(table)
    assert (row["status"], row["left"], row["forecast"], row["unknown_days"]) == (UNKNOWN, None, None, TODAY.day - 1)
    assert message(table, "little to go by: 0 billed days")
    assert only(empty.forecast())["expected"] is None


@pytest.mark.long
def test_two_organizations(two: Ledger, book: Ledger) -> None:
    """A budget of one organization is its own; one of all counts only days as known that both have."""
    first, _ = sorted(two.organizations(), key=lambda organization: organization not in book.organizations())
    table = ledger_with(two, budget("500", organization=first) + budget("500")).budget()
    first_row, both = table.rows
    assert (first_row["billed"], first_row["unknown_days"]) == (only(book.forecast())["billed"], 0)
    assert both["billed"] > first_row["billed"]  # type: ignore[operator]
    assert both["unknown_days"] == 9
    assert message(table, "2026-11-01 to 2026-11-09", "a part is known")


@pytest.mark.long
def test_answers_are_exact_tables(book: Ledger) -> None:
    """Budgets, forecasts and variance are Arrow tables of exact decimals, also where cells are unknown."""
    budgets = ledger_with(book, budget("60") + budget("600", every="quarter") + budget("9000", every="year")).budget()
    for table in (budgets, book.forecast(), book.variance("2026-11"), book.variance("2026-10")):
        assert table.to_arrow().num_rows == len(table.rows)


@pytest.mark.long
def test_keys_people_and_products(book: Ledger) -> None:
    """The budgets of all keys of a ledger spend together what a budget of everything does; so do actors."""
    for name in ("key", "actor", "product"):
        values = [row[name] for row in book.spend(name, since="mtd").rows]
        rows = (
            ledger_with(book, "".join(budget("50", **{name: value}) for value in values) + budget("50")).budget().rows
        )
        assert sum(row["billed"] for row in rows[:-1]) == rows[-1]["billed"], name


@pytest.mark.long
def test_nothing_may_be_spent(book: Ledger) -> None:
    """A budget of 0 is passed by the first cent, and is kept where nothing was spent."""
    assert only(ledger_with(book, budget("0")).budget())["status"] == PASSED
    row = only(ledger_with(book, budget("0", team="unowned")).budget())
    assert (row["spent"], row["status"], row["used"]) == (0, OK, None)


@pytest.mark.long
def test_fiscal_years_and_weeks(book: Ledger, truth: Truth) -> None:
    """A year from October counts from October, a week from Sunday from Sunday, a day that day alone."""
    tables = budget("900", every="year", starts="2025-10-01") + budget("9", every="week", starts="2026-11-01")
    year, week, day = ledger_with(book, tables + budget("9", every="day")).budget(on=str(YESTERDAY)).rows
    assert (year["period"], year["billed"]) == ("2026-10-01 to 2027-09-30", truth.billed(FIRST, YESTERDAY))
    sunday = Cycle(Every.WEEK, date(2026, 11, 1)).around(YESTERDAY).start.date()
    assert week["billed"] == truth.billed(sunday, YESTERDAY)
    assert (day["period"], day["billed"]) == (str(YESTERDAY), truth.billed(YESTERDAY, YESTERDAY))


@pytest.mark.long
def test_the_rest_is_carried_over(book: Ledger, truth: Truth) -> None:
    """What earlier periods leave is added to this one; one that overspent takes nothing from it."""
    first = date(2026, 11, 2)
    weeks = [truth.billed(first + DAY * 7 * week, first + DAY * (7 * week + 6)) for week in range(2)]
    amount = max(weeks) + 1
    tables = f'carry_over = true\nevery = "week"\nfrom = {first}\n'
    row = only(ledger_with(book, budget(amount) + tables).budget(on="2026-11-16"))
    assert row["carried_over"] == sum(amount - spent for spent in weeks)
    assert row["budget"] == amount + row["carried_over"]
    assert only(ledger_with(book, budget("0.01") + tables).budget(on="2026-11-16"))["carried_over"] == 0


def test_a_rest_of_unknown_days_is_unknown(book: Ledger) -> None:
    """Where a day of an earlier period is absent, so is what it leaves, and the budget with it."""
    tables = f"carry_over = true\nfrom = {(FIRST - DAY * 40)}\n"
    table = ledger_with(book, budget("500", name="All") + tables).budget()
    row = only(table)
    assert (row["carried_over"], row["budget"], row["left"], row["status"]) == (None, None, None, UNKNOWN)
    assert any("carries over is unknown" in words for words in (*table.warnings, *table.notes))
