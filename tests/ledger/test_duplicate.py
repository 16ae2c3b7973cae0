"""Duplicates: a whole ledger copied from one folder to another."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from support.cost_rows import ME, NOW, cost_of
from tallystick.core.report_tables import COST
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.store.duplicate import duplicate
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables


def _add(tables: Tables) -> None:
    with tables.writing() as writer:
        writer.append(COST, cost_of((date(2026, 10, 1), "m", "1")))
        writer.archive.keep(b"page")
        writer.commit(ME, "more", NOW, {})


def _sum(path: Path) -> object:
    tables = Tables(path)
    return Engine(tables, tables.newest()).rows("SELECT sum(billed) AS billed FROM ledger.cost")[0]["billed"]


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """A ledger of two versions, each with one more dollar of cost."""
    tables = Tables(tmp_path / "ledger")
    _add(tables)
    _add(tables)
    return tables


def _inside(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"writer.lock"}


@pytest.mark.parametrize("standing", [False, True], ids=["new", "empty"])
def test_a_copy_is_a_ledger_of_its_own(tables: Tables, tmp_path: Path, standing: bool) -> None:
    """A copy in a new or an empty folder has every file and the same figures, and grows without the first."""
    if standing:
        (tmp_path / "copy").mkdir()
    copied = duplicate(tables, tmp_path / "copy")
    assert (copied.version, _sum(tmp_path / "copy")) == (2, 2)
    assert _inside(tmp_path / "copy") == _inside(tables.root)
    assert copied.files == len(_inside(tables.root))
    assert copied.size == sum((tables.root / name).stat().st_size for name in _inside(tables.root))
    _add(Tables(tmp_path / "copy"))
    assert (_sum(tmp_path / "copy"), _sum(tables.root)) == (3, 2)


def test_a_stopped_copy_goes_on(tables: Tables, tmp_path: Path) -> None:
    """What a stopped copy wrote whole is not written again; what it left cut, or is of no file, is no part of it."""
    part = tmp_path / ".copy.copy"
    names = sorted(_inside(tables.root))
    for name in names[:4]:
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        (part / name).write_bytes((tables.root / name).read_bytes())
        status = (tables.root / name).stat()
        os.utime(part / name, ns=(status.st_atime_ns, status.st_mtime_ns))
    (part / names[3]).write_bytes(b"cut")
    (part / "other").write_bytes(b"of no file")
    inodes = [(part / name).stat().st_ino for name in names[:3]]
    duplicate(tables, tmp_path / "copy")
    assert [(tmp_path / "copy" / name).stat().st_ino for name in names[:3]] == inodes
    assert _inside(tmp_path / "copy") == {*names}
    assert _sum(tmp_path / "copy") == 2


def test_what_cannot_be_copied_is_left_alone(tables: Tables, tmp_path: Path) -> None:
    """No ledger, the ledger itself and a folder that holds something are refused, and stay as they are."""
    with pytest.raises(LedgerError, match="no ledger at"):
        duplicate(Tables(tmp_path / "none"), tmp_path / "copy")
    with pytest.raises(InvalidQuestion, match="the ledger itself"):
        duplicate(tables, tables.root)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    for target in (tmp_path / "other", tmp_path / "other" / "file"):
        with pytest.raises(InvalidQuestion, match="not an empty folder"):
            duplicate(tables, target)
    assert _inside(tmp_path / "other") == {"file"}
    assert not (tmp_path / "copy").exists()
