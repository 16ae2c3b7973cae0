from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pyarrow as pa
import pytest

from support.cost_rows import NOW
from tallystick.core.ledger_tables import VERSIONS
from tallystick.store import copies
from tallystick.store.columns import schema
from tallystick.store.copies import Copies
from tallystick.store.disk import fsync
from tallystick.store.version import Version

MANY, FULL = 4, 10


class _PowerCut(Exception):
    pass


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few small files be many, and a few rows fill one."""
    monkeypatch.setattr(copies, "MANY", MANY)
    monkeypatch.setattr(copies, "FULL", FULL)


def _row(number: int) -> pa.Table:
    return pa.Table.from_pylist([Version(number, NOW, {}).row()], schema(VERSIONS))


def _add(made: Copies, until: int) -> None:
    for number in range(made.count, until):
        made.add(number, _row(number))


def _numbers(made: Copies) -> list[int]:
    numbers: list[int] = made.rows()["version"].to_pylist()
    return numbers


def _files(made: Copies) -> list[str]:
    return sorted(path.name[:25] for path in made.folder.iterdir())


def _die(*_: object) -> None:
    raise _PowerCut


def _cut_at(turn: int) -> Callable[[Path], None]:
    """A sync that dies at its call of this number."""
    calls = 0

    def sync(path: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == turn:
            raise _PowerCut
        fsync(path)

    return sync


def test_many_small_copies_become_one(tmp_path: Path) -> None:
    """Small files are merged once they are many, a full one never again, and every row stays in its order."""
    made = Copies(tmp_path, VERSIONS)
    for count in range(1, 41):
        _add(made, count)
        assert _numbers(made) == [*range(count)]
        assert made.count == count
        assert len(_files(made)) <= MANY + count // FULL
    assert made.are_whole
    assert [name for name in _files(made) if int(name[13:]) - int(name[:12]) >= FULL] == [
        f"{first:012}-{first + FULL:012}" for first in range(0, 40, FULL)
    ]


def test_what_a_year_left_becomes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The many files of an earlier build are merged by one of the next commits, whatever their number is."""
    monkeypatch.setattr(copies, "MANY", 1_000)
    made = Copies(tmp_path, VERSIONS)
    _add(made, 33)
    monkeypatch.setattr(copies, "MANY", MANY)
    _add(made, 36)
    assert _files(made) == [f"{0:012}-{36:012}"]
    assert made.are_whole


@pytest.mark.parametrize("turn", range(1, 6))
def test_a_merge_that_dies_loses_no_row(tmp_path: Path, turn: int) -> None:
    """Whenever a merge is cut short, copies are whole, and those that are added later are merged as ever."""
    made = Copies(tmp_path, VERSIONS)
    _add(made, MANY - 1)
    dying = Copies(tmp_path, VERSIONS, _cut_at(turn))
    with pytest.raises(_PowerCut):
        dying.add(MANY - 1, _row(MANY - 1))
    assert made.are_whole
    assert made.count in {MANY - 1, MANY}
    _add(made, 4 * FULL)
    assert _numbers(made) == [*range(4 * FULL)]
    assert made.are_whole
    assert len(_files(made)) <= MANY + 4


def test_what_is_deleted_last_is_left_by_a_writer_that_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that outlive their merge count once, and go with the next."""
    made = Copies(tmp_path, VERSIONS)
    _add(made, MANY - 1)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", _die)
        with pytest.raises(_PowerCut):
            made.add(MANY - 1, _row(MANY - 1))
    assert len(_files(made)) == MANY + 1
    assert _numbers(made) == [*range(MANY)]
    assert made.are_whole
    _add(made, 2 * MANY)
    assert made.are_whole
    assert len(_files(made)) <= MANY


def test_a_damaged_copy_is_merged_into_none(tmp_path: Path) -> None:
    """Where one of them is not as it was written nothing is merged: the doctor is to see it."""
    made = Copies(tmp_path, VERSIONS)
    _add(made, 2)
    damaged = min(made.folder.iterdir())
    damaged.write_bytes(b"")
    _add(made, 2 * MANY)
    assert len(_files(made)) == 2 * MANY
    assert made.damaged() == [damaged]
    assert not made.are_whole


def test_who_reads_while_files_are_merged_sees_all_rows(tmp_path: Path) -> None:
    """Whatever a writer merges meanwhile, copies are whole, and none is called damaged."""
    made = Copies(tmp_path, VERSIONS)
    writer = Thread(target=_add, args=(Copies(tmp_path, VERSIONS, lambda _: None), 80))
    writer.start()
    while writer.is_alive():
        assert made.are_whole
        assert made.damaged() == []
    assert made.count == 80


def test_a_file_written_while_files_are_listed_is_not_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that a writer adds between two looks at the folder is judged by its own name."""
    made, writer = Copies(tmp_path, VERSIONS), Copies(tmp_path, VERSIONS)
    _add(made, 1)
    listed = Path.iterdir

    def iterdir(folder: Path) -> Iterator[Path]:
        paths = [*listed(folder)]
        if len(paths) == 1:
            writer.add(1, _row(1))
        return iter(paths)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", iterdir)
        assert made.damaged() == []
