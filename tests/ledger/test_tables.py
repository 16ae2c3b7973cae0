from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from support.cost_rows import ME, cost_of
from support.full_ledger import SINCE
from support.records import content, records, rows
from support.wire import NOW, Clock, Wire, days_ago, small, synced
from tallystick.core.ledger_tables import DAYS, NAMES, PAGES, PINNED, VERSIONS
from tallystick.core.report_tables import COST, USAGE_DAY
from tallystick.core.table import LedgerTable
from tallystick.core.time import DAY
from tallystick.errors import LedgerError
from tallystick.ledger import Ledger
from tallystick.reports.content_check import damaged_tables
from tallystick.sim import World
from tallystick.store import compaction, staging
from tallystick.store.columns import encoded, schema, summable
from tallystick.store.digests import count_of, digests
from tallystick.store.engine import Engine
from tallystick.store.staging import Staging
from tallystick.store.tables import Tables
from tallystick.store.version import EMPTY, Version
from tallystick.store.writer import Writer
from tallystick.tally.prices_in_force import Prices


def _costs(tables: Tables, version: Version | None = None) -> list[tuple[date, str, Decimal]]:
    """Day, model and amount of every row of cost, as a version pins it."""
    pinned = (version or tables.newest()).tables[COST.name]
    costs = tables.open(COST, pinned).to_pyarrow_table().to_pylist()
    return sorted((row["day"], row["model"], row["billed"]) for row in costs)


A, B, C = date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 2)


@pytest.fixture
def tables(path: Path) -> Tables:
    """A ledger of three days of cost, in two months."""
    made = Tables(path)
    with made.writing() as writer:
        writer.replace(COST, ME, [A, B, C], cost_of((A, "m", "1"), (B, "m", "2"), (B, "n", "3"), (C, "m", "4")))
        writer.commit(ME, "three days", NOW, {})
    return made


@pytest.mark.long
def test_a_new_ledger_is_empty_and_can_be_asked(path: Path) -> None:
    """Where nothing was committed yet there is no ledger to read; an interrupted first writer leaves an empty one."""
    assert not Tables(path).exists()
    assert Tables(path).newest() == EMPTY
    with pytest.raises(LedgerError, match="no ledger"):
        Ledger(path, Clock()).sql("SELECT 1")
    with Tables(path).writing():
        pass
    assert Tables(path).newest() == EMPTY
    for view in ("usage", "usage_hour", "cost", "days", "names", "notices", "versions", "pages"):
        assert Ledger(path, Clock()).sql(f"SELECT * FROM {view}").rows == []  # noqa: S608


def test_days_that_no_file_has_are_one_entry_of_the_log(tables: Tables) -> None:
    """Rows of new days are added in one entry of the log; where a file has their days, one more deletes what it has."""
    entries = []
    for day, amount in ((date(2026, 10, 3), "5"), (B, "6")):
        with tables.writing() as writer:
            before = writer.delta(COST).version()
            writer.replace(COST, ME, [day], cost_of((day, "m", amount)))
            writer.commit(ME, "one more", NOW, {})
            entries.append(writer.delta(COST).version() - before)
    assert entries == [1, 2]
    stated = pa.table(tables.open(COST).get_add_actions(flatten=True))
    assert {*stated["min.day"].to_pylist()} >= {A, B, date(2026, 10, 3)}
    assert [row[2] for row in _costs(tables)] == [Decimal(amount) for amount in (1, 6, 4, 5)]


def test_replacing_days_leaves_the_others(tables: Tables) -> None:
    """New rows of some days take the place of all rows of these days, and of no other day or organization."""
    with tables.writing() as writer:
        writer.append(COST, cost_of((B, "m", "9"), organization="another"))
        writer.replace(COST, ME, [B], cost_of((B, "o", "7")))
        writer.commit(ME, "again", NOW, {})
        writer.replace(COST, ME, [C], cost_of())
        writer.commit(ME, "nothing", NOW, {})
    assert _costs(tables) == [(A, "m", 1), (B, "m", 9), (B, "o", 7)]
    assert tables.newest().number == 3


