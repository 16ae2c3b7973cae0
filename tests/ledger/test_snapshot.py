"""Snapshot: the newest version and its files, which a question reads in the place of logs."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from support.cost_rows import ME, NOW, cost_of
from tallystick.core.report_tables import COST
from tallystick.reports.content_check import damaged_tables
from tallystick.store.engine import Engine
from tallystick.store.snapshot import NAME, Snapshot
from tallystick.store.tables import Tables

DAY = date(2026, 10, 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of three versions, each with one more row of cost: 1, 2 and 3 US dollars."""
    for number in range(1, 4):
        _add(tmp_path, number)
    return tmp_path


def _add(path: Path, number: int) -> None:
    with Tables(path).writing() as writer:
        writer.append(COST, cost_of((DAY, "m", str(number))))
        writer.commit(ME, "more", NOW, {})


def _billed(path: Path) -> Decimal:
    tables = Tables(path)
    [row] = Engine(tables, tables.newest_by_snapshot()).rows("SELECT sum(billed) AS billed FROM ledger.cost")
    billed: Decimal = row["billed"]
    return billed


def test_it_is_of_the_newest_version(path: Path) -> None:
    """It holds the newest version as the table of versions states it, and the files that its log lists."""
    snapshot, tables = Snapshot.read(path), Tables(path)
    assert snapshot is not None
    assert snapshot.version == tables.newest() == tables.newest_by_snapshot()
    assert sorted(tables.listed(COST, tables.newest_by_snapshot())) == sorted(tables.pinned(COST, tables.newest()))
    assert _billed(path) == 6


def test_a_ledger_that_was_replaced_is_read_anew(path: Path) -> None:
    """Whoever read a ledger, and finds another with as many versions in its place, reads that one."""
    tables = Tables(path)
    assert tables.newest_by_snapshot().number == 3
    shutil.rmtree(path)
    for number in (5, 6, 7):
        _add(path, number)
    [row] = Engine(tables, tables.newest_by_snapshot()).rows("SELECT sum(billed) AS billed FROM ledger.cost")
    assert row["billed"] == 18


def test_a_question_needs_no_log(path: Path) -> None:
    """A question is answered without Delta Lake and without Arrow."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom tallystick.store.engine import Engine\n"
        "from tallystick.store.tables import Tables\ntables = Tables(Path(sys.argv[1]))\n"
        "rows = Engine(tables, tables.newest_by_snapshot()).rows('SELECT sum(billed) FROM ledger.cost')\n"
        "print(len(rows), *({'deltalake', 'pyarrow', 'pandas', 'numpy'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)  # noqa: S603
    assert run.stdout.split() == ["1"]


@pytest.mark.parametrize("content", [None, b"", b"spoilt", b"cut"])
def test_without_it_the_logs_are_read(path: Path, content: bytes | None) -> None:
    """A snapshot that is gone or not as it was written changes no answer."""
    file = path / NAME
    written = file.read_bytes()
    file.unlink() if content is None else file.write_bytes(written[:-9] if content == b"cut" else content)
    assert _billed(path) == 6


def test_an_old_one_does_not_count(path: Path) -> None:
    """Where a version was written after it, as by a writer that died, the newer one is answered from."""
    file = path / NAME
    old = file.read_bytes()
    _add(path, 4)
    file.write_bytes(old)
    assert Tables(path).newest_by_snapshot().number == 4
    (path / "newest").write_text("3\n")  # the row of a version comes before its number
    assert Tables(path).newest_by_snapshot().number == 4
    assert _billed(path) == 10


def test_it_is_held_to_what_the_version_states(path: Path) -> None:
    """Files that a snapshot does not list as its version states them are taken from the log."""
    stated = json.loads((path / NAME).read_bytes().partition(b"\n")[2])
    stated["files"]["cost"].popitem()
    _write(path, stated)
    assert _billed(path) == 6


@pytest.mark.parametrize("stated", [{}, [], {"version": {"number": 3}}])
def test_one_of_another_release_does_not_count(path: Path, stated: object) -> None:
    """A snapshot of another shape, as another release of tallystick may write it, changes no answer."""
    _write(path, stated)
    assert _billed(path) == 6


def test_verify_compares_it_with_the_versions(path: Path) -> None:
    """A snapshot of a version that the table of versions has not is a row of `verify`."""
    tables = Tables(path)
    assert damaged_tables(Engine(tables, tables.newest_by_snapshot())) == []
    stated = json.loads((path / NAME).read_bytes().partition(b"\n")[2])
    stated["version"]["what"] = "another"
    _write(path, stated)
    assert [row[2] for row in damaged_tables(Engine(tables, Tables(path).newest_by_snapshot()))] == ["snapshot"]


def _write(path: Path, stated: object) -> None:
    content = json.dumps(stated).encode()
    (path / NAME).write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
