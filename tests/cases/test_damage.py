from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.command import Tallystick
from support.cost_rows import ME, NOW, cost_of
from tallystick import Ledger
from tallystick.core.ledger_tables import NAMES, PINNED, VERSIONS
from tallystick.core.report_tables import COST
from tallystick.errors import LedgerError
from tallystick.reports.content_check import damaged_tables
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables
from tallystick.store.version import Version

DAY = date(2026, 10, 1)
CASES = Path(__file__).parent.parent / "witness" / "cases"


def _entry(tables: Tables, number: int) -> Path:
    return tables.folder(COST) / "_delta_log" / f"{number:020}.json"


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """A ledger of six versions, each with one more row of cost."""
    made = Tables(tmp_path / "ledger")
    with made.writing() as writer:
        for number in range(1, 7):
            writer.append(COST, cost_of((DAY, "m", str(number))))
            writer.commit(ME, "more", NOW, {})
    return made


def _empty(tables: Tables) -> None:
    _entry(tables, 3).write_bytes(b"")


def _empty_newest(tables: Tables) -> None:
    _entry(tables, 6).write_bytes(b"")


def _remove(tables: Tables) -> None:
    _entry(tables, 3).unlink()


def _remove_newest(tables: Tables) -> None:
    _entry(tables, 6).unlink()


def _cut_in_half(tables: Tables) -> None:
    entry = _entry(tables, 3)
    entry.write_bytes(entry.read_bytes()[:200])


def _cut_at_a_line(tables: Tables) -> None:
    entry = _entry(tables, 3)
    entry.write_bytes(b"".join(line for line in entry.read_bytes().splitlines(keepends=True) if b'"add"' not in line))


def _repeat(tables: Tables) -> None:
    shutil.copy(_entry(tables, 2), _entry(tables, 3))


def _other_checkpoint(tables: Tables) -> None:
    tables.open(COST, 6).create_checkpoint()
    log = tables.folder(COST) / "_delta_log"
    (checkpoint,) = log.glob("*.checkpoint.parquet")
    rows = pq.read_table(checkpoint)
    added = [index for index, action in enumerate(rows["add"].to_pylist()) if action]
    pq.write_table(rows.take([index for index in range(rows.num_rows) if index != added[0]]), checkpoint)
    for entry in log.glob("*.json"):
        if entry.stem < f"{6:020}":
            entry.unlink()


@pytest.mark.long
@pytest.mark.parametrize(
    "damage",
    [_empty, _empty_newest, _remove, _remove_newest, _cut_in_half, _cut_at_a_line, _repeat, _other_checkpoint],
    ids=lambda damage: damage.__name__.strip("_"),
)
def test_a_damaged_log_is_refused(tables: Tables, damage: Callable[[Tables], None]) -> None:
    """A table whose log lost, cut, repeated or changed an entry is refused by readers and writers, and named."""
    damage(tables)
    with pytest.raises(LedgerError, match="cost") as read:
        Engine(tables, tables.newest()).sql("SELECT sum(billed) FROM cost")
    assert "tallystick doctor --repair" in read.value.hint
    with pytest.raises(LedgerError, match="cost") as write, tables.writing():
        pass
    assert "{" not in f"{read.value}{write.value}"


def test_a_version_states_what_its_tables_hold(tables: Tables) -> None:
    """A version pins files, rows and exact sums of each table, which grow and shrink with what is written."""
    with tables.writing() as writer:
        writer.replace(COST, "o", [DAY], cost_of((DAY, "m", "0.1"), organization="o"))
        writer.commit(ME, "other", NOW, {})
        writer.replace(COST, ME, [DAY], cost_of((DAY, "m", "9999999999999999.000000000001"), (DAY, "n", "-0.5")))
        writer.commit(ME, "replaced", NOW, {})
    first, *_, before, newest = reversed(tables.versions())
    assert (first.contents["cost"].rows, first.contents["cost"].sums) == (1, {"billed": "1.00"})
    assert before.contents["cost"].rows == 7
    assert newest.contents["cost"].rows == 3
    assert newest.contents["cost"].sums == {"billed": "9999999999999998.600000000001"}
    assert "usage" not in newest.contents


def test_a_version_of_an_earlier_build_is_read_as_before(tables: Tables) -> None:
    """A ledger whose versions state no contents answers, and its next commit states them."""
    rows = [{**version.row(), "totals": "{}"} for version in tables.versions()]
    with tables.writing() as writer:
        from tallystick.store.columns import schema
        from tallystick.store.erasure import rewrite

        rewrite(writer, VERSIONS, pa.Table.from_pylist(rows, schema(VERSIONS)))
    tables.newest_file.unlink()
    assert tables.newest().contents == {}
    assert Engine(tables, tables.newest()).sql("SELECT sum(billed) AS b FROM cost").to_pylist() == [{"b": 21}]
    with tables.writing() as writer:
        writer.commit(ME, "as it was", NOW, {})
    assert tables.newest().contents["cost"].sums == {"billed": "21.00"}