def test_a_digest_tells_the_rows_of_a_day_from_all_others() -> None:
    """The digest of a day is of its rows alone: not of their order, nor of other days, nor of how text is held."""
    rows = cost_of((A, "m", "1"), (B, "m", "2"), (B, "n", "3"), (C, "m", "4"))
    known = digests(rows)
    assert known.keys() == {A, B, C}
    assert digests(rows.take([3, 2, 0, 1])) == digests(rows.cast(encoded(COST))) == known
    assert digests(rows.slice(1)) == {B: known[B], C: known[C]}
    costs = digests(cost_of((C, "m", "4"), (B, "n", "3.000000000001"), (B, "m", "2")))
    assert costs[C] == known[C]
    assert costs[B] != known[B]
    assert len({known[C], *digests(cost_of((C, "m", "4"), (C, "m", "4"))).values()}) == 2
    assert digests(cost_of((C, "m", "4"), organization="another"))[C] != known[C]
    assert digests(cost_of()) == {}
    assert [count_of(known[day]) for day in (A, B, C)] == [1, 2, 1]


@pytest.mark.long
def test_old_versions_stay_readable(tables: Tables) -> None:
    """Each committed version can be read as it was, however much was written, compacted or undone since."""
    tables = Tables(tables.root, most_files=8)
    was = {1: _costs(tables)}
    for number in range(2, 5):
        with tables.writing() as writer:
            writer.replace(COST, ME, [B], cost_of((B, "m", str(number))))
            writer.commit(ME, "more", NOW, {})
        was[number] = _costs(tables)
    with tables.writing() as writer:
        for _ in range(tables.most_files + 2):
            writer.commit(ME, "the same", NOW, {})
    versions = tables.open(VERSIONS).to_pyarrow_table().to_pylist()
    assert sorted(row["version"] for row in versions) == list(range(1, len(versions) + 1))
    pins = {row["version"]: json.loads(row["tables"]) for row in versions}
    for number, expected in was.items():
        version = Version(number, NOW, pins[number])
        assert _costs(tables, version) == expected
        counted = Engine(tables, version).sql("SELECT sum(billed) AS b FROM cost").to_pylist()
        assert counted == [{"b": sum(amount for *_, amount in expected)}]


@pytest.mark.long
def test_few_files_are_left_however_many_days_are_written(path: Path) -> None:
    """A day a commit leaves few files in a month, with every row, and each version reads as it was."""
    tables, days = Tables(path, most_files=4), [date(2026, 10, number) for number in range(1, 21)]
    for number, day in enumerate(days):
        with tables.writing() as writer:
            writer.replace(COST, ME, [day], cost_of((day, "m", f"{number}")))
            writer.commit(ME, "a day", NOW, {})
        assert len(tables.files(COST)) <= tables.most_files + 1
    assert len(tables.files(VERSIONS)) <= tables.most_files + 1
    versions = tables.versions()
    assert len(versions) == len(days)
    for version in versions:
        assert _costs(tables, version) == [(day, "m", number) for number, day in enumerate(days[: version.number])]
        assert version.contents[COST.name].rows == version.number
    assert damaged_tables(Engine(tables, tables.newest())) == []


@pytest.mark.long
def test_a_month_that_no_sync_writes_to_is_one_file(path: Path) -> None:
    """Of all months but the newest three one file is left, whatever was written a day at a time; every row stays."""
    tables, days = Tables(path), [date(2026, month, day) for month in range(5, 11) for day in (1, 2, 3)]
    for day in days:
        with tables.writing() as writer:
            writer.replace(COST, ME, [day], cost_of((day, "m", "1")))
            writer.commit(ME, "a day", NOW, {})
    months = Counter(Path(file).parent.name for file in tables.files(COST))
    assert [months[f"month=2026-{month:02}"] for month in range(5, 11)] == [1, 1, 1, 3, 3, 3]
    assert [row[0] for row in _costs(tables, tables.newest())] == days


