"""Repair of a ledger in place: what is damaged is made anew from copies and pages, then put where it was.

Each step leaves the ledger as it was or mended, whenever it is killed, and the next repair goes on. What was damaged is
moved to a folder `damaged` in the ledger, never deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from shutil import rmtree

from tallystick.core.growing_tables import DELIVERIES, FINDINGS, FORECASTS
from tallystick.core.ledger_tables import CLOSED, PAGES, VERSIONS
from tallystick.doctor.damage import Damage, Examination, Kind
from tallystick.doctor.examination import check_format, check_versions, examine
from tallystick.doctor.pages import mend_pages
from tallystick.doctor.records import mend_records
from tallystick.doctor.rows import growing_rows, make, version_rows
from tallystick.errors import LedgerError
from tallystick.store import acknowledgements, erasure, faults, lock
from tallystick.store.columns import schema
from tallystick.store.copies import COPIED, FOLDER, Copies, copy_file, file_copy
from tallystick.store.disk import fsync, private, put
from tallystick.store.erasure import DAMAGED, WORK
from tallystick.store.format import FILE as FORMAT, state
from tallystick.store.snapshot import NAME as SNAPSHOT
from tallystick.store.tables import Tables
from tallystick.sync.redaction import People
from tallystick.tally.prices_in_force import Prices

Say = Callable[[str], None]
"""Is told what was done."""


class Repair:
    """Mends one ledger. `say` is told each thing that was done, and what is lost for good."""

    def __init__(
        self, tables: Tables, prices: Prices, people: People, now: datetime, say: Say, waiting: Say | None = None
    ) -> None:
        self.tables = tables
        self.prices = prices
        self.people = people
        self.now = now
        self.say = say
        self.waiting = waiting
        self.work = tables.root / WORK
        self._moved = tables.root / DAMAGED / f"{now:%Y-%m-%dT%H%M%SZ}"

    def run(self) -> Examination:
        """Mend what can be mended; the examination afterwards. LedgerError where another writer stays."""
        check_format(self.tables.root, Examination())  # which raises where there is nothing to mend
        with self.alone():
            rmtree(self.work, ignore_errors=True)
            self.work.mkdir()
            self._format()
            self._versions()
            examination = examine(self.tables, self.prices)
            self._growing(examination)
            self._small(examination)
        if examination.of(Kind.PAGE):
            with self.alone():
                mend_pages(self, examination.of(Kind.PAGE))
        if versions := not examination.of(Kind.VERSIONS, Kind.NEWEST):
            mend_records(self, examination)
        with self.alone():
            rmtree(self.work, ignore_errors=True)
        if versions:
            with self.tables.writing(self.waiting):  # whose end writes the snapshot, and whose begin completes copies
                pass
        return examine(self.tables, self.prices)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of writers."""
        root = self.tables.root
        with faults.writing(root), private(root), lock.turn(root, self.waiting):
            yield

    def move(self, path: Path) -> None:
        """Move what is damaged away, if it is there."""
        if not path.exists():
            return
        target = self._moved / path.relative_to(self.tables.root)
        number = 1
        while target.exists():
            number += 1
            target = target.with_name(f"{path.name}.{number}")
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        fsync(path.parent)

    def swap(self, source: Path, target: Path) -> None:
        """Put a folder that was made in the place of a damaged one."""
        for path in (*source.rglob("*"), source):
            fsync(path)
        self.move(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
        fsync(target.parent)

    def _format(self) -> None:
        """Put the copy of the format back, and make room for the folder of copies."""
        copies = self.tables.root / FOLDER
        if copies.exists() and not copies.is_dir():
            self.move(copies)
        examination = Examination()
        check_format(self.tables.root, examination)
        for damage in examination.damages:
            if file_copy(damage.paths[0]) is None:  # of before there were copies, which all were of the first
                copy_file(damage.paths[0], b"1\n")
            self._restore_file(damage)

    def _restore_file(self, damage: Damage) -> None:
        """Put the copy of a small file back, if there is one."""
        [path] = damage.paths
        if (content := file_copy(path)) is not None:
            self.move(path)
            put(path, content)
            self.say(f"{path.name}: restored from its copy.")

    def _versions(self) -> None:
        """Restore the versions, and the number of the newest."""
        tables = self.tables
        examination = Examination()
        check_versions(tables, examination)
        if not examination.damages:
            return
        rows = version_rows(tables)
        if rows is None:
            self.say(
                "The versions cannot be restored: neither their copies nor the snapshot tell the newest. "
                "`tallystick restore` brings a backup back; `tallystick rebuild FOLDER` makes a ledger of the pages."
            )
            return
        table, count = make(self.work, VERSIONS, rows), rows.num_rows
        if examination.of(Kind.VERSIONS):
            self.swap(table, tables.folder(VERSIONS))
            Copies(tables.root, VERSIONS).replace(rows)
            self.say(f"versions: {count:,} restored.")
        put(tables.newest_file, f"{count}\n".encode())

    def _growing(self, examination: Examination) -> None:
        """Make the index, forecasts, findings and deliveries anew, as far as copies and readable files tell of them."""
        damaged = {damage.table for damage in examination.of(Kind.GROWING)}
        for table in (PAGES, FORECASTS, FINDINGS, DELIVERIES):
            if table not in damaged:
                continue
            rows, lost = growing_rows(self.tables, table)
            self.swap(make(self.work, table, rows), self.tables.folder(table))
            Copies(self.tables.root, table).replace(rows)
            loss = f"; {lost:,} are lost: their readings are in no rebuild" if lost else ""
            self.say(f"{table.name}: {rows.num_rows - lost:,} rows restored{loss}.")

    def _small(self, examination: Examination) -> None:
        """Put the copies of small files back, remove the snapshot, and let copies be written anew."""
        root = self.tables.root
        for damage in examination.of(Kind.ACKNOWLEDGEMENTS, Kind.FORGOTTEN):
            self._restore_file(damage)
        for damage in examination.of(Kind.SNAPSHOT):
            self.move(root / SNAPSHOT)
            self.say(f"{damage.part}: made anew.")
        for damage in examination.of(Kind.COPIES):
            with suppress(LedgerError):  # a table that is damaged too is mended from what is left of both
                self._copies(damage)

    def _copies(self, damage: Damage) -> None:
        root, name = self.tables.root, damage.part.removeprefix("copies/")
        if name == FORMAT:
            state(root, self.tables.sync)
        elif name in {acknowledgements.FILE, erasure.FORGOTTEN}:
            copy_file(root / name, (root / name).read_bytes())
        else:
            [table] = (table for table in COPIED if table.name == name)
            for path in damage.paths:
                self.move(path)
            pin = self.tables.newest().tables[name] if table is CLOSED else None
            Copies(root, table).replace(self.tables.rows(table, pin).select(schema(table).names))
        self.say(f"{damage.part}: written anew.")
