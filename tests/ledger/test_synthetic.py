"""Synthetic ledgers: as a sync and a tally would leave them, whatever their size."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from support.command import Tallystick
from support.wire import PUBLIC
from tallystick.cli.synthetic import size
from tallystick.clock import SystemClock
from tallystick.core.ledger_tables import CHARGES, DAY_SUMS, MONTH_SUMS
from tallystick.errors import InvalidQuestion
from tallystick.ledger import Ledger
from tallystick.reports.verify import verify
from tallystick.store.digests import digests
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables
from tallystick.sync.commit import Committer
from tallystick.synthetic import ledger
from tallystick.synthetic.ledger import Written, write
from tallystick.tally.prices_in_force import Prices

CHARGES_OF_40_DAYS, DAYS = 12_000, 40


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Written]:
    """A ledger of three months, which is only read."""
    folder = tmp_path_factory.mktemp("synthetic") / "ledger"
    return folder, write(folder, CHARGES_OF_40_DAYS, DAYS)


def digest_of(folder: Path) -> dict[str, object]:
    """What tells the records and charges of a ledger from others."""
    tables = Tables(folder)
    version = tables.newest()
    names = {table: version.tables[table.name] for table in (CHARGES, DAY_SUMS, MONTH_SUMS)}
    return {table.name: digests(tables.rows(table, pin)) for table, pin in names.items()}


def test_a_ledger_adds_up_and_is_healthy(small: tuple[Path, Written]) -> None:
    """Of a written ledger `verify` lists nothing, `doctor` finds no damage, and the tally has nothing to do."""
    folder, written = small
    book = Ledger(folder, SystemClock(written.read_at))
    assert not book.verify().cells
    assert not book.examine().damages
    assert book.tally() == 0


def test_verify_reads_charges_in_few_statements(small: tuple[Path, Written]) -> None:
    """Charges are most of a ledger, so one statement tells all of a day: in all, five name their table."""
    folder, _ = small
    engine = Engine(Tables(folder), Tables(folder).newest())
    assert not verify(engine, PUBLIC, archive=False).cells
    assert sum("ledger.charges" in statement for statement in engine.statements) == 5


@pytest.mark.long
def test_the_tally_comes_to_the_same_charges(small: tuple[Path, Written], tmp_path: Path) -> None:
    """Matched anew, usage and bill come to the same charges and sums, to the last place and word."""
    folder = tmp_path / "ledger"
    written = write(folder, CHARGES_OF_40_DAYS, DAYS)
    before, tables = digest_of(folder), Tables(folder)
    with tables.writing() as writer:
        version = writer.version
        prices = Prices.with_own("# another list, which changes no price\n")
        assert Committer(writer, version.organization, prices).keep_prices(written.read_at) == DAYS
        assert {name: writer.version.tables[name] for name in before} == {name: version.tables[name] for name in before}
    assert digest_of(folder) == before == digest_of(small[0])


def test_the_seed_decides_the_numbers(small: tuple[Path, Written], tmp_path: Path) -> None:
    """Another seed makes other numbers on the same days, and another organization."""
    other = write(tmp_path / "other", CHARGES_OF_40_DAYS, DAYS, seed=2)
    assert other.first == small[1].first
    assert digest_of(tmp_path / "other") != digest_of(small[0])
    assert Tables(tmp_path / "other").newest().organization != Tables(small[0]).newest().organization


def test_the_size_is_about_what_was_asked(small: tuple[Path, Written]) -> None:
    """The charges are within a tenth of what was asked, on as many days, counted as they stand in the ledger."""
    folder, written = small
    [row] = Engine(Tables(folder), Tables(folder).newest()).rows(
        "SELECT count(*) AS charges, count(DISTINCT day) AS days, min(day) AS first, max(day) AS last FROM charges"
    )
    assert row == {"charges": written.charges, "days": DAYS, "first": written.first, "last": written.last}
    assert abs(written.charges / CHARGES_OF_40_DAYS - 1) < Decimal("0.1")
    assert written.last - written.first == timedelta(days=DAYS - 1)


@pytest.mark.long
def test_how_many_are_made_at_a_time_changes_nothing(
    small: tuple[Path, Written], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that is made a day at a time has the rows of one that is made a month at a time."""
    monkeypatch.setattr(ledger, "AT_ONCE", 1)
    write(tmp_path / "ledger", CHARGES_OF_40_DAYS, DAYS)
    assert digest_of(tmp_path / "ledger") == digest_of(small[0])


def test_nothing_is_written_where_something_is(small: tuple[Path, Written]) -> None:
    """A folder that holds a ledger is refused, and stays as it was."""
    before = {path: path.stat().st_mtime_ns for path in small[0].rglob("*")}
    with pytest.raises(InvalidQuestion, match="not an empty folder"):
        write(small[0], CHARGES_OF_40_DAYS, DAYS)
    assert {path: path.stat().st_mtime_ns for path in small[0].rglob("*")} == before


@pytest.mark.parametrize(("charges", "days"), [(1_000, 365), (1_000, 0), (10**9, 40_000)])
def test_a_size_that_cannot_be_is_refused(tmp_path: Path, charges: int, days: int) -> None:
    """Fewer charges than one key has, no days, and more than a century are refused, and no folder is left."""
    with pytest.raises(InvalidQuestion):
        write(tmp_path / "ledger", charges, days)
    assert not [*tmp_path.iterdir()]


@pytest.mark.long
def test_the_command_says_how_large_it_is_and_how_to_ask(tallystick: Tallystick, tmp_path: Path) -> None:
    """`sim ledger` takes 12k for 12,000, and prints charges, keys, days, size, time and the instant to ask as of."""
    answer = tallystick("sim", "ledger", str(tmp_path / "made"), "--charges", "12k", "--days", "40")
    assert answer.code == 0
    assert "2025-11-22 to 2025-12-31" in answer.out
    assert " MB in " in answer.out
    assert "TALLYSTICK_NOW=2026-01-01T12:00:00Z" in answer.out


@pytest.mark.parametrize(
    ("text", "count"), [("250k", 250_000), ("1.5M", 1_500_000), ("1_000", 1_000), ("2m", 2 * 10**6)]
)
def test_a_size_is_a_count_with_a_unit(text: str, count: int) -> None:
    """A size is a number, with k for thousands and M for millions."""
    assert size(text) == count