@pytest.mark.parametrize("damage", ["emptied", "removed", "folder", "whole", "cut"])
def test_lost_versions_are_refused_and_nothing_is_emptied(tables: Tables, damage: str) -> None:
    """Where versions are lost, no reader answers by an older one and no writer empties what the tables hold."""
    log = tables.folder(VERSIONS) / "_delta_log"
    newest = max(log.glob("*.json"))
    if damage == "emptied":
        newest.write_bytes(b"")
    elif damage == "removed":
        newest.unlink()
    elif damage == "folder":
        shutil.rmtree(tables.folder(VERSIONS))
    elif damage == "whole":
        for entry in sorted(log.glob("*.json"))[1:]:
            entry.write_bytes(b"")
    else:
        newest.write_bytes(newest.read_bytes().splitlines(keepends=True)[0])
    before = sorted(path for path in tables.root.rglob("*") if path.is_file())
    with pytest.raises(LedgerError, match="version"):
        tables.newest()
    with pytest.raises(LedgerError, match="version"), tables.writing():
        pass
    assert sorted(path for path in tables.root.rglob("*") if path.is_file() and path.name != "writer.lock") == [
        path for path in before if path.name != "writer.lock"
    ]


def test_what_is_written_is_private(tables: Tables, tmp_path: Path) -> None:
    """A ledger is its user's alone; one in a folder with the set-group-ID bit is its group's as that folder says."""
    for path in (tables.root, *tables.root.rglob("*")):
        assert not path.stat().st_mode & 0o077, path
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2750)
    with Tables(shared).writing() as writer:
        writer.append(COST, cost_of((DAY, "m", "1")))
        writer.archive.keep(b"{}")
        writer.commit(ME, "shared", NOW, {})
    files = [path for path in shared.rglob("*") if path.name != "writer.lock"]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o777 for path in files} == {0o640, 0o750}


@pytest.fixture
def damaged(book: Ledger, tmp_path: Path, tallystick: Tallystick) -> Tallystick:
    """The command line on a copy of a synced ledger, at `tmp_path / "damaged"`."""
    shutil.copytree(book.path, tmp_path / "damaged")
    return lambda *words: tallystick(*words, TALLYSTICK_LEDGER=str(tmp_path / "damaged"))


@pytest.mark.long
def test_verify_reads_every_page(damaged: Tallystick, tmp_path: Path) -> None:
    """Flipped bytes in an archived page and a page that is gone are rows of `verify`, exit code 1; answers go on."""
    right = damaged("verify", "--format", "json")
    assert right.code == 0
    altered, gone, *_ = sorted((tmp_path / "damaged" / "pages").glob("??/*.zst"))
    data = bytearray(altered.read_bytes())
    data[20:24] = bytes(byte ^ 0xFF for byte in data[20:24])
    altered.write_bytes(data)
    gone.unlink()
    run = damaged("verify", "--format", "json")
    assert run.code == 1, run.err
    rows = json.loads(run.out)["rows"]
    assert {row["expected"] for row in rows} == {altered.stem, gone.stem}
    assert all(row["check"].startswith("archive: page of ") for row in rows)
    assert damaged("spend").code == 0


@pytest.mark.long
def test_verify_reads_every_file_of_every_table(damaged: Tallystick, tmp_path: Path) -> None:
    """A file whose texts were changed, of any table, is named by `verify` though every sum still adds up."""
    tables = Tables(tmp_path / "damaged")
    file = Path(tables.pinned(NAMES, tables.newest())[0])
    rows = pq.ParquetFile(file).read()
    column = rows.schema.names.index("name")
    pq.write_table(rows.set_column(column, "name", pa.array(["someone else"] * rows.num_rows)), file)
    run = damaged("verify", "--format", "json")
    assert run.code == 1, run.err
    assert [row["check"] for row in json.loads(run.out)["rows"]] == [f"table names: {file.name}"]


def test_verify_reads_the_files_of_older_versions(tables: Tables) -> None:
    """A file that only an older version holds is compared as well: --as-of answers from it."""
    [*_, file] = map(Path, tables.pinned(COST, tables.newest()))
    with tables.writing() as writer:
        writer.replace(COST, ME, [DAY], cost_of((DAY, "m", "7")))
        writer.commit(ME, "replaced", NOW, {})
    assert damaged_tables(Engine(tables, tables.newest())) == []
    data = bytearray(file.read_bytes())
    data[40] ^= 1
    file.write_bytes(data)
    [row] = damaged_tables(Engine(tables, tables.newest()))
    assert row[2] == f"table cost: {file.name}"


