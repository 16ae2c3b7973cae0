"""Profiles and rosters: their figures are those of `spend`, names that nobody has are refused with what is near."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallystick import Ledger
from tallystick.core.document import Document
from tallystick.errors import InvalidQuestion, UnknownName
from tallystick.outlook.roster import DIMENSIONS


def figures(document: Document) -> dict[str, Any]:
    """The figures of a profile by name."""
    return {figure.heading.name: figure.cell for figure in document.figures}


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_a_roster_has_every_spender_with_its_spend(book: Ledger, dimension: str) -> None:
    """The 30 days of a row are what `spend` says of it; who is not in `spend` was billed nothing."""
    rows = {row[dimension]: row["last_30_days"] for row in book.roster(dimension).rows}
    spent = {row[dimension]: row["billed"] for row in book.spend(dimension, "30d").rows}
    assert {id_: amount for id_, amount in rows.items() if amount} == {id_: cell for id_, cell in spent.items() if cell}
    assert spent.keys() <= rows.keys()


def test_a_roster_compares_the_same_days(book: Ledger) -> None:
    """This month and the same days before are what `variance` compares."""
    totals, compared = book.roster("model").totals, book.variance("mtd", by="model").totals
    assert (totals["this_month"], totals["same_days_before"]) == (compared["after"], compared["before"])


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_row_has_a_profile_with_its_figures(book: Ledger, dimension: str) -> None:
    """Each id of a roster, whatever it is called, has a profile that says the same of it."""
    for row in book.roster(dimension).rows[:4] + book.roster(dimension).rows[-2:]:
        document = book.profile(dimension, str(row[dimension]))
        values = figures(document)
        assert document.facts["id"] == row[dimension]
        assert (values["this month"], values["last 30 days"]) == (row["this_month"], row["last_30_days"])


def test_what_names_nothing_has_a_profile(book: Ledger) -> None:
    """Use without a key, and what no rule owns, are subjects as any."""
    for dimension, id_ in (("key", "playground"), ("team", "unowned"), ("workspace", "default")):
        assert isinstance(figures(book.profile(dimension, id_))["last 30 days"], Decimal)


def test_a_name_leads_to_its_id(book: Ledger) -> None:
    """A name that one id alone has stands for it."""
    row = next(row for row in book.roster("workspace").rows if row["workspace"] != row["workspace_name"])
    assert book.profile("workspace", str(row["workspace_name"])).facts["id"] == row["workspace"]


def test_an_unknown_name_is_refused(book: Ledger) -> None:
    """What nothing is called is an error that names how to list what there is."""
    with pytest.raises(UnknownName, match="roster key"):
        book.profile("key", "nobody")
    with pytest.raises(InvalidQuestion, match="no roster"):
        book.roster("weather")


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_an_empty_ledger_has_an_empty_roster(empty: Ledger, dimension: str) -> None:
    """Where nothing is known no row has an amount."""
    assert [row for row in empty.roster(dimension).rows if row["last_30_days"] is not None] == []
