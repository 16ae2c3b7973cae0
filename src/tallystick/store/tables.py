"""The tables of the ledger: Delta Lake, one version over all of them, one writer at a time.

Delta commits one table at a time and an answer needs several, so a row of `versions` pins the Delta version of each
table. Readers open exactly what the newest row pins. A writer first restores every table to it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tallystick.core.growing_tables import DELIVERIES, FINDINGS, FORECASTS
from tallystick.core.ledger_tables import GROWING, PAGES, PINNED, VERSIONS
from tallystick.core.table import LedgerTable
from tallystick.errors import LedgerError
from tallystick.store import faults, format as ledger_format, lock
from tallystick.store.bucket import Bucket
from tallystick.store.contents import Content, Listing
from tallystick.store.copies import COPIED, Copies
from tallystick.store.disk import Fsync, fsync, private
from tallystick.store.place import Place
from tallystick.store.snapshot import Snapshot, is_head, mark
from tallystick.store.untouched import fault, touched
from tallystick.store.version import EMPTY, Version
from tallystick.store.version_choice import pick
from tallystick.store.version_rows import newest_number, read_versions

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

    from tallystick.store.writer import Writer

MOST_FILES = 8
"""Small files that a partition of a table may have."""


class Tables(Place):
    """The Delta tables of one ledger. Raises LedgerError where they cannot be read.

    `sync` makes a file or a folder outlast a power cut; more than `most_files` small files of a partition are made one.
    """

    def __init__(
        self,
        place: Path | Bucket,
        *,
        patience: float = lock.PATIENCE,
        reminder: float = lock.REMINDER,
        sync: Fsync = fsync,
        most_files: int = MOST_FILES,
    ) -> None:
        super().__init__(place, patience, reminder)
        self.sync = sync
        self.most_files = most_files
        self._snapshot: Snapshot | None = None
        """The snapshot by which questions are answered."""
        self.forget_root()

    def forget_root(self) -> None:
        """Begin to read in another folder."""
        self._newest_seen: Snapshot | None = None
        self._newest_mark: tuple[int, int] | None = None
        self._hashes: tuple[int, Mapping[str, Mapping[str, str]]] | None = None

    @property
    def newest_file(self) -> Path:
        """The file that holds the number of the newest version."""
        return self.root / "newest"

    def exists(self) -> bool:
        """Whether there is a ledger here. LedgerError for one of a newer format, or without its versions."""
        self.refresh()
        ledger_format.supported(self.root)
        with faults.reading(self.name, "the folder"):
            if (folder := self.folder(VERSIONS)).exists() and not folder.is_dir():
                raise LedgerError(f"{folder} is a file, and should be a folder of the ledger.", faults.REPAIR)
            if folder.exists():
                next(folder.iterdir(), None)  # which may be forbidden
            if (log := folder / "_delta_log").is_dir():
                with os.scandir(log) as entries:  # read up to the first: there are as many as commits
                    if any(entry.name.endswith(".json") for entry in entries):
                        return True
        if self.newest_file.exists() or any(map(self.is_filled, PINNED)):
            raise LedgerError(
                f"The ledger {self.name} has lost its versions, which say what its tables hold: {folder} is gone.",
                f"Nothing is read or written. {faults.REPAIR}",
            )
        return False

    def is_filled(self, table: LedgerTable) -> bool:
        """Whether anything was ever written to a table."""
        return any(int(path.stem) for path in (self.folder(table) / "_delta_log").glob(f"{'[0-9]' * 20}.json"))

    def newest(self) -> Version:
        """The newest committed version, by the table of versions; EMPTY before the first."""
        return next(iter(read_versions(self, newest_alone=True)), EMPTY)

    def newest_by_snapshot(self) -> Version:
        """The newest committed version as a question takes it: where the snapshot counts, every log stays shut."""
        with faults.reading(self.name, "the file newest"):
            number = newest_number(self)
        self._snapshot = self._newest_snapshot()
        return self._snapshot.version if self._snapshot and self._is_snapshot_of(number) else self.newest()

    def _newest_snapshot(self) -> Snapshot | None:
        """The snapshot as it lies there, which is read again where it is another."""
        if (read := mark(self.root)) != self._newest_mark:
            self._newest_seen, self._newest_mark = Snapshot.read(self.root), read
        return self._newest_seen

    def _is_snapshot_of(self, number: int) -> bool:
        """Whether the snapshot is of this version, and no version was written since."""
        if self._snapshot is None or self._snapshot.version.number != number:
            return False
        return is_head(self.folder(VERSIONS) / "_delta_log", self._snapshot.heads[VERSIONS.name])

    def as_of(self, reference: str) -> Version:
        """The version that a word names, as `pick` has it."""
        return pick(self.every_version(), reference)

    def versions(self) -> list[Version]:
        """Every version that can be asked, the newest first."""
        return [version for version in self.every_version() if version.tables]

    def every_version(self) -> list[Version]:
        """Every committed version, the newest first; of those that were dropped or lost their numbers and instants."""
        return read_versions(self)

    def open(self, table: LedgerTable, version: int | None = None) -> DeltaTable:
        """One table, as of a Delta version or its newest; LedgerError where it lost rows that its copies have."""
        from deltalake import DeltaTable

        copied = Copies(self.root, table).count if table in COPIED and version is None else 0
        with faults.reading(self.name, f"the table {table.name}"):
            delta = DeltaTable(str(self.folder(table)), version=version)
            if not copied:
                return delta
            lost = copied - (listing := Listing.of(delta)).rows
            if lost <= 0 and (table in PINNED or not self._differs_from_copies(table, delta, listing)):
                return delta
        raise LedgerError(
            f"The table {table.name} of the ledger {self.name} is damaged: "
            + (f"{lost:,} of its rows are lost." if lost > 0 else "its rows are not those that were written."),
            faults.REPAIR,
        )

    def _differs_from_copies(self, table: LedgerTable, delta: DeltaTable, listing: Listing) -> bool:
        """Whether a table was written to since its last snapshot, and has other rows than its copies."""
        from tallystick.store.columns import read

        snapshot = self._newest_snapshot()
        stamps = snapshot.stamps.get(table.name, {}) if snapshot else {}
        return touched(self.folder(table), listing, stamps) and not Copies(self.root, table).are_in(read(delta))

    def has(self, table: LedgerTable) -> bool:
        """Whether a table that grows without versions was ever written; LedgerError where it was and is gone."""
        if (self.folder(table) / "_delta_log").exists():
            return True
        if Copies(self.root, table).count:
            raise LedgerError(f"The table {table.name} of the ledger {self.name} is gone.", faults.REPAIR)
        return False

    def index_changed(self) -> int:
        """When the archive's index, findings or deliveries grew last, in nanoseconds, as no version tells; else 0."""
        logs = [self.folder(table) / "_delta_log" for table in (PAGES, FINDINGS, DELIVERIES)]
        with suppress(OSError):
            return max((log.stat().st_mtime_ns for log in logs if log.exists()), default=0)
        return 0

    def rows(self, table: LedgerTable, version: int | None = None, **options: Any) -> pa.Table:
        """Rows of one table as of a version; `options` are columns and filters. LedgerError where a file is lost.

        As of 0 it has none: a table is there from its first row on.
        """
        from tallystick.store.columns import read, schema

        if version == 0:
            return schema(table).empty_table().select(options.get("columns") or schema(table).names)
        delta = self.open(table, version)
        self.fetch(self.files(table, version) if self.source else ())
        with faults.reading(self.name, f"the table {table.name}"):
            return read(delta, **options)

    def files(self, table: LedgerTable, version: int | None = None) -> list[str]:
        """The Parquet files of a table as of a version."""
        if version == 0:
            return []
        delta = self.open(table, version)
        with faults.reading(self.name, f"the log of the table {table.name}"):
            return self._paths(table, Listing.of(delta))

    def listed(self, table: LedgerTable, version: Version) -> list[str]:
        """The files of a table for a question, by snapshot or log: those that a version pins, else those of now."""
        snapshot, log = self._snapshot, self.folder(table) / "_delta_log"
        if snapshot and snapshot.version == version and (listing := snapshot.listings.get(table.name)):
            content, pin = version.contents.get(table.name, Content(0)), version.tables.get(table.name, 0)
            is_pinned = listing.digest == content.files and (log / f"{pin:020}.json").exists()
            if is_pinned:
                return self._untouched(table, version, listing)
            if table in GROWING and is_head(log, snapshot.heads[table.name]):
                return (
                    self.files(table)
                    if not self.source and touched(self.folder(table), listing, snapshot.stamps[table.name])
                    else (self._paths(table, listing))
                )
        if table in PINNED:
            return self.pinned(table, version)
        return [] if table in {FORECASTS, FINDINGS, DELIVERIES} and not self.has(table) else self.files(table)

    def pinned(self, table: LedgerTable, version: Version) -> list[str]:
        """The Parquet files of a table that a version pins; LedgerError where they are not those that it states."""
        return self._untouched(table, version, self.listing(table, version))

    def listing(self, table: LedgerTable, version: Version) -> Listing:
        """The files that a version pins of a table, by its log alone; LedgerError as from `pinned`."""
        pin = version.tables.get(table.name, 0)  # a version from before the table pins none of it
        if not pin:
            return Listing({})
        delta = self.open(table, pin)
        with faults.reading(self.name, f"the log of the table {table.name}"):
            listing = Listing.of(delta)
        self.hold(table, version, listing)
        return listing

    def _untouched(self, table: LedgerTable, version: Version, listing: Listing) -> list[str]:
        """The files of a listing as DuckDB opens them; LedgerError where one is not as it was written.

        Those of a bucket are held to their hashes when they are fetched.
        """
        if self.source:
            return self._paths(table, listing)
        snapshot = self._newest_snapshot()
        stamps = snapshot.stamps.get(table.name, {}) if snapshot else {}
        with faults.reading(self.name, f"the table {table.name}"):
            wrong = fault(self.folder(table), listing, stamps, lambda: self.hashes(table, version))
        if wrong:
            raise LedgerError(f"The table {table.name} of the ledger {self.name} is damaged: {wrong}.", faults.REPAIR)
        return self._paths(table, listing)

    def hashes(self, table: LedgerTable, version: Version) -> Mapping[str, str]:
        """The SHA-256 of the files that came with a version of the ledger or one before, by their names."""
        if self._hashes is None or self._hashes[0] < version.number:
            versions = self.versions()
            hashes: dict[str, dict[str, str]] = {entry.name: {} for entry in PINNED}
            for name, content in ((name, content) for entry in versions for name, content in entry.contents.items()):
                hashes.setdefault(name, {}).update(content.new)
            self._hashes = (versions[0].number if versions else 0, hashes)
        return self._hashes[1][table.name]

    def _paths(self, table: LedgerTable, listing: Listing) -> list[str]:
        """The files of a listing as DuckDB opens them."""
        return [*map(str, map(self.folder(table).resolve().joinpath, listing.files))]

    def hold(self, table: LedgerTable, version: Version, listing: Listing) -> None:
        """Raise LedgerError where a table's log lists other files or rows than a version states.

        The archive's index grows without versions: it must hold as many rows at least.
        """
        content = version.contents.get(table.name)
        if content is None or listing.digest == content.files or (table is PAGES and listing.rows >= content.rows):
            return
        raise LedgerError(
            f"The log of the table {table.name} of the ledger {self.name} is damaged: it lists {listing.rows:,} "
            f"rows in {len(listing.files):,} files, and version {version.number} has {content.rows:,}"
            + (" in other files." if listing.rows == content.rows else "."),
            f"Nothing is answered from it or written to it. {faults.REPAIR}",
        )

    @contextmanager
    def writing(
        self, waiting: Callable[[str], None] | None = None, lost: Collection[LedgerTable] = ()
    ) -> Iterator[Writer]:
        """The only writer, with every table as the newest version pins it; LedgerError if another stays.

        What was written outlasts a power cut once this ends without an error. Tables in `lost` are gone.
        """
        from tallystick.store import memory
        from tallystick.store.writer import Writer

        with (
            self.turn(waiting),
            memory.system_pool(),
            faults.writing(self.root),
            private(self.root),
            lock.turn(self.root, waiting, self._patience, self._reminder, self.name),
        ):
            writer = Writer(self, lost)
            yield writer
            writer.flush()

    def folder(self, table: LedgerTable) -> Path:
        """Where a table is."""
        return self.root / ("pages/index" if table is PAGES else table.name)