@pytest.mark.long
def test_large_files_of_a_settled_month_are_not_written_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is large is left as it is, also in a month that no sync writes to."""
    monkeypatch.setattr(
        compaction, "FULL", (2, 4, 2**23)
    )  # so that any file is large; nobody has a reason to choose it
    tables, days = Tables(path), [date(2026, month, day) for month in range(5, 11) for day in (1, 2, 3)]
    for day in days:
        with tables.writing() as writer:
            writer.replace(COST, ME, [day], cost_of((day, "m", "1")))
            writer.commit(ME, "a day", NOW, {})
    assert len(tables.files(COST)) == len(days)


def test_sums_of_counts_do_not_wrap() -> None:
    """Counts whose sum leaves 64 bits are summed as decimals, all others as they are."""
    large, small_ = (pa.chunked_array([pa.array([count, None, count, -count, count])]) for count in (2**62, 2**59))
    assert pc.sum(summable(large)).as_py() == 2**63
    assert pc.sum(summable(small_)).as_py() == 2**60
    assert summable(small_).type == pa.int64()
    assert pc.sum(summable(large.slice(0, 0))).as_py() is None


@pytest.mark.long
@pytest.mark.parametrize("name", ["a/b c", "it's", "50%25", 'q"q', "ü", "a=b"])
def test_an_organization_may_be_called_anything(path: Path, name: str) -> None:
    """Whatever letters its id has, the rows of an organization are compacted and read back beside another's."""
    for number in range(4):
        with Tables(path, most_files=1).writing() as writer:
            [row] = cost_of((A, "m", str(number))).to_pylist()
            rows = [row | {"organization": organization} for organization in (name, ME)]
            writer.append(COST, pa.Table.from_pylist(rows, schema(COST)))
            writer.commit(name, "more", NOW, {})
    for by_log in (False, True):
        tables = Tables(path)
        engine = Engine(tables, tables.newest() if by_log else tables.newest_by_snapshot())
        answer = engine.rows("SELECT organization, sum(billed) AS billed FROM ledger.cost GROUP BY ALL")
        assert {row["organization"]: row["billed"] for row in answer} == {name: 6, ME: 6}


def test_a_commit_while_versions_are_read_is_no_damage(tables: Tables) -> None:
    """Who reads the versions while another commits sees the one before or the new one, and calls none lost."""

    class Busy(Tables):
        def files(self, table: LedgerTable, version: int | None = None) -> list[str]:
            before = super().files(table, version)
            with Tables(self.root).writing() as writer:
                writer.commit(ME, "meanwhile", NOW, {})
            return before

    newest = tables.newest().number
    assert Busy(tables.root).newest().number == newest
    assert tables.newest().number == newest + 1


def test_log_entries_are_never_deleted(tables: Tables) -> None:
    """Every table forbids the clean-up that would delete pinned versions after 30 days."""
    for table in (COST, PAGES, VERSIONS):
        assert tables.open(table).metadata().configuration["delta.enableExpiredLogCleanup"] == "false"


@pytest.mark.long
def test_readers_never_see_half_a_commit(copy: Path) -> None:
    """What a dead writer wrote without a row of `versions` is seen by no reader, and undone by the next writer."""
    before = content(copy)
    tables, day = Tables(copy), days_ago(5)
    (name,) = {row["organization"] for row in records(copy, DAYS)}
    with tables.writing() as writer:
        writer.replace(USAGE_DAY, name, [day], schema(USAGE_DAY).empty_table())
        writer.append(COST, cost_of((day, "m", "1000000"), organization=name))
        writer.append(NAMES, pa.Table.from_pylist(records(copy, NAMES)[:1], schema(NAMES)))
    assert content(copy) == before
    assert rows(copy, "SELECT max(billed) < 1000000 AS fine FROM cost") == [{"fine": True}]
    assert rows(copy, f"SELECT count(*) > 0 AS there FROM usage WHERE day = '{day}'") == [{"there": True}]  # noqa: S608
    assert tables.open(COST).version() != tables.newest().tables["cost"]
    with tables.writing() as writer:
        writer.commit(name, "the next", NOW, {})
    assert content(copy) == before


def test_half_commits_are_undone_again_and_again(tables: Tables) -> None:
    """Writer after writer may die half way: the next that commits pins its own rows and nobody else's."""
    for amount in ("100", "200", "300"):
        with tables.writing() as writer:
            writer.append(COST, cost_of((C, "dead", amount)))
    with tables.writing() as writer:
        writer.append(COST, cost_of((C, "alive", "5")))
        writer.commit(ME, "alive", NOW, {})
    assert _costs(tables) == [(A, "m", 1), (B, "m", 2), (B, "n", 3), (C, "alive", 5), (C, "m", 4)]


def test_a_half_commit_before_the_first_version_is_undone(path: Path) -> None:
    """What the very first writer left half done is not adopted either."""
    with Tables(path).writing() as writer:
        writer.append(COST, cost_of((A, "dead", "1")))
    assert Ledger(path, Clock()).sql("SELECT * FROM cost").rows == []
    with Tables(path).writing() as writer:
        writer.commit(ME, "first", NOW, {})
    assert _costs(Tables(path)) == []


