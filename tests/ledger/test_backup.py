from __future__ import annotations

import json
import shutil
import threading
from datetime import date
from pathlib import Path

import pytest

from support.cost_rows import ME, NOW, cost_of
from tallystick.core.report_tables import COST
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.store import lock
from tallystick.store.backup import back_up
from tallystick.store.engine import Engine
from tallystick.store.restore import restore
from tallystick.store.tables import Tables

DAY = date(2026, 10, 1)


def _add(tables: Tables, numbers: range) -> None:
    for number in numbers:
        with tables.writing() as writer:
            writer.append(COST, cost_of((DAY, "m", "1")))
            writer.archive.keep(b"%d" % number)
            writer.commit(ME, "more", NOW, {})


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """A ledger of three versions, each with one more dollar of cost."""
    made = Tables(tmp_path / "ledger")
    _add(made, range(3))
    return made


def _sum(path: Path) -> object:
    tables = Tables(path)
    return Engine(tables, tables.newest()).rows("SELECT sum(billed) AS billed FROM ledger.cost")[0]["billed"]


def test_a_backup_comes_back(tables: Tables, tmp_path: Path) -> None:
    """A backup is private, copies only what is new, and restores the same figures."""
    first = back_up(tables, tmp_path / "backup", None)
    _add(tables, range(3, 4))
    second = back_up(tables, tmp_path / "backup", None)
    assert (first.version, second.version) == (3, 4)
    assert 0 < first.new <= first.files  # equal files are one
    assert 0 < second.new < second.files
    assert back_up(tables, tmp_path / "backup", None).new == 0
    assert not [path for path in (tmp_path / "backup").rglob("*") if path.stat().st_mode & 0o077]
    assert restore(tmp_path / "backup", tmp_path / "again", None) == 4
    assert _sum(tmp_path / "again") == 4
    assert not [path for path in (tmp_path / "again").rglob("*") if path.stat().st_mode & 0o077]
    _add(Tables(tmp_path / "again"), range(4, 5))


def test_a_backup_while_a_sync_goes_on(tables: Tables, tmp_path: Path) -> None:
    """Whatever is committed meanwhile, each backup is of one version and restores to its figures."""
    done = threading.Event()

    def write() -> None:
        _add(tables, range(3, 23))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    count = 0
    while not done.is_set() or not count:
        count += 1
        made = back_up(Tables(tables.root), tmp_path / "backup", None)
        version = restore(tmp_path / "backup", tmp_path / f"again-{count}", None)
        assert version >= made.version
        assert _sum(tmp_path / f"again-{count}") == version
    writer.join()


def test_a_damaged_ledger_replaces_no_backup(tables: Tables, tmp_path: Path) -> None:
    """Where a file of the ledger was altered, the backup stays what it was."""
    back_up(tables, tmp_path / "backup", None)
    [file, *_] = tables.pinned(COST, tables.newest())
    Path(file).write_bytes(Path(file).read_bytes()[:-1] + b"x")
    with pytest.raises(LedgerError, match="altered") as refusal:
        back_up(Tables(tables.root), tmp_path / "backup", None)
    assert "doctor --repair" in refusal.value.hint
    restore(tmp_path / "backup", tmp_path / "again", None)
    assert _sum(tmp_path / "again") == 3


def test_a_page_that_a_power_cut_emptied_stops_no_backup(tables: Tables, tmp_path: Path) -> None:
    """A damaged page that the index does not name is no damage: a power cut left it before anything was committed."""
    page = tables.root / "pages" / "ab" / f"{'ab' * 32}.zst"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.touch()
    assert back_up(tables, tmp_path / "backup", None).version == 3
    restore(tmp_path / "backup", tmp_path / "again", None)
    assert _sum(tmp_path / "again") == 3


@pytest.mark.parametrize("part", [0, 2], ids=["emptied", "halved"])
def test_a_damaged_backup_restores_nothing(tables: Tables, tmp_path: Path, part: int) -> None:
    """Where any file of a backup is cut, there is an error and no ledger."""
    back_up(tables, tmp_path / "backup", None)
    for file in sorted((tmp_path / "backup" / "files").glob("*/*"))[::4]:
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // part] if part else b"")
        with pytest.raises(LedgerError, match="damaged"):
            restore(tmp_path / "backup", tmp_path / "again", None)
        assert not (tmp_path / "again").exists()
        file.write_bytes(content)
    restore(tmp_path / "backup", tmp_path / "again", None)


def test_the_key_of_people_comes_along(tables: Tables, tmp_path: Path) -> None:
    """The key that hides people is in the backup; another key where it should be stays, and is an error."""
    key = tmp_path / "people.key"
    key.write_bytes(b"secret")
    back_up(tables, tmp_path / "backup", key)
    key.unlink()
    restore(tmp_path / "backup", tmp_path / "again", key)
    assert key.read_bytes() == b"secret"
    assert key.stat().st_mode & 0o777 == 0o600
    key.write_bytes(b"other")
    with pytest.raises(LedgerError, match="not the key"):
        restore(tmp_path / "backup", tmp_path / "third", key)
    assert key.read_bytes() == b"other"


