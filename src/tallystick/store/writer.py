"""Writer: the one that writes tables, then commits them together as one version that outlasts a power cut."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, write_deltalake

from tallystick.core.ledger_tables import CLOSED, GROWING, PAGES, PINNED, READING, TABLES, TALLIED_BY, VERSIONS
from tallystick.core.table import LedgerTable
from tallystick.store import format as ledger_format
from tallystick.store.archive import Archive
from tallystick.store.columns import encoded, read, schema
from tallystick.store.compaction import compact
from tallystick.store.contents import Content, Listing, content
from tallystick.store.copies import COPIED, Copies
from tallystick.store.delta_log import drop_empty_hint, drop_empty_log, restored
from tallystick.store.disk import Unsynced, put
from tallystick.store.snapshot import Snapshot
from tallystick.store.staging import Filter, Staging
from tallystick.store.untouched import stamps
from tallystick.store.version import Version

if TYPE_CHECKING:
    from tallystick.store.tables import Tables

CONFIGURATION = {"delta.enableExpiredLogCleanup": "false"}
"""By default a checkpoint deletes log entries after 30 days, and pinned versions with them."""
_TAIL = 128
"""Entries of a log that are synced where it is not known which are new; a checkpoint stands for older ones."""


class Writer:
    """Writes tables, then commits them together as one version. Of the tables in `lost` nothing is left to open."""

    def __init__(self, tables: Tables, lost: Collection[LedgerTable] = ()) -> None:
        ledger_format.state(tables.root, tables.sync)
        self.version = tables.newest()
        self.reading = self.version.reading
        """The newest reading whose answers the next version holds; None where an older release wrote the newest."""
        self.tables = tables
        self._anew = {*lost}
        """The tables of which the next version pins nothing that the newest has."""
        self._unsynced = Unsynced(tables.root, tables.sync)
        self.archive = Archive(tables.root, self._unsynced)
        self._staged: dict[LedgerTable, Staging] = {}
        self._open: dict[LedgerTable, DeltaTable] = {}
        self._uncopied: dict[LedgerTable, list[pa.Table]] = {}
        """The rows of which no copy is written yet."""
        for table in TABLES:
            log = tables.folder(table) / "_delta_log"
            drop_empty_hint(log)
            if not self._pin(table) and (table in PINNED or not Copies(tables.root, table).count):
                drop_empty_log(log)
            if self._pin(table) or DeltaTable.is_deltatable(str(tables.folder(table))):
                self._open[table] = tables.open(table)
        created = [table for table in (PAGES, VERSIONS) if table not in self._open]
        for table in created:
            self._delta(table)
        self._pinned: dict[LedgerTable, Listing] = dict.fromkeys(PINNED, Listing({}))
        for table in self._pinned.keys() & self._open.keys():
            current, pin = self._open[table], self._pin(table)
            at_pin = current if current.version() == pin else tables.open(table, pin)
            self._pinned[table] = Listing.of(at_pin)
            tables.hold(table, self.version, self._pinned[table])
            if current.version() != pin and restored(current) != str(pin):
                current.restore(pin, commit_properties=CommitProperties({"restored": str(pin)}))
        tables.hold(PAGES, self.version, Listing.of(self._open[PAGES]))
        self._synced = {
            table: (self._pin(table) or -1, frozenset(listing.files)) for table, listing in self._pinned.items()
        }
        if created:
            self._sync(created)
        for table in self._open.keys() & {*COPIED}:
            self._complete_copies(table)

    def delta(self, table: LedgerTable) -> DeltaTable:
        """A table as it stands, what is staged of it written."""
        self._write(table)
        return self._delta(table)

    def append(self, table: LedgerTable, rows: pa.Table) -> None:
        """Add rows, with the next commit; at once to a table that grows without versions."""
        if not rows.num_rows:
            return
        if table in COPIED:
            self._uncopied.setdefault(table, []).append(rows.cast(schema(table)))
        if table in PINNED:
            self._stage(table).append(rows)
            return
        delta = self._delta(table)
        write_deltalake(delta, rows.cast(schema(table)), mode="append")
        _, synced = self._synced.get(table, (0, frozenset()))
        added = Listing.of(delta).files.keys() - synced  # also what is merged at once: a cut can come between both
        self._unsynced.add(self.tables.folder(table) / name for name in added)
        compact(delta, table, self.tables.most_files)

    def replace(self, table: LedgerTable, organization: str, days: list[date], rows: pa.Table, **fixed: str) -> None:
        """Put `rows` in the place of an organization's rows of these days, with the next commit.

        `fixed` holds further columns to a value. What is staged is written at once where it is much: no reader sees it
        before the commit, and the next writer takes it back where none comes.
        """
        staging = self._stage(table)
        staging.replace({"organization": organization} | fixed, days, rows)
        if staging.full:
            self._write(table)

    def newest_reading(self, *filters: Filter) -> int:
        """The number of the newest reading in the archive's index, of those that fit; 0 before the first."""
        readings = read(self._delta(PAGES), ["reading"], filters)
        return pc.max(readings["reading"]).as_py() or 0

    def rows(self, table: LedgerTable, organization: str) -> pa.Table:
        """Every row of an organization, as the table stands."""
        return self._read(table, organization)

    def rows_on(self, table: LedgerTable, organization: str, days: list[date]) -> pa.Table:
        """Every row of an organization on these days, as the table stands."""
        return self._read(table, organization, days)

    def organizations(self, table: LedgerTable) -> set[str]:
        """The organizations that a table has rows of, by its log alone."""
        return {part["organization"] for part in self._open[table].partitions()} if table in self._open else set()

    def days_with(self, table: LedgerTable, organization: str, **fixed: str) -> set[date]:
        """The days on which an organization has a row that holds these columns to these values."""
        return set(self._read(table, organization, columns=("day", *fixed), fixed=fixed)["day"].unique().to_pylist())

    def commit(self, organization: str, action: str, committed_at: datetime, totals: Mapping[str, str]) -> Version:
        """Pin every table as it stands now: from here on readers see it.

        `totals` are what it states; by which price lists each organization was tallied is stated on.
        """
        for table in PINNED:
            self._write(table)
            if table in self._open and self._open[table].version() != self._pin(table):
                compact(self._open[table], table, self.tables.most_files)
        lists = {name: digest for name, digest in self.version.totals.items() if name.startswith(TALLIED_BY)}
        reading = {} if self.reading is None else {READING: f"{self.reading}"}
        pins = {table.name: self._open[table].version() if table in self._open else 0 for table in PINNED}
        self.version = Version(
            self.version.number + 1,
            committed_at.astimezone(UTC),
            pins,
            {**lists, **totals, **reading},
            organization,
            action,
            {table.name: table_content for table in (*PINNED, PAGES) if (table_content := self._content(table))},
        )
        self._sync((*PINNED, PAGES))
        self._copy((PAGES,))
        self.append(VERSIONS, pa.Table.from_pylist([self.version.row()], schema(VERSIONS)))
        self._sync((VERSIONS,))
        self._copy((CLOSED, VERSIONS))
        put(self.tables.newest_file, f"{self.version.number}\n".encode(), self.tables.sync)
        self._anew.clear()
        self.tables.publish()
        return self.version

    def begin_anew(self, table: LedgerTable) -> DeltaTable:
        """A table of which the next version shall state nothing by what is stated of it now: all of it is replaced."""
        self._anew.add(table)
        return self._delta(table)

    def flush(self) -> None:
        """Write what is staged, and let all that was written outlast a power cut."""
        for table in PINNED:
            self._write(table)
        self._sync(TABLES)
        self._copy(GROWING)
        if self.version.number:
            listings = {table.name: listing for table, listing in self._pinned.items() if self._pin(table)}
            growing = [table for table in (*GROWING, VERSIONS) if table in self._open]
            listings |= {table.name: Listing.of(self._open[table]) for table in growing}
            heads = {table.name: self._open[table].version() for table in growing}
            folders = {table.name: self.tables.folder(table) for table in TABLES}
            written_at = {name: stamps(folders[name], listing) for name, listing in listings.items()}
            Snapshot(self.version, listings, heads, written_at).write(self.tables.root)

    def reread(self) -> None:
        """Take the newest version as it is written now: what it pins was replaced."""
        self.version = self.tables.newest()
        self._pinned |= {table: Listing.of(self._open[table]) for table in self._pinned.keys() & self._open.keys()}

    def _pin(self, table: LedgerTable) -> int:
        """The Delta version of a table that the newest version pins; 0 where it has none or nothing of it."""
        if table in self._anew:
            return 0
        return self.version.tables.get(table.name, 0)

    def _delta(self, table: LedgerTable) -> DeltaTable:
        """A table, which is created where it is not there yet."""
        if table not in self._open:
            DeltaTable.create(
                folder := self.tables.folder(table),
                schema(table),
                partition_by=list(table.partitions),
                configuration=CONFIGURATION,
            )
            self._open[table] = DeltaTable(folder)
        return self._open[table]

    def _stage(self, table: LedgerTable) -> Staging:
        return self._staged.setdefault(table, Staging(table))

    def _write(self, table: LedgerTable) -> None:
        """Write what is staged of a table."""
        if staging := self._staged.pop(table, None):
            staging.write(self._delta(table))

    def _read(
        self,
        table: LedgerTable,
        organization: str,
        days: Collection[date] | None = None,
        columns: Collection[str] = (),
        fixed: Mapping[str, str] | None = None,
    ) -> pa.Table:
        """Rows of an organization as the table stands: of these days (or every one), these columns (or every one).

        `fixed` holds further columns to a value. The disk is asked for no day that is replaced.
        """
        fits, staging = encoded(table), self._staged.get(table) or Staging(table)
        names = [*dict.fromkeys(("organization", *columns))] if columns else fits.names
        filters: list[Filter] = [
            (name, "=", value) for name, value in ({"organization": organization} | dict(fixed or {})).items()
        ]
        stored_days = None if days is None else {*days} - {*staging.replaced(organization)}
        if table not in self._open or stored_days == set():
            stored = fits.empty_table().select(names)
        else:
            months = {f"{day:%Y-%m}" for day in stored_days or ()}  # named: files of other months stay shut
            on_days = [("day", "in", stored_days), ("month", "in", months)] if stored_days else []
            words = [name for name in names if pa.types.is_dictionary(fits.field(name).type)]
            words = [name for name in words if name not in table.partitions]  # which stand in no file
            stored = read(self._open[table], names, [*filters, *on_days], words)
        return staging.over(stored, filters if days is None else [*filters, ("day", "in", {*days})])

    def _content(self, table: LedgerTable) -> Content | None:
        """What a table holds now; None of one that never held anything."""
        if table not in self._open:
            return None
        delta, pin, before = self._open[table], self._pin(table), self.version.contents.get(table.name)
        if table is PAGES:
            return Content(Listing.of(delta).rows)
        if delta.version() == pin and (before or not pin):
            return replace(before, new={}) if before else None
        was, self._pinned[table] = self._pinned[table], Listing.of(delta)
        return content(table, self.tables.folder(table), before if pin else None, was, self._pinned[table])

    def _copy(self, tables: Collection[LedgerTable]) -> None:
        """Write down a second time what these tables have got, which is on the disk."""
        for table in self._uncopied.keys() & {*tables}:
            copies = Copies(self.tables.root, table, self.tables.sync)
            copies.add(copies.count, pa.concat_tables(self._uncopied.pop(table)))

    def _complete_copies(self, table: LedgerTable) -> None:
        """Copy a table whole that has rows without a copy: an earlier release wrote it, or a writer died."""
        delta = self.tables.open(table, self._pin(table)) if table in PINNED else self._open[table]
        copies = Copies(self.tables.root, table, self.tables.sync)
        if copies.count < Listing.of(delta).rows:
            copies.replace(read(delta))

    def _sync(self, tables: Collection[LedgerTable]) -> None:
        """Sync every file that tables have got since they were synced last, their logs, and the archive's pages."""
        for table in self._open.keys() & {*tables}:
            newest, folder = self._open[table].version(), self.tables.folder(table)
            version, files = self._synced.get(table, (max(-1, newest - _TAIL), frozenset()))
            if version == newest and table in self._synced:
                continue
            names = frozenset(Listing.of(self._open[table]).files)
            log = folder / "_delta_log"
            entries = [f"{number:020}" for number in range(version + 1, newest + 1)]
            self._unsynced.add(folder / name for name in names - files)
            endings = ("json", "checkpoint.parquet")
            parts = [log / f"{entry}.{ending}" for entry in entries for ending in endings] + [log / "_last_checkpoint"]
            self._unsynced.add(path for path in parts if path.exists())  # a forgetting deletes old entries
            self._synced[table] = (newest, names)
        self._unsynced.flush()