def test_rows_written_before_their_commit_are_as_staged_ones(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are written as soon as they are many are replaced, hidden, undone and committed as staged ones are."""
    monkeypatch.setattr(staging, "FULL", 0)  # no parameter of a writer: a user has no reason to choose it
    before = _costs(tables)
    for committed in (False, True):
        with tables.writing() as writer:
            assert writer.rows_on(COST, ME, [A, B, C]).num_rows == len(before)
            writer.replace(COST, ME, [A], cost_of((A, "m", "5")))
            writer.replace(COST, ME, [B, C], cost_of((B, "m", "6"), (C, "m", "6")))
            writer.replace(COST, ME, [B], cost_of((B, "o", "7")))
            assert sorted(writer.rows_on(COST, ME, [A, B])["billed"].to_pylist()) == [5, 7]
            assert DeltaTable(tables.folder(COST)).version() > tables.newest().tables[COST.name]
            assert _costs(tables) == before
            if committed:
                writer.commit(ME, "again", NOW, {})
        assert _costs(tables) == ([(A, "m", 5), (B, "o", 7), (C, "m", 6)] if committed else before)


def test_undoing_is_done_once(tables: Tables) -> None:
    """A writer that finds an undone table leaves it: restoring does not pile up commits."""
    with tables.writing() as writer:
        writer.append(COST, cost_of((C, "dead", "1")))
    with tables.writing():
        undone = tables.open(COST).version()
    for _ in range(3):
        with tables.writing():
            assert tables.open(COST).version() == undone


HOLD = """
import sys
from pathlib import Path
from tallystick.store.tables import Tables
with Tables(Path(sys.argv[1])).writing():
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(copy: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the writer's lock of the copied ledger until it is told to let go."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", HOLD, str(copy)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.long
def test_a_writer_waits_for_another_and_readers_do_not(copy: Path, truth: World, holder: subprocess.Popen[str]) -> None:
    """While a process writes, a second writer is told who it waits for, and readers read; then it takes its turn."""
    before, messages = content(copy), []

    def waiting(name: str) -> None:
        messages.append(name)
        assert rows(copy, "SELECT count(*) > 0 AS read FROM usage") == [{"read": True}]
        assert holder.stdin
        holder.stdin.write("go\n")
        holder.stdin.flush()

    wire = Wire(truth)
    synced(copy, wire, SINCE, waiting=waiting)
    assert len(messages) == 1
    assert f"process {holder.pid} on " in messages[0]
    assert content(copy) == before


def test_a_writer_does_not_wait_for_ever(copy: Path, holder: subprocess.Popen[str]) -> None:
    """A writer that waits is told for whom, at once and again, and at last gets a LedgerError that names the holder."""
    messages: list[str] = []
    with (
        pytest.raises(LedgerError, match=f"process {holder.pid}"),
        Tables(copy, patience=0.4, reminder=0.1).writing(messages.append),
    ):
        pass
    assert len(messages) >= 3
    assert all(f"process {holder.pid} on " in line for line in messages)


def test_a_dead_holder_is_not_named(copy: Path, holder: subprocess.Popen[str]) -> None:
    """A name that a dead writer left behind is not that of who writes now."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (copy / "writer.json").write_text(f"process {dead.pid} on {socket.gethostname()}")
    messages: list[str] = []
    with pytest.raises(LedgerError), Tables(copy, patience=0.01).writing(messages.append):
        pass
    assert messages == ["another process"]
    assert holder.poll() is None


@pytest.mark.long
def test_a_dead_writer_holds_nobody_up(copy: Path, holder: subprocess.Popen[str]) -> None:
    """The lock of a writer that was killed is free at once."""
    holder.kill()
    holder.communicate()
    waited: list[str] = []
    with Tables(copy).writing(waited.append):
        pass
    assert waited == []


def test_a_writer_that_fails_frees_the_ledger(tables: Tables) -> None:
    """An error in the middle of writing frees the lock and leaves nothing behind that names a holder."""
    with pytest.raises(ZeroDivisionError), tables.writing():
        _ = 1 / 0
    assert not (tables.root / "writer.json").exists()
    with tables.writing() as writer:
        assert isinstance(writer, Writer)


@pytest.mark.parametrize("lost", ["usage/_delta_log", "versions/_delta_log/00000000000000000001.json", "cost"])
def test_a_damaged_ledger_is_an_error_of_the_ledger(copy: Path, lost: str) -> None:
    """A ledger of which a table or its log is gone gives a LedgerError to what reads it, never another error."""
    target = copy / lost
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    with pytest.raises(LedgerError) as wrong:
        Ledger(copy, Clock()).sql(f"SELECT * FROM {lost.partition('/')[0]}")  # noqa: S608
    assert wrong.value.hint


def test_a_lost_file_of_rows_is_an_error_of_the_ledger(copy: Path) -> None:
    """A ledger of which a file of rows is gone or spoilt gives a LedgerError when asked, never another error."""
    for file in copy.glob("day_sums/**/*.parquet"):
        file.unlink()
    with pytest.raises(LedgerError):
        Ledger(copy, Clock()).usage((), since="30d")


def test_a_spoilt_file_of_rows_is_an_error_of_the_ledger(copy: Path) -> None:
    """A ledger of which a file of rows is no longer Parquet gives a LedgerError when asked, never another error."""
    for file in copy.glob("day_sums/**/*.parquet"):
        file.write_bytes(b"PAR1" + b"\0" * 400 + b"PAR1")
    with pytest.raises(LedgerError):
        Ledger(copy, Clock()).spend((), since="30d")


def test_a_lost_file_stops_a_writer_with_an_error_of_the_ledger(copy: Path) -> None:
    """A tally of a ledger of which a file of rows is gone ends in a LedgerError, never another error."""
    for file in copy.glob("usage/**/*.parquet"):
        file.unlink()
    own = Prices.with_own('[[price]]\nfor = "claude-opus-4-8"\nfrom = 2026-11-01\nusd = { output = "4" }\n')
    with pytest.raises(LedgerError):
        Ledger(copy, Clock(), own).tally()


def test_a_place_that_is_no_folder_is_an_error_of_the_ledger(path: Path) -> None:
    """A ledger cannot be where a file is: that is a LedgerError, before anything is asked of the API."""
    path.write_text("a file")
    wire = Wire(small())
    with pytest.raises(LedgerError):
        synced(path, wire, days_ago(3))
    assert wire.answers == []


def test_money_keeps_twelve_places(tables: Tables) -> None:
    """Amounts come back with all twelve places, and an amount with more is refused, not rounded."""
    fine = Decimal("1234567890123456.000000000001")
    with tables.writing() as writer:
        writer.replace(COST, ME, [A], cost_of((A, "m", str(fine))))
        writer.commit(ME, "fine", NOW, {})
    assert _costs(tables)[0] == (A, "m", fine)
    with pytest.raises(pa.ArrowInvalid):
        cost_of((A, "m", "0.0000000000001"))


def test_files_can_be_read_by_others(copy: Path) -> None:
    """Every table is a plain Delta table of the documented columns, that any Delta reader opens."""
    filled = [table for table in PINNED if Tables(copy).newest().tables[table.name]]
    for table in (*filled, PAGES, VERSIONS):
        folder = copy / ("pages/index" if table is PAGES else table.name)
        arrow_table: Any = DeltaTable(str(folder)).to_pyarrow_table()
        assert arrow_table.schema.names == [column.name for column in table.columns]
    times = DeltaTable(str(copy / "versions")).to_pyarrow_table()["committed_at"].to_pylist()
    assert times[0] == NOW.astimezone(UTC) == datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.long
def test_a_file_holds_few_days(path: Path) -> None:
    """Rows handed in in any order of days are all kept, each file with few of the days."""
    days = [date(2026, 10, 1 + number // 500 % 28) for number in range(28_000)]
    mixed = cost_of(*((day, f"{number}", f"{number}.{number:012d}") for number, day in enumerate(days)))
    made = Tables(path)
    staging = Staging(COST, file_rows=4096)
    staging.replace({"organization": ME}, sorted({*days}), mixed)
    with made.writing() as writer:
        staging.write(writer.delta(COST))
        assert writer.rows_on(COST, ME, days[:1]).num_rows == 1000
        cost_rows = writer.rows(COST, ME)
    order = [(name, "ascending") for name in mixed.schema.names]
    assert cost_rows.select(mixed.schema.names).cast(mixed.schema).sort_by(order).equals(mixed.sort_by(order))
    days_by_file = [
        {*pq.read_table(file, columns=["day"], partitioning=None)["day"].to_pylist()} for file in made.files(COST)
    ]
    assert max(map(len, days_by_file)) < len({*days}) / 2


def test_a_row_with_an_unknown_key_stays_on_days_that_are_not_replaced() -> None:
    """Where a column of the key is null, a staged row of another day is not taken out with the days replaced."""
    staging, first = Staging(DAYS), date(2026, 11, 1)
    row = {"organization": "o", "source": None, "grain": "day", "day": first}
    staging.append(pa.Table.from_pylist([row], schema(DAYS)))
    staging.replace({"organization": "o", "source": "usage"}, [first + DAY], schema(DAYS).empty_table())
    rows = staging.over(schema(DAYS).empty_table(), [("organization", "=", "o")])
    assert rows["day"].to_pylist() == [first]
