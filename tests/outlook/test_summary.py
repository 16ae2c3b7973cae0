"""The executive summary: its figures are those of the reports, its tables add up, what is unknown is not zero."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from reports.given import NOW, Run
from tallystick import Ledger, Table
from tallystick.core.document import Document
from tallystick.errors import InvalidQuestion
from tallystick.outlook.summary import summary
from tallystick.tally.budgets import Budgets
from tallystick.tally.owners import Owners
from tallystick.tally.price_lists import Prices

Tallystick = Callable[..., Run]
OWNERS = Owners.read(
    [
        {"team": "docs", "key": ["docs-*"]},
        {"shared": {"rule": "even", "teams": ["docs", "platform"]}, "model": "*haiku*"},
    ]
)
BUDGETS = Budgets.read([{"amount": "3000"}, {"amount": "100", "team": "docs"}])


@functools.cache
def asked(
    book: Ledger, month: str | None = "2026-10", team: str | None = None, now: datetime = NOW, name: str | None = None
) -> Document:
    """A summary of the small organization, made once."""
    known = {it: it for it in book.organizations()}
    return summary(book.engine(), known, month, team, name, OWNERS, BUDGETS, Prices.with_own(), now)


def figures(document: Document) -> dict[str, Any]:
    """The figures of a summary by name."""
    return {it.heading.name: it.cell for it in document.figures}


def tables(document: Document) -> dict[str, Table]:
    """The tables of a summary by title."""
    return {it.title: it.table for it in document.sections if it.table}


def test_figures_are_those_of_the_reports(book: Ledger) -> None:
    """Spend, caching and what is unexplained are what `spend`, `cache` and `reconcile` answer."""
    found = figures(asked(book, "2026-11"))
    assert found["billed"] == book.spend((), "2026-11", "2026-11").totals["billed"]
    ended = ("2026-11-01", "2026-11-21")
    assert found["saved by caching, net"] == book.cache(("model",), *ended).totals["net"]
    rows = book.reconcile((), *ended).rows
    assert found["unexplained"] == sum(Decimal(str(it["amount"])) for it in rows if it["cause"] == "unexplained")
    before = book.spend((), "2026-10-01", "2026-10-21").totals["billed"]
    assert found["change"] == found["billed"] - before


def test_tables_add_up(book: Ledger) -> None:
    """Each table by a dimension sums to the month's bill, and price, volume and mix to the change."""
    for team in (None, "docs"):
        document = asked(book, "2026-11", team)
        found, of = figures(document), tables(document)
        named = [it for title, it in of.items() if title.startswith("By ")]
        assert len(named) == (3 if team else 4)
        for table in named:
            for column, whole in (("billed", found["billed"]), ("change", found["change"])):
                assert sum(Decimal(str(row[column])) for row in table.rows) == table.totals[column] == whole
        assert sum(Decimal(str(row["amount"])) for row in of["Why it changed"].rows) == found["change"]
        days = of["Each day"].rows
        assert sum(Decimal(str(row["billed"])) for row in days if row["billed"] is not None) == found["billed"]
        assert len(days) == NOW.day


def test_a_team_is_what_spend_says(book: Ledger) -> None:
    """The summaries of all teams and of what nobody owns sum to that of all, and each has its own budget alone."""
    spent = [figures(asked(book, "2026-11", team))["billed"] for team in ("docs", "platform", "unowned")]
    assert sum(spent) == figures(asked(book, "2026-11"))["billed"]
    assert [row["scope"] for row in tables(asked(book, "2026-11", "docs"))["Budgets"].rows] == ["team = docs"]
    assert "Budgets" not in tables(asked(book, "2026-11", "platform"))


def test_without_a_month_it_is_the_last_ended_one(book: Ledger) -> None:
    """Without a month the summary is of the last one that has ended; an ended month has no pace."""
    document = asked(book, None)
    assert document.title == "Claude in October 2026"
    assert "pace to the end of the month" not in figures(document)
    assert "pace to the end of the month" in figures(asked(book, "2026-11"))


def test_the_first_of_a_month(book: Ledger) -> None:
    """On the first of a month nothing is billed yet, which is unknown and not zero; the pace comes from before."""
    found = figures(asked(book, "2026-11", now=datetime(2026, 11, 1, 8, tzinfo=UTC)))
    assert found["billed"] is None
    assert found["pace to the end of the month"] > 0
    assert found["billed days"] == 0


def test_an_unknown_month_is_not_zero(book: Ledger) -> None:
    """Of a month that the ledger does not have nothing is told as zero: every amount of it is unknown."""
    document = asked(book, "2026-09")
    found = figures(document)
    assert found["billed"] is found["unexplained"] is found["saved by caching, net"] is None
    assert {row["spent"] for row in tables(document)["Each day"].rows} == {None}
    assert "0.00" not in [row["billed"] for row in tables(document)["By model"].rows]


def test_a_month_before_that_is_unknown(book: Ledger) -> None:
    """Where the month before is not in the ledger there is no change, and it is said."""
    document = asked(book, "2026-10")
    assert "change" not in figures(document)
    [section] = [it for it in document.sections if it.title == "Why it changed"]
    assert section.words == ("Nothing is known of 2026-09.",)


def test_several_organizations(two: Ledger) -> None:
    """In a ledger of several organizations one must be named."""
    first, second = two.organizations()
    with pytest.raises(InvalidQuestion, match=r"several(.|\n)*" + first):
        asked(two)
    with pytest.raises(InvalidQuestion, match="'x'"):
        asked(two, name="x")
    billed = {row["organization"]: row["billed"] for row in two.spend("organization", "2026-11", "2026-11").rows}
    for name in (first, second):
        document = asked(two, "2026-11", name=name)
        assert figures(document)["billed"] == billed[name]
        [row, _] = tables(document)["Budgets"].rows
        assert row["spent"] == figures(document)["billed"] + figures(document).get("not billed yet", 0)


def test_budgets_that_cannot_be_told_are_left_out(book: Ledger) -> None:
    """A budget of a model that the ledger does not know leaves the summary as it is, and is named on it."""
    known = {it: it for it in book.organizations()}
    budgets = Budgets.read([{"amount": "3000"}, {"amount": "9", "model": "claude-opus-5-4"}])
    found = summary(book.engine(), known, "2026-11", None, None, OWNERS, budgets, Prices.with_own(), NOW)
    assert [row["scope"] for row in tables(found)["Budgets"].rows] == ["everything"]
    assert any("claude-opus-5-4" in it for it in (*found.warnings, *found.notes))


def test_the_first_instant_of_a_month(book: Ledger) -> None:
    """At the very first instant of a month there is a summary with budgets, and nothing of it is known."""
    found = figures(asked(book, "2026-11", now=datetime(2026, 11, 1, tzinfo=UTC)))
    assert found["billed"] is None


def test_rows_alone_are_refused(tallystick: Tallystick) -> None:
    """A summary is no single table: formats of rows are refused, with those that can be."""
    tallystick("summary", "--format", "csv").refused(2, "no single table", "html")
