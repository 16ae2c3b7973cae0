"""The answer about Claude Code: what was done, the estimate of it, and the bill where that is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from support.ledgers import client_of
from support.organization import CLOCK, TODAY, days
from support.tables import column, summed, total
from tallystick import Ledger
from tallystick.core.question import Table
from tallystick.errors import InvalidQuestion
from tallystick.sim import Answer, Simulator, World

SINCE = TODAY - timedelta(days=5)
LAST = TODAY - timedelta(days=2)
UNTIL = f"{LAST}"


@pytest.fixture(scope="module")
def world() -> World:
    """A world in which people, seats and keys use Claude Code, two of these by one name."""
    return World(start=date(2026, 8, 1), end=TODAY, keys=16, requests_per_key_day=8, coding_keys=3, seats=2)


def synced(path: Path, world: World, source: str) -> Ledger:
    """A ledger of it."""
    book = Ledger(path, CLOCK)
    with client_of(Simulator(world, clock=CLOCK.now)) as client:
        book.sync(f"{SINCE}", source=source, client=client)
    return book


@pytest.fixture(scope="module")
def coded(world: World, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """The ledger of both dialects."""
    return synced(tmp_path_factory.mktemp("coded") / "ledger", world, "both")


def billed(world: World) -> Decimal:
    """What Claude Code was truly billed on the days asked about."""
    coding = world.organization.coding.id
    costs = [
        request.cost()
        for day in days(SINCE, LAST)
        for request in world.requests(day)
        if request.group.workspace == coding
    ]
    return sum(costs, Decimal(0))


def table_of(book: Ledger, by: str) -> Table:
    """The answer over the days that both dialects have."""
    return book.claude_code(by or (), f"{SINCE}", UNTIL)


@pytest.mark.long
@pytest.mark.parametrize("by", ["person", "day", "model", ""])
def test_the_bill_stands_beside(coded: Ledger, world: World, by: str) -> None:
    """By person, day and model the billed amounts sum to what Claude Code was truly billed, to the last digit."""
    table = table_of(coded, by)
    known = [cell for cell in column(table, "billed") if cell is not None]
    assert sum(known, Decimal(0)) == total(table, "billed") == billed(world)
    assert summed(table, "estimated") == total(table, "estimated")
    assert abs(total(table, "estimated")) > 0


@pytest.mark.long
def test_it_is_the_spend_by_product(coded: Ledger) -> None:
    """The bill is that of `spend` for the product, and the estimate is in no total of it."""
    spend = coded.spend("product", f"{SINCE}", UNTIL, {"product": "claude_code"})
    assert total(spend, "billed") == total(table_of(coded, "person"), "billed")


@pytest.mark.long
def test_active_days_are_counted_once(coded: Ledger, world: World) -> None:
    """A person who works on a day in several places is active one day; by person each day counts once."""
    people = {
        (request.group.account, day)
        for day in days(SINCE, LAST)
        for request in (*world.requests(day), *world.seated(day))
        if request.group.workspace == world.organization.coding.id and request.group.account
    }
    table = table_of(coded, "person")
    users = {user.id for user in world.organization.users}
    assert sum(row["active_days"] for row in table.rows if row["person"] in users) == len(people)
    assert total(table_of(coded, "terminal"), "active_days") == total(table, "active_days")
    assert total(table_of(coded, "terminal"), "active_days") < summed(table_of(coded, "terminal"), "active_days")


def test_acceptance_is_a_ratio_of_sums(coded: Ledger) -> None:
    """The rate is what was accepted of all proposals, in each row and in the total."""
    table = table_of(coded, "day")
    for row in (*table.rows, table.totals):
        assert row["acceptance_rate"] == round(Decimal(row["accepted"]) / (row["accepted"] + row["rejected"]), 12)


def test_seats_have_no_bill(coded: Ledger, world: World) -> None:
    """What a person with a seat costs is unknown, not zero, and that such people may be missing is said."""
    table = table_of(coded, "person")
    seated = {request.group.account for day in days(SINCE, LAST) for request in world.seated(day)}
    rows = [row for row in table.rows if row["person"] in seated]
    assert len(rows) == 2
    assert {(row["billed"], row["billed_per_active_day"]) for row in rows} == {(None, None)}
    assert [message for message in (*table.warnings, *table.notes) if "seat" in message and "missing" in message]
    assert [message for message in (*table.warnings, *table.notes) if "never add it" in message]


def test_keys_of_one_name_stand_together(coded: Ledger) -> None:
    """Two keys of one name are one row in the report, with the bill of both; one of its own name has its id."""
    rows = {row["person"]: row for row in table_of(coded, "person").rows}
    [both] = [row for person, row in rows.items() if str(person).startswith("key:")]
    assert both["person_name"] == "claude-code-ci"
    assert both["billed"] > 0
    assert len([row for row in rows if str(row).startswith("apikey_")]) == 1


@pytest.mark.long
def test_the_older_dialect_tells_no_bill(world: World, tmp_path: Path) -> None:
    """Where only the older dialect was read what Claude Code was billed is unknown, and that is said."""
    book = synced(tmp_path / "ledger", world, "reports")
    table = table_of(book, "person")
    assert {*column(table, "billed")} == {None}
    assert table.totals["billed"] is None
    assert total(table, "estimated") == total(table_of(book, "day"), "estimated") > 0
    assert [message for message in (*table.warnings, *table.notes) if "billed covers 0 of 4 ended days" in message]


def test_a_running_day_is_no_unread_bill(coded: Ledger) -> None:
    """The day that has not ended is not counted among the days whose bill was not read."""
    table = coded.claude_code((), f"{SINCE}", f"{TODAY}")
    assert table.coverage["billed_days"] == (TODAY - SINCE).days
    assert not [message for message in table.warnings if "billed covers" in message]


@pytest.mark.long
def test_models_do_not_multiply_what_was_done(coded: Ledger) -> None:
    """By model the counts of what was done are unknown, and their totals are those by day."""
    table = table_of(coded, "model")
    assert {*column(table, "sessions")} == {None}
    assert total(table, "sessions") == summed(table_of(coded, "day"), "sessions")
    assert summed(table, "tokens") == total(table_of(coded, "person"), "tokens")


@pytest.mark.long
def test_one_person_by_name(coded: Ledger, world: World) -> None:
    """A person can be asked for by name, and one whom nobody knows is an error."""
    user = world.organization.users[0]
    table = coded.claude_code("day", f"{SINCE}", UNTIL, {"person": user.name})
    [row] = [row for row in table_of(coded, "person").rows if row["person"] == user.id]
    assert total(table, "billed") == row["billed"]
    with pytest.raises(InvalidQuestion):
        coded.claude_code("day", f"{SINCE}", UNTIL, {"person": "Nobody"})
    with pytest.raises(InvalidQuestion):
        coded.claude_code("hour", f"{SINCE}", UNTIL)


def test_days_that_were_not_read_are_absent(coded: Ledger) -> None:
    """A day whose report was not read is named."""
    table = coded.claude_code("day", "2026-10-01", "2026-10-02")
    assert (table.cells, table.coverage["absent"]) == ([], ["2026-10-01", "2026-10-02"])
    assert table.totals["sessions"] is None


class Forgetful(Simulator):
    """A simulator whose report of Claude Code lacks the rows of everybody but the first."""

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        answer = super().answer(method, target, headers)
        if "/claude_code" not in target:
            return answer
        page = json.loads(answer.body)
        return replace(answer, body=json.dumps(page | {"data": page["data"][:1]}).encode())


class Renamed(Forgetful):
    """One whose workspaces are called something else besides."""

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        answer = super().answer(method, target, headers)
        return replace(answer, body=answer.body.replace(b'"Claude Code"', b'"Coders"'))


@pytest.mark.parametrize(
    ("simulator", "source", "said"),
    [
        (Simulator, "reports", False),
        (Forgetful, "reports", True),
        (Renamed, "reports", False),
        (Simulator, "both", False),
        (Renamed, "both", True),
    ],
)
def test_rows_that_are_left_out_show_in_the_usage(
    tmp_path: Path, world: World, simulator: type[Simulator], source: str, said: bool
) -> None:
    """Where the report has fewer tokens than Claude Code used, by product or else by workspace, the answer says so."""
    book = Ledger(tmp_path / "ledger", CLOCK)
    with client_of(simulator(world, clock=CLOCK.now)) as client:
        book.sync(f"{SINCE}", source=source, client=client)
    warnings = [
        text for text in book.claude_code("day", f"{SINCE}", UNTIL).warnings if "that Claude Code used by the" in text
    ]
    assert len(warnings) == said
    assert all(text.startswith("The report of 17 to 20 Nov has ") for text in warnings)


class Nameless(Simulator):
    """A simulator whose report of Claude Code does not say of whom its first row is."""

    actor: Mapping[str, str] = {"type": "user_actor"}

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        answer = super().answer(method, target, headers)
        if "/claude_code" not in target:
            return answer
        page = json.loads(answer.body)
        page["data"][0]["actor"] = self.actor
        return replace(answer, body=json.dumps(page).encode())


class Unheard(Nameless):
    """One that names it in a way that nobody knows."""

    actor: Mapping[str, str] = {"type": "ghost_actor", "ghost": "g"}


@pytest.mark.parametrize("simulator", [Simulator, Nameless, Unheard])
def test_rows_of_nobody_are_named(tmp_path: Path, world: World, simulator: type[Simulator]) -> None:
    """Where rows do not say whose they are, the answer says that developer-days may count somebody twice."""
    book = Ledger(tmp_path / "ledger", CLOCK)
    with client_of(simulator(world, clock=CLOCK.now)) as client:
        book.sync(f"{LAST}", source="reports", client=client)
    notes = [text for text in book.claude_code("day", f"{LAST}", UNTIL).notes if "name no person or key" in text]
    assert len(notes) == (simulator is not Simulator)
