"""Versions that users see: the ledger as it was, the log of what was committed, and what changed between two."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import click
import pytest

from support.records import records
from support.wire import DAY, NOW, Clock, Wire, days_ago, small, synced
from tallystick.cli import cli
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.money import total
from tallystick.errors import InvalidQuestion
from tallystick.ledger import Ledger
from tallystick.reports.diff import LINE
from tallystick.settings import Settings
from tallystick.sim import World
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables

OLD = days_ago(22)
"""A day of October, which is restated between the first sync and the second."""
FIRST = NOW - 3 * DAY


@pytest.fixture(scope="module")
def world() -> World:
    """A small world, in which a day of October is restated after the first sync."""
    return small()


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory, world: World) -> Path:
    """A ledger synced three days ago and now, with a restatement of October between."""
    path = tmp_path_factory.mktemp("versions") / "ledger"
    synced(path, Wire(world, Clock(FIRST)), days_ago(24))
    world.restate(OLD)
    synced(path, Wire(world), days_ago(24))
    return path


def _ledger_as_of(path: Path, as_of: str | None = None) -> Ledger:
    settings = Settings.load(ledger=str(path), environment={})
    return Ledger.of(settings, clock=Clock(), as_of=as_of)


def _spent(path: Path, as_of: str | None = None) -> Decimal | None:
    table = _ledger_as_of(path, as_of).spend(by=(), since="2026-10", until="2026-10")
    amount = table.totals["billed"]
    assert amount is None or isinstance(amount, Decimal)
    return amount


def _charged(path: Path, number: int) -> Decimal:
    [version] = [version for version in Tables(path).versions() if version.number == number]
    rows = records(path, CHARGES, version)
    return total([row["billed"] for row in rows if row["billed"] is not None and row["month"] == "2026-10"])


def _last(path: Path) -> int:
    """The number of the last version of the first sync."""
    return max(version.number for version in Tables(path).versions() if version.at and version.at < FIRST + DAY)


@pytest.mark.long
def test_a_question_is_answered_as_the_ledger_was(twice: Path) -> None:
    """By number, by day and by instant the same version answers, with what it holds and no later one."""
    last = _last(twice)
    for version_text in (
        str(last),
        str(FIRST.date()),
        str(FIRST.date() + DAY),
        "2026-11-19T12:00:00Z",
        "2026-11-20T00:00:00Z",
    ):
        assert _spent(twice, version_text) == _charged(twice, last), version_text
        assert _ledger_as_of(twice, version_text).spend().as_of["version"] == last
    assert _spent(twice) == _charged(twice, Tables(twice).newest().number)
    assert _spent(twice) != _spent(twice, str(last))


def test_a_day_ends_before_midnight(twice: Path) -> None:
    """A version that was committed on a day is in that day, and in no day before it."""
    tables = Tables(twice)
    assert tables.as_of(str(NOW.date())) == tables.newest()
    assert tables.as_of(str(NOW.date() - DAY)).number == _last(twice)
    assert tables.as_of("2026-11-22T12:00:00Z") == tables.newest()
    assert tables.as_of("2026-11-22T11:59:59Z").number == _last(twice)


@pytest.mark.parametrize("text", ["0", "4711", "2026-11-18", "2026-11-19T11:59:59Z"])
def test_what_was_before_the_first_version_is_asked_wrongly(twice: Path, text: str) -> None:
    """Where there was no version, the first and the newest are named."""
    newest = Tables(twice).newest().number
    with pytest.raises(InvalidQuestion, match=rf"first is 1, of 2026-11-19T12:00:00Z and its newest is {newest}, of"):
        _ledger_as_of(twice, text).spend()


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026-11-19T12:00:00", "-1", ""])
def test_what_is_no_version_is_asked_wrongly(twice: Path, text: str) -> None:
    """A word that is neither number, day nor instant with a zone is refused."""
    with pytest.raises(InvalidQuestion, match="neither a version nor a day"):
        _ledger_as_of(twice, text).spend()


def test_a_version_from_before_a_table_has_none_of_it(twice: Path) -> None:
    """A version that does not pin a table answers as if it were empty."""
    tables = Tables(twice)
    version = tables.newest()
    older = {name: pin for name, pin in version.tables.items() if name != "closed"}
    engine = Engine(tables, type(version)(version.number, version.at, older))
    assert engine.sql("SELECT count(*) AS n FROM closed").to_pylist() == [{"n": 0}]


def test_every_command_that_asks_the_ledger_can_ask_it_as_it_was() -> None:
    """`--as-of` is an option of each command with `--ledger` that does not write, ask the API or follow the newest."""
    without = {
        "limits",
        "sync",
        "tally",
        "doctor",
        "backup",
        "restore",
        "rebuild",
        "vacuum",
        "forget",
        "close",
        "demo",
        "mcp",
        "metrics",
        "serve",
        "watch",
    }
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command
        options = {param.name for param in command.params if isinstance(param, click.Option)}
        if "ledger" in options:
            assert ("as_of" in options) == (name not in without), name


def test_the_log_has_every_version(twice: Path) -> None:
    """One row a version, the newest first, with the tables whose pin moved; `top` says what it leaves out."""
    table = _ledger_as_of(twice).log()
    versions = Tables(twice).versions()
    assert [row["version"] for row in table.rows] == list(range(versions[0].number, 0, -1))
    assert [row["what"] for row in table.rows] == [version.what for version in versions]
    for row, after, before in zip(table.rows, versions, versions[1:], strict=False):
        moved = {name for name, pin in after.tables.items() if before.tables[name] != pin}
        assert set(str(row["changed"]).split(", ")) - {""} == moved
    short = _ledger_as_of(twice).log(2)
    assert short.rows == table.rows[:2]
    assert (*short.warnings, *short.notes) == (f"{len(versions) - 2} older versions are not shown.",)
    assert _ledger_as_of(twice, str(_last(twice))).log().rows == [
        row for row in table.rows if int(str(row["version"])) <= _last(twice)
    ]


@pytest.mark.long
@pytest.mark.parametrize("since", [None, "2026-11-19"])
def test_a_diff_is_what_was_restated(twice: Path, since: str | None) -> None:
    """Only the restated day is in it, exactly: since what last changed the month, or an earlier day."""
    table = _ledger_as_of(twice).diff("2026-10", since, by=LINE)
    assert table.rows
    summary = _ledger_as_of(twice).diff("2026-10", since)
    assert [heading.name for heading in summary.headings] == ["day", "billed_before", "billed_after", "billed_change"]
    assert ([row["day"] for row in summary.rows], summary.totals) == ([str(OLD)], {**table.totals, **summary.totals})
    assert summary.totals["billed_change"] == table.totals["billed_change"]
    assert {row["day"] for row in table.rows} == {str(OLD)}
    before, after = (_charged(twice, int(table.coverage[side])) for side in ("from", "to"))
    assert (table.totals["billed_change"] or 0) == after - before
    assert since is None or after != before
    for figure in ("quantity", "billed"):
        for row in table.rows:
            sides: list[int | Decimal] = [row[f"{figure}_{side}"] or 0 for side in ("after", "before")]  # type: ignore[misc]
            assert (row[f"{figure}_change"] or 0) == sides[0] - sides[1]
    assert all(
        row["quantity_before"] != row["quantity_after"] or row["billed_before"] != row["billed_after"]
        for row in table.rows
    )


def test_a_line_of_one_side_alone_is_null_on_the_other(twice: Path) -> None:
    """From before the first sync of a month everything is new, and nothing was zero before."""
    table = _ledger_as_of(twice).diff("2026-10", "1", by="model")
    first = _charged(twice, 1)
    assert table.totals["billed_after"] == _charged(twice, Tables(twice).newest().number)
    if not first:
        assert {row["billed_before"] for row in table.rows} == {None}
        assert table.totals["billed_before"] is None


def test_a_diff_of_nothing_is_empty(twice: Path) -> None:
    """Between a version and itself no line changed."""
    table = _ledger_as_of(twice).diff("2026-10", "2", "2")
    assert table.cells == []
    assert table.totals == {"billed_before": None, "billed_after": None, "billed_change": None}


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        (("october", None, None), "not a month"),
        (("2026-10", "3", "2"), "newer than"),
        (("2026-05", None, None), "no charges of 2026-05"),
    ],
)
def test_a_diff_that_cannot_be_is_asked_wrongly(
    twice: Path, versions: tuple[str, str | None, str | None], words: str
) -> None:
    """A month that is none or not in the ledger, and versions in the wrong order, are named."""
    with pytest.raises(InvalidQuestion, match=words):
        _ledger_as_of(twice).diff(*versions)


def test_a_dimension_that_no_line_has_is_named(twice: Path) -> None:
    """Only what tells lines apart can sum them."""
    with pytest.raises(InvalidQuestion, match="no dimension 'team'"):
        _ledger_as_of(twice).diff("2026-10", by="team")


def test_names_stand_beside_ids(twice: Path) -> None:
    """What has a name shows it."""
    assert {heading.name for heading in _ledger_as_of(twice).diff("2026-10", by=LINE).headings} >= {
        "workspace_name",
        "key_name",
        "actor_name",
    }
