"""Charges: the lines of an answer add up to it, whatever is asked, and each says what it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from support.ledgers import OpenLedger
from support.organization import CLOCK
from tallystick import Ledger
from tallystick.errors import InvalidQuestion
from tallystick.settings import Settings

LARGE = 100_000
WHERE = st.fixed_dictionaries(
    {},
    optional={
        "workspace": st.sampled_from(["Claude Code", "default", "*"]),
        "model": st.sampled_from(["claude-*", "claude-opus-*"]),
        "kind!": st.sampled_from(["output", "web_search"]),
        "team": st.sampled_from(["left", "coders", "rest", "*"]),
        "cost_center!": st.just("unowned"),
    },
)
DAYS = st.sampled_from([{"since": "30d"}, {"month": "2026-10"}, {"since": "2026-11-03", "until": "2026-11-09"}])


@pytest.mark.long
@settings(max_examples=25)
@given(DAYS, WHERE, st.sampled_from([1, 7, LARGE]))
def test_charges_add_up_to_spend(owned: Ledger, days: dict[str, Any], where: dict[str, Any], top: int) -> None:
    """The total of the charges, and the sum of the listed ones, is that of `spend` of the same days and filters."""
    spend = owned.spend((), where=where, **days)
    charges = owned.charges(where=where, top=top, half="billed", **days)
    assert charges.totals["billed"] == spend.totals["billed"]
    assert sum(row["billed"] for row in charges.rows) == spend.totals["billed"]


@pytest.fixture(scope="module")
def weighed(book: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """The small organization's ledger with a workspace that is shared in proportion to the teams' own spend."""
    path = tmp_path_factory.mktemp("weighed") / "tallystick.toml"
    path.write_text(
        """
        [[owner]]
        team = "coders"
        workspace = "Claude Code"
        [[owner]]
        shared = {rule = "proportional", teams = ["coders", "rest"]}
        workspace = "Public Sector"
        [[owner]]
        team = "rest"
        """,
        encoding="utf-8",
    )
    settings = Settings.load(config=str(path), ledger=str(book.path), environment={})
    return OpenLedger(settings.ledger, CLOCK, settings.price_lists(), settings)


@pytest.mark.parametrize("team", ["coders", "rest"])
@pytest.mark.parametrize("where", [{}, {"workspace": "Public Sector"}, {"kind": "output", "model": "claude-opus-*"}])
def test_a_part_of_a_day_is_split_as_the_whole_day_is(weighed: Ledger, team: str, where: dict[str, str]) -> None:
    """A proportional share weighs by all that was billed on the day, whatever else is asked for."""
    where = {**where, "team": team}
    charges = weighed.charges("20d", where=where, half="billed", top=LARGE)
    assert charges.totals["billed"] == weighed.spend((), "20d", where=where).totals["billed"]
    assert charges.totals["billed"]


@pytest.mark.parametrize("kind", ["uncached_input", "cache_read", "output"])
def test_charges_add_up_to_usage(book: Ledger, kind: str) -> None:
    """The quantities of what was used of a kind add up to that kind's tokens."""
    charges = book.charges("30d", where={"kind": kind}, half="used", top=LARGE)
    assert charges.totals["quantity"] == book.usage((), "30d").totals[kind]
    assert sum(row["quantity"] for row in charges.rows) == charges.totals["quantity"]


def test_the_largest_come_first_and_the_rest_is_a_row(book: Ledger) -> None:
    """With `top` the largest charges are listed, and one more row has the sum of all others."""
    every = book.charges("7d", half="billed", top=LARGE).rows
    few = book.charges("7d", half="billed", top=5)
    assert few.rows[:5] == every[:5]
    assert [abs(row["billed"]) for row in every] == sorted((abs(row["billed"]) for row in every), reverse=True)
    assert few.rows[5]["day"] == "others"
    assert few.rows[5]["billed"] == sum(row["billed"] for row in every[5:])
    assert f"The 5 largest of {len(every)} charges" in few.notes[0]


def test_a_charge_says_the_state_of_its_day_and_why_it_has_one_half(book: Ledger) -> None:
    """A charge that was not billed has no amount, a cause and the state of its day."""
    rows = book.charges("30d", where={"cause": "not billed"}, top=LARGE).rows
    assert rows
    assert {row["billed"] for row in rows} == {None}
    assert {row["method"] for row in rows} == {"none"}
    assert {row["state"] for row in book.charges("30d", top=LARGE).rows} <= {"provisional", "running", "settled"}


def test_what_is_used_today_is_running(book: Ledger) -> None:
    """The charges of a day that has not ended are listed, though no bill has that day yet."""
    rows = book.charges("today", top=LARGE).rows
    assert {(row["state"], row["billed"]) for row in rows} == {("running", None)}


def test_quantities_of_several_units_have_no_total(book: Ledger) -> None:
    """Tokens and searches are not added."""
    assert "quantity" not in book.charges("30d").totals
    assert isinstance(book.charges("30d", where={"kind": "output"}, half="used").totals["quantity"], int)


def test_nothing_is_zero_where_its_days_are_known(book: Ledger, empty: Ledger) -> None:
    """A filter that no charge meets sums to zero; a window that is not in the ledger to what is unknown."""
    known = book.charges("30d", where={"workspace": "default", "workspace!": "default"})
    assert (known.rows, known.totals["billed"]) == ([], Decimal(0))
    assert empty.charges("30d").totals["billed"] is None


@pytest.mark.parametrize("name", ["description", "day", "session"])
def test_charges_are_not_asked_by_what_they_do_not_know(book: Ledger, name: str) -> None:
    """A dimension that charges do not have is refused."""
    with pytest.raises(InvalidQuestion, match=f"knows no dimension '{name}'"):
        book.charges(where={name: "x"})


def test_organizations_stand_apart(two: Ledger) -> None:
    """In a ledger of two organizations a charge names its own, and the total is of both."""
    charges = two.charges("7d", half="billed", top=LARGE)
    assert len({row["organization"] for row in charges.rows}) == 2
    assert charges.totals["billed"] == two.spend((), "7d").totals["billed"]
