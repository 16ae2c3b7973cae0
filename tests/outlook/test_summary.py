"""The executive summary: its figures are those of the reports, its tables add up, what is unknown is not zero."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from support.command import Run
from support.organization import NOW
from tallystick import Ledger, Table
from tallystick.core.document import Document
from tallystick.errors import InvalidQuestion
from tallystick.outlook.summary import summary
from tallystick.query.context import Context
from tallystick.tally.budgets import Budgets
from tallystick.tally.owners import Owners

Tallystick = Callable[..., Run]
OWNERS = Owners.read(
    [
        {"team": "docs", "key": ["docs-*"]},
        {"shared": {"rule": "even", "teams": ["docs", "platform"]}, "model": "*haiku*"},
    ]
)
BUDGETS = Budgets.read([{"amount": "3000"}, {"amount": "100", "team": "docs"}])


@functools.cache
def summary_of(
    book: Ledger, month: str | None = "2026-10", team: str | None = None, now: datetime = NOW, name: str | None = None
) -> Document:
    """A summary of the small organization, made once."""
    return summary(context(book, BUDGETS, now), month, team, name)


def context(book: Ledger, budgets: Budgets, now: datetime = NOW) -> Context:
    """What a summary of the small organization is asked with."""
    return replace(book.context(), now=now, read_owners=lambda: OWNERS, read_budgets=lambda: budgets)


def figures(document: Document) -> dict[str, Any]:
    """The figures of a summary by name."""
    return {figure.heading.name: figure.cell for figure in document.figures}


def tables(document: Document) -> dict[str, Table]:
    """The tables of a summary by title."""
    return {section.title: section.table for section in document.sections if section.table}


@pytest.mark.long
def test_figures_are_those_of_the_reports(book: Ledger) -> None:
    """Spend, caching and what is unexplained are what `spend`, `cache` and `reconcile` answer."""
    values = figures(summary_of(book, "2026-11"))
    assert values["billed"] == book.spend((), "2026-11", "2026-11").totals["billed"]
    ended = ("2026-11-01", "2026-11-21")
    assert values["saved by caching, net"] == book.cache(("model",), *ended).totals["net"]
    rows = book.reconcile((), *ended).rows
    assert values["unexplained"] == sum(Decimal(str(row["amount"])) for row in rows if row["cause"] == "unexplained")
    before = book.spend((), "2026-10-01", "2026-10-21").totals["billed"]
    assert values["change"] == values["billed"] - before


@pytest.mark.long
def test_tables_add_up(book: Ledger) -> None:
    """Each table by a dimension sums to the month's bill, and price, volume and mix to the change."""
    for team in (None, "docs"):
        document = summary_of(book, "2026-11", team)
        values, by_title = figures(document), tables(document)
        named = [table for title, table in by_title.items() if title.startswith("By ")]
        assert len(named) == (3 if team else 4)
        for table in named:
            for column, amount in (("billed", values["billed"]), ("change", values["change"])):
                assert sum(Decimal(str(row[column])) for row in table.rows) == table.totals[column] == amount
        assert sum(Decimal(str(row["amount"])) for row in by_title["Why it changed"].rows) == values["change"]
        [why] = [section.words[0] for section in document.sections if section.title == "Why it changed"]
        assert why.startswith("1 to 21 Nov cost ")
        days = by_title["Each day"].rows
        assert sum(Decimal(str(row["billed"])) for row in days if row["billed"] is not None) == values["billed"]
        assert len(days) == NOW.day


@pytest.mark.long
def test_a_team_is_what_spend_says(book: Ledger) -> None:
    """The summaries of all teams and of what nobody owns sum to that of all, and each has its own budget alone."""
    spent = [figures(summary_of(book, "2026-11", team))["billed"] for team in ("docs", "platform", "unowned")]
    assert sum(spent) == figures(summary_of(book, "2026-11"))["billed"]
    assert [row["scope"] for row in tables(summary_of(book, "2026-11", "docs"))["Budgets"].rows] == ["team = docs"]
    assert "Budgets" not in tables(summary_of(book, "2026-11", "platform"))


@pytest.mark.long
def test_without_a_month_it_is_the_last_ended_one(book: Ledger) -> None:
    """Without a month the summary is of the last one that has ended; an ended month has no forecast."""
    document = summary_of(book, None)
    assert document.title == "Claude in October 2026"
    assert "forecast to the end of the month" not in figures(document)
    assert "forecast to the end of the month" in figures(summary_of(book, "2026-11"))


def test_the_first_of_a_month(book: Ledger) -> None:
    """On the first of a month nothing is billed yet, which is unknown and not zero; the forecast comes from before."""
    values = figures(summary_of(book, "2026-11", now=datetime(2026, 11, 1, 8, tzinfo=UTC)))
    assert values["billed"] is None
    assert values["forecast to the end of the month"] > 0
    assert values["billed days"] == 0


@pytest.mark.long
def test_an_unknown_month_is_not_zero(book: Ledger) -> None:
    """Of a month that the ledger does not have nothing is told as zero: every amount of it is unknown."""
    document = summary_of(book, "2026-09")
    values = figures(document)
    assert values["billed"] is values["unexplained"] is values["saved by caching, net"] is None
    assert {row["spent"] for row in tables(document)["Each day"].rows} == {None}
    assert "0.00" not in [row["billed"] for row in tables(document)["By model"].rows]


@pytest.mark.long
def test_a_month_before_that_is_unknown(book: Ledger) -> None:
    """Where the month before is not in the ledger there is no change, and it is said."""
    document = summary_of(book, "2026-10")
    assert "change" not in figures(document)
    [section] = [section for section in document.sections if section.title == "Why it changed"]
    assert section.words == ("Nothing is known of 2026-09.",)


@pytest.mark.long
def test_several_organizations(two: Ledger) -> None:
    """In a ledger of several organizations one must be named."""
    first, second = two.organizations()
    with pytest.raises(InvalidQuestion, match=r"several(.|\n)*" + first):
        summary_of(two)
    with pytest.raises(InvalidQuestion, match="'x'"):
        summary_of(two, name="x")
    billed = {row["organization"]: row["billed"] for row in two.spend("organization", "2026-11", "2026-11").rows}
    for name in (first, second):
        document = summary_of(two, "2026-11", name=name)
        assert figures(document)["billed"] == billed[name]
        [row, _] = tables(document)["Budgets"].rows
        assert row["spent"] == figures(document)["billed"] + figures(document).get("not billed yet", 0)


@pytest.mark.long
def test_budgets_that_cannot_be_told_are_left_out(book: Ledger) -> None:
    """A budget of a model that the ledger does not know leaves the summary as it is, and is named on it."""
    budgets = Budgets.read([{"amount": "3000"}, {"amount": "9", "model": "claude-opus-5-4"}])
    document = summary(context(book, budgets), "2026-11", None, None)
    assert [row["scope"] for row in tables(document)["Budgets"].rows] == ["everything"]
    assert any("claude-opus-5-4" in text for text in (*document.warnings, *document.notes))


def test_the_first_instant_of_a_month(book: Ledger) -> None:
    """At the very first instant of a month there is a summary with budgets, and nothing of it is known."""
    values = figures(summary_of(book, "2026-11", now=datetime(2026, 11, 1, tzinfo=UTC)))
    assert values["billed"] is None


@pytest.mark.long
def test_rows_alone_are_refused(tallystick: Tallystick) -> None:
    """A summary is no single table: formats of rows are refused, with those that can be."""
    tallystick("summary", "--format", "csv").refused(2, "no single table", "html")