@pytest.mark.long
def test_a_flipped_bit_is_no_traceback(damaged: Tallystick, tmp_path: Path) -> None:
    """Damaged files of rows end every command that reads them with one message, exit code 6; `verify` lists them."""
    tables = Tables(tmp_path / "damaged")
    version = tables.newest()
    for table in PINNED:
        for file in map(Path, tables.pinned(table, version)):
            data = bytearray(file.read_bytes())
            data[len(data) // 2] ^= 0x10  # a page of rows
            data[-1] ^= 0x04  # and the footer
            file.write_bytes(data)
    for words in (("spend",), ("keys",), ("verify",), ("sql", "SELECT * FROM names"), ("export", "usage")):
        run = damaged(*words)
        assert run.code == (1 if words == ("verify",) else 6), (words, run.out, run.err)
        assert run.err.count("tallystick: ") == (run.code == 6)
        assert "Traceback" not in run.err
        assert "tallystick doctor --repair" in run.err + run.out


def test_a_lost_archive_is_a_message(damaged: Tallystick, tmp_path: Path) -> None:
    """A ledger whose archive is gone ends what reads it with one message, exit code 6, and stays as it is."""
    before = damaged("spend")
    shutil.rmtree(tmp_path / "damaged" / "pages")
    for words in (("status",), ("verify",), ("sql", "SELECT * FROM pages")):
        run = damaged(*words)
        assert (run.code, run.err.count("tallystick: ")) == (6, 1), (words, run.out, run.err)
        assert "The table pages" in run.err
    assert damaged("spend") == before  # of the older dialect the archive tells nothing that stands beside an answer
    assert not (tmp_path / "damaged" / "pages").exists()


@pytest.mark.long
@pytest.mark.parametrize("folder", ["ledger", "versions", "cost"])
def test_a_file_where_a_folder_should_be(damaged: Tallystick, tmp_path: Path, folder: str) -> None:
    """A ledger, its versions or a table that is a file is a message with exit code 6, for readers and writers."""
    path = tmp_path / "damaged" / ("" if folder == "ledger" else folder)
    shutil.rmtree(path)
    path.write_text("a file")
    for words in (
        ("spend", "--by", "description"),
        ("verify",),
        ("forget", "--all", "--yes"),
        ("close", "2026-10", "--yes"),
    ):
        run = damaged(*words)
        assert run.code == 6, (words, run.err)
    assert damaged("rebuild", str(tmp_path / "new")).code in {0, 6}


def _child(*words: str, ledger: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys\nfrom pathlib import Path\nfrom tallystick.errors import TallystickError\n"
        "from tallystick.store.tables import Tables\n"
        "try:\n with Tables(Path(sys.argv[1])).writing(): pass\n"
        "except TallystickError as e: print(e); sys.exit(e.exit_code)\n"
    )
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code, str(ledger), *words],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.long
@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc, to make a disk without hard links")
def test_a_disk_without_hard_links_is_named(tmp_path: Path) -> None:
    """Where files cannot have a second name, the message says that Delta Lake needs it and to take another disk."""
    source, library = CASES / "32-disk-without-hard-links" / "nolink.c", tmp_path / "nolink.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)  # noqa: S603, S607
    run = _child(ledger=tmp_path / "new", LD_PRELOAD=str(library))
    assert run.returncode == 6, run.stderr
    assert "has no hard links, which Delta Lake needs" in run.stdout
    assert "another disk" in run.stdout
    assert "\x1b" not in run.stdout
    assert "x1b" not in run.stdout


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root, to be another user")
def test_a_ledger_of_another_user_is_a_message(tables: Tables) -> None:
    """A ledger that this user may neither read nor write is a LedgerError that says so, exit code 6."""
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom tallystick.errors import LedgerError\n"
        "from tallystick.store.tables import Tables\n"
        "import duckdb, filelock, tallystick.reports.verify, tallystick.store.writer\n"
        "tables = Tables(Path(sys.argv[1]))\nos.setuid(65534)\n"
        "def write():\n with tables.writing(): pass\n"
        "for what in (tables.exists, tables.newest, write):\n"
        " try: what()\n except LedgerError as e: print(e.what)\n else: print('no error')\n"
    )
    for folder in tables.root.parents:
        if folder.stat().st_uid == 0 and folder != Path(folder.root) and "pytest" in str(folder):
            folder.chmod(0o755)
    run = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code, str(tables.root)], capture_output=True, text=True, check=True
    )
    assert run.stdout.count("by this user") == 3, run.stdout


def test_versions_have_no_gap(tables: Tables) -> None:
    """A version knows the sums of money exactly as text, and reading it back gives the same version."""
    for version in tables.versions():
        assert Version.of_row(version.row()) == version
        assert all(Decimal(text) for content in version.contents.values() for text in content.sums.values())