def test_folders_in_use_are_refused(tables: Tables, tmp_path: Path) -> None:
    """No backup goes into the ledger or among other files, and none is restored over a ledger."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    for folder in (tables.root / "backup", tmp_path / "other"):
        with pytest.raises(InvalidQuestion):
            back_up(tables, folder, None)
    back_up(tables, tmp_path / "backup", None)
    with pytest.raises(InvalidQuestion, match="not an empty folder"):
        restore(tmp_path / "backup", tables.root, None)
    with pytest.raises(InvalidQuestion, match="no backup"):
        restore(tmp_path / "other", tmp_path / "again", None)


def test_a_stopped_backup_goes_on(tables: Tables, tmp_path: Path) -> None:
    """What a stopped backup copied is not copied again, and until the next is whole the one before restores."""
    back_up(tables, tmp_path / "backup", None)
    shutil.copytree(tmp_path / "backup", tmp_path / "before")
    _add(tables, range(3, 5))
    back_up(tables, tmp_path / "backup", None)
    shutil.copy(tmp_path / "before" / "backup.json", tmp_path / "backup" / "backup.json")
    for file in (tmp_path / "before" / "files").glob("*/*"):
        target = tmp_path / "backup" / file.relative_to(tmp_path / "before")
        target.parent.mkdir(exist_ok=True)
        shutil.copy(file, target)
    restore(tmp_path / "backup", tmp_path / "again", None)
    assert _sum(tmp_path / "again") == 3
    assert back_up(tables, tmp_path / "backup", None).new == 0


def test_a_killed_backup_goes_on(tables: Tables, tmp_path: Path) -> None:
    """What a killed backup leaves beside its files keeps no later one away, and its half a list goes."""
    back_up(tables, tmp_path / "backup", None)
    (tmp_path / "backup" / "writer.json").write_text("process 1 on another")
    (tmp_path / "backup" / ".backup.json.99.part").write_text("{")
    back_up(tables, tmp_path / "backup", None)
    assert {path.name for path in (tmp_path / "backup").iterdir()} <= {"backup.json", "files", "writer.lock"}


def test_a_backup_comes_back_where_one_stands(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working folder, and a folder behind a link, become the ledger as any other does."""
    back_up(tables, tmp_path / "backup", None)
    for name in ("standing", "behind"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "behind")
    monkeypatch.chdir(tmp_path / "standing")
    for folder in (Path(), tmp_path / "link"):
        restore(tmp_path / "backup", folder, None)
    assert _sum(tmp_path / "standing") == _sum(tmp_path / "link") == 3
    assert (tmp_path / "link").is_symlink()


def test_one_restore_at_a_time(tables: Tables, tmp_path: Path) -> None:
    """A restore that another process is at is left alone."""
    back_up(tables, tmp_path / "backup", None)
    part = tmp_path / ".again.part"
    part.mkdir()
    with lock.turn(part, None), pytest.raises(LedgerError, match="being written"):
        restore(tmp_path / "backup", tmp_path / "again", None)
    assert part.exists()


def test_an_empty_ledger_has_nothing_to_back_up(tmp_path: Path) -> None:
    """A folder that was never synced is no backup of anything."""
    with pytest.raises(LedgerError, match="nothing to back up"):
        back_up(Tables(tmp_path / "ledger"), tmp_path / "backup", None)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"files": {"a": {"hash": "b"}}}'])
def test_a_list_that_cannot_be_read_is_named(tables: Tables, tmp_path: Path, content: str) -> None:
    """Where the list of a backup is damaged, nothing is restored from it and nothing is written to it."""
    back_up(tables, tmp_path / "backup", None)
    (tmp_path / "backup" / "backup.json").write_text(content)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "backup" / "files").rglob("*")}
    for ask in (
        lambda: restore(tmp_path / "backup", tmp_path / "again", None),
        lambda: back_up(tables, tmp_path / "backup", None),
    ):
        with pytest.raises(LedgerError, match=r"The list .*backup\.json cannot be read"):
            ask()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "backup" / "files").rglob("*")} == before


def test_a_lost_file_restores_nothing(tables: Tables, tmp_path: Path) -> None:
    """A backup that lacks a file makes no ledger; the next backup brings the file back."""
    back_up(tables, tmp_path / "backup", None)
    [lost, *_] = sorted((tmp_path / "backup" / "files").glob("*/*"))
    lost.unlink()
    with pytest.raises(LedgerError, match="damaged"):
        restore(tmp_path / "backup", tmp_path / "again", None)
    assert not (tmp_path / "again").exists()
    assert back_up(tables, tmp_path / "backup", None).new == 1
    restore(tmp_path / "backup", tmp_path / "again", None)


def test_a_backup_writes_into_its_ledger_alone(tables: Tables, tmp_path: Path) -> None:
    """A list that names a file outside the ledger is refused, and no such file is written."""
    back_up(tables, tmp_path / "backup", None)
    listing = json.loads((tmp_path / "backup" / "backup.json").read_text())
    listing["files"]["../../outside"] = next(iter(listing["files"].values()))
    (tmp_path / "backup" / "backup.json").write_text(json.dumps(listing))
    with pytest.raises(LedgerError, match="outside the ledger"):
        restore(tmp_path / "backup", tmp_path / "again", None)
    assert not [path for path in tmp_path.rglob("outside*") if path.is_file()]
    assert not (tmp_path.parent / "outside").exists()
