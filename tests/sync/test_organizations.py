"""Organizations: one sync reads each `[[organization]]` of the settings; one that fails stops no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from support.records import content, records
from support.simulated_truth import assert_true
from support.switchboard import Switchboard, key_of, tables, variables, worlds
from support.wire import TODAY, span
from tallystick import Ledger
from tallystick.core.ledger_tables import NAMES
from tallystick.errors import Refused, UnexpectedResponse, UnknownName, Unreachable
from tallystick.settings import Settings
from tallystick.sim import serve

SINCE = date(2026, 11, 18)
DAYS = span(SINCE, TODAY)
TWO = ("North", "South")


@contextmanager
def book_of(folder: Path, api: Switchboard, settings: str, **other: str) -> Iterator[Ledger]:
    """The ledger in a folder, by settings with the keys of the switchboard, or `other` ones, in the environment."""
    (folder / "tallystick.toml").write_text(f'people_key = "people.key"\nledger = "ledger"\n{settings}')
    with serve(api) as server:
        environment = {**variables(api.worlds), "TALLYSTICK_BASE_URL": server.url, **other}
        loaded = Settings.load(config=str(folder / "tallystick.toml"), environment=environment)
        yield Ledger.of(loaded, clock=api.clock)


def ids(api: Switchboard) -> dict[str, str]:
    """The id of each organization by its name in the settings."""
    return {name: world.organization.id for name, world in api.worlds.items()}


def test_one_sync_reads_each_organization(tmp_path: Path) -> None:
    """Each organization is whole and exact, asked with its own key, and called as the settings call it."""
    api = Switchboard(worlds(TWO))
    with book_of(tmp_path, api, tables(TWO)) as book:
        outcome = book.sync(f"{SINCE}", source="reports")
        assert (outcome.exit_code, [*outcome.parts]) == (0, ["North", "South"])
        for name, id_ in ids(api).items():
            assert_true(book.path, api.worlds[name], DAYS, id_)
            assert getattr(outcome.parts[name], "organization", None) == id_
        table = book.spend(by=["organization"], since=f"{SINCE}")
        assert {row["organization_name"]: row["billed"] for row in table.rows} == {
            name: sum(world.billed(day) for day in DAYS) for name, world in api.worlds.items()
        }
        south = book.spend(where={"organization": "South"}, since=f"{SINCE}")
        assert south.totals["billed"] == sum(api.worlds["South"].billed(day) for day in DAYS)
        assert {row["status"] for row in book.freshness().rows} == {"ok"}
    assert {*api.keys} == {*map(key_of, TWO)}


def test_one_that_fails_stops_no_other(tmp_path: Path) -> None:
    """A key that the API refuses is named with its organization, which stays as it was; the next one is read."""
    api = Switchboard(worlds(TWO), refused=("North",))
    with book_of(tmp_path, api, tables(TWO)) as book:
        outcome = book.sync(f"{SINCE}", source="reports", partial=True)
        assert (outcome.exit_code, [*outcome.failures], outcome.parts["North"]) == (3, ["North"], None)
        assert_true(book.path, api.worlds["South"], DAYS)
        rows = {row["organization_name"]: row for row in book.freshness().rows}
        assert (rows["North"]["status"], rows["North"]["not_read"]) == ("failing", "everything")
        assert rows["South"]["status"] == "ok"
        attention = book.status().facts["attention"]
        assert attention[0] == "North was never read in full: tallystick freshness"
        with pytest.raises(Refused, match="401"):
            book.sync(f"{SINCE}", source="reports")


def test_a_credential_that_is_not_there_stops_no_other(tmp_path: Path) -> None:
    """An organization whose variable is not set is left out like one that is refused; the others are read."""
    api = Switchboard(worlds(TWO))
    with book_of(tmp_path, api, tables(TWO), NORTH_KEY="") as book:
        outcome = book.sync(f"{SINCE}", source="reports", partial=True)
        assert outcome.exit_code == 3
        assert "NORTH_KEY" in outcome.failures["North"].what
        assert_true(book.path, api.worlds["South"], DAYS)
        assert [row["status"] for row in book.freshness().rows if row["organization_name"] == "North"] == [None]


def test_only_those_that_are_named(tmp_path: Path) -> None:
    """`organizations` restricts a sync to some of them; a name that none has is asked wrongly."""
    api = Switchboard(worlds(TWO))
    with book_of(tmp_path, api, tables(TWO)) as book:
        book.sync(f"{SINCE}", source="reports", organizations=["South"])
        assert {*api.keys} == {key_of("South")}
        assert book.organizations() == [ids(api)["South"]]
        with pytest.raises(UnknownName, match="Sout"):
            book.sync(organizations=["Sout"])


@pytest.mark.long
def test_each_keeps_of_people_what_its_table_says(tmp_path: Path) -> None:
    """An organization with `people = "ids"` keeps no name of a person, the other all of them; a rebuild keeps both."""
    api = Switchboard(worlds(TWO))
    with book_of(tmp_path, api, tables(TWO, {"South": 'people = "ids"\n'})) as book:
        book.sync(f"{SINCE}", source="reports")
        for name, id_ in ids(api).items():
            users = [row for row in records(book.path, NAMES) if (row["organization"], row["type"]) == (id_, "user")]
            assert users
            assert any(row["email"] for row in users) is (name == "North")
        book.rebuild(tmp_path / "rebuilt")
    assert content(tmp_path / "rebuilt")["names"] == content(book.path)["names"]


@pytest.mark.long
def test_a_credential_of_another_organization_is_refused(tmp_path: Path) -> None:
    """Two credentials that changed places, or one for two tables, are refused; the ledger stays as it was."""
    api = Switchboard(worlds(TWO))
    with book_of(tmp_path, api, tables(TWO)) as book:
        version = book.sync(f"{SINCE}", source="reports").version
    with book_of(tmp_path, api, tables(TWO), NORTH_KEY=key_of("South"), SOUTH_KEY=key_of("North")) as book:
        outcome = book.sync(f"{SINCE}", source="reports", partial=True)
        assert [type(wrong) for wrong in outcome.failures.values()] == [UnexpectedResponse] * 2
    with book_of(tmp_path, api, tables(("North", "East")), EAST_KEY=key_of("North")) as book:
        outcome = book.sync(f"{SINCE}", source="reports", partial=True)
        assert [*outcome.failures] == ["East"]
        assert "which is North" in outcome.failures["East"].what
        assert book.context().engine.version.number == version


@pytest.mark.long
def test_ten_organizations_with_one_refusing_and_one_in_errors(tmp_path: Path) -> None:
    """Of ten the one that is refused and the one that answers with errors alone are named; eight are exact."""
    names = tuple(f"Org{number}" for number in range(10))
    api = Switchboard(worlds(names), refused=("Org3",), faults={"Org6": ["500:always"]})
    with book_of(tmp_path, api, tables(names)) as book:
        outcome = book.sync(f"{SINCE}", source="reports", partial=True)
        assert {name: type(wrong) for name, wrong in outcome.failures.items()} == {"Org3": Refused, "Org6": Unreachable}
        assert (outcome.exit_code, [*outcome.parts]) == (4, [*names])
        for name, id_ in ids(api).items():
            if name not in {"Org3", "Org6"}:
                assert_true(book.path, api.worlds[name], DAYS, id_)
        billed = {row["organization_name"]: row["billed"] for row in book.spend(by=["organization"]).rows}
        assert billed.keys() == {*names} - {"Org3", "Org6"}
        assert sum(billed.values()) == sum(api.worlds[name].billed(day) for name in billed for day in DAYS)
        failing = [row["organization_name"] for row in book.freshness().rows if row["status"] == "failing"]
        assert sorted(failing) == ["Org3", "Org6"]
        assert book.examine().damages == []
