from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from support.cost_rows import ME, NOW, cost_of
from support.wire import KEY, Clock, Wire, small, transport
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.core.ledger_tables import PAGES, PINNED, VERSIONS
from tallystick.core.report_tables import COST
from tallystick.core.time import Window
from tallystick.store.disk import fsync
from tallystick.store.engine import Engine
from tallystick.store.snapshot import NAME as SNAPSHOT
from tallystick.store.tables import Tables
from tallystick.sync.options import Choice, Options
from tallystick.sync.run import Sync
from tallystick.sync.sources import CLAUDE_CODE_WORD

DAY = date(2026, 10, 1)
LOCK = {"writer.lock", "writer.json"}
LOG = "_delta_log"


class Power:
    """Files and folders in the order in which they were synced; `cut` is the ledger that a power cut would leave."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.order: list[Path] = []
        self.contents: dict[int, bytes] = {}
        self.cutting = True
        self.folders: dict[Path, set[str]] = {}
        self.cuts: list[tuple[int, Path]] = []

    def __call__(self, path: Path) -> None:
        """Sync it; before a row of `versions` is, cut the power of a copy."""
        if self.cutting and path.match("versions/_delta_log/*[1-9].json") and not self._is_kept(path):
            self.cuts.append((int(path.stem), self.cut(f"cut-{path.stem}")))
        fsync(path)
        self.order.append(path)
        if path.is_dir():
            self.folders[path] = {entry.name for entry in path.iterdir()}
        else:
            self.contents[path.stat().st_ino] = path.read_bytes()  # which a new name does not change

    def _is_kept(self, path: Path) -> bool:
        return self.contents.get(path.stat().st_ino) == path.read_bytes()

    def cut(self, name: str) -> Path:
        """A copy in which every file that was not synced as it is now is empty."""
        copy = self.root.parent / name
        shutil.copytree(self.root, copy)
        for path in self.root.rglob("*"):
            if path.is_file() and not self._is_kept(path):
                (copy / path.relative_to(self.root)).write_bytes(b"")
        return copy

    def lost(self) -> list[Path]:
        """The files that a power cut would take now, or leave without a name."""
        every = [path for path in self.root.rglob("*") if path.is_file() and path.name not in {*LOCK, SNAPSHOT}]
        tables = Tables(self.root)
        pins = {
            (table, pin) for version in tables.versions() for table in PINNED if (pin := version.tables[table.name])
        }
        pinned = [name for table, pin in pins for name in tables.files(table, pin)]
        live = {Path(name).name for name in (*pinned, *tables.files(VERSIONS), *tables.files(PAGES))}
        # What was made one with others before its turn came is in no version.
        every = [path for path in every if path.suffix != ".parquet" or path.name in live or path.parent.name == LOG]
        unsynced = [path for path in every if not self._is_kept(path)]
        unnamed = [
            path
            for path in every
            for folder in (path, *path.parents)
            if folder.is_relative_to(self.root) and folder != self.root
            if folder.name not in self.folders.get(folder.parent, set())
        ]
        return unsynced + unnamed


def _sum(tables: Tables) -> object:
    return Engine(tables, tables.newest()).sql("SELECT sum(billed) AS b, count(*) AS n FROM cost").to_pylist()


@pytest.mark.long
@pytest.mark.parametrize("commits", [4, 104], ids=["few", "past a checkpoint"])
def test_a_power_cut_leaves_the_version_before(tmp_path: Path, commits: int) -> None:
    """With every file that was not synced emptied, the ledger reads as the version before, and can be written to."""
    root = tmp_path / "ledger"
    power = Power(root)
    tables = Tables(root, sync=power)
    was = {}
    with tables.writing() as writer:
        for number in range(1, commits + 1):
            power.cutting = number > commits - 6
            writer.append(COST, cost_of((DAY, "m", str(number))))
            writer.archive.keep(b"%d" % number)
            version = writer.commit(ME, "more", NOW, {})
            was[version.number] = number * (number + 1) // 2
    assert power.lost() == []
    for _, copy in power.cuts:
        remains = Tables(copy)
        before = remains.newest().number
        if before:
            assert _sum(remains) == [{"b": was[before], "n": before}]
        with remains.writing() as writer:
            writer.commit(ME, "after the cut", NOW, {})
        assert remains.newest().number == before + 1
    assert len(power.cuts) >= min(commits, 5)
    assert _sum(Tables(power.cut("end"))) == [{"b": was[commits], "n": commits}]


@pytest.mark.long
def test_a_sync_keeps_pages_and_tables_before_it_names_a_version(tmp_path: Path) -> None:
    """In a whole sync each row of `versions` is synced after the files that it pins, and all is synced at the end."""
    root = tmp_path / "ledger"
    power = Power(root)
    wire = Wire(small(), Clock())
    words = frozenset({CLAUDE_CODE_WORD})
    options = Options(Window(NOW.replace(hour=0, day=20), NOW), choice=Choice.REPORTS, words=words)
    with Client(Credential(KEY), clock=wire.clock, transport=transport(wire)) as client:
        outcome = Sync(client, Tables(root, sync=power), wire.clock, options).run()
    assert outcome.version > 1
    assert power.lost() == []
    for _, copy in power.cuts:
        remains = Tables(copy)
        version = remains.newest()
        if version.number:
            Engine(remains, version).sql("SELECT sum(billed) FROM charges")
            names = remains.rows(PAGES, columns=["hash"])["hash"].to_pylist()
            assert all((copy / "pages" / name[:2] / f"{name}.zst").stat().st_size for name in names)
    newest = tmp_path / "ledger" / "newest"
    log = Tables(root).folder(VERSIONS) / "_delta_log"
    order = [path for path in power.order if path.parent == log or path.name.startswith(".newest.")]
    assert order[-1] == newest.with_name(order[-1].name), "the number of the newest version comes last"


def test_an_empty_entry_after_the_pinned_one_is_taken_back(tmp_path: Path) -> None:
    """Where a power cut left an entry empty that no version pins, the next writer writes on from the pinned one."""
    tables = Tables(tmp_path / "ledger")
    with tables.writing() as writer:
        writer.append(COST, cost_of((DAY, "m", "1")))
        pinned = writer.commit(ME, "one", NOW, {}).tables[COST.name]
    (tables.folder(COST) / LOG / f"{pinned + 1:020}.json").write_bytes(b"")
    with tables.writing() as writer:
        writer.append(COST, cost_of((DAY, "m", "2")))
        writer.commit(ME, "two", NOW, {})
    assert _sum(tables) == [{"b": 3, "n": 2}]
