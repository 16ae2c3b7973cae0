"""The tables of the ledger: Delta Lake, one version over all of them, one writer at a time.

Delta commits one table at a time and an answer needs several, so a row of `versions` pins the Delta version of each
table. Readers open exactly what the newest row pins. A writer first restores every table to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tallystick.core.growing_tables import DELIVERIES, FINDINGS, FORECASTS
from tallystick.core.ledger_tables import CLOSED, GROWING, PAGES, PINNED, VERSIONS
from tallystick.core.table import LedgerTable
from tallystick.core.time import DATE_LENGTH, DAY, instant, text
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.store import faults, format as ledger_format, lock
from tallystick.store.contents import Content, Listing
from tallystick.store.disk import Fsync, fsync, private
from tallystick.store.snapshot import Snapshot, is_head, mark
from tallystick.store.version import EMPTY, Version

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

    from tallystick.store.writer import Writer

MOST_FILES = 8
"""Small files that a partition of a table may have."""


class Tables:
    """The Delta tables under one folder. Raises LedgerError where they cannot be read.

    A writer waits `patience` seconds for another, and is told so every `reminder` seconds; `sync` makes a file or a
    folder outlast a power cut; more than `most_files` small files of a partition are made one.
    """

    def __init__(
        self,
        root: Path,
        *,
        patience: float = lock.PATIENCE,
        reminder: float = lock.REMINDER,
        sync: Fsync = fsync,
        most_files: int = MOST_FILES,
    ) -> None:
        self.root = root
        self.sync = sync
        self.most_files = most_files
        self.newest_file = root / "newest"
        self._patience = patience
        self._reminder = reminder
        self._snapshot: Snapshot | None = None
        self._snapshot_mark: tuple[int, int] | None = None
        path = root.resolve().as_posix()
        if unquote(path) != path or any(letter in path for letter in "[]\\"):
            raise LedgerError(
                f"A folder called {path} cannot hold a ledger: Delta Lake reads its name as another.",
                "Name one without brackets, backslashes and percent codes.",
            )

    def exists(self) -> bool:
        """Whether there is a ledger here. LedgerError for one of a newer format, or without its versions."""
        ledger_format.supported(self.root)
        with faults.reading(self.root, "the folder"):
            if (folder := self.folder(VERSIONS)).exists() and not folder.is_dir():
                raise LedgerError(f"{folder} is a file, and should be a folder of the ledger.", faults.RESTORE)
            if folder.exists():
                next(folder.iterdir(), None)  # which may be forbidden
            if next((folder / "_delta_log").glob("*.json"), None):
                return True
        if self.newest_file.exists() or any(map(self._is_filled, PINNED)):
            raise LedgerError(
                f"The ledger {self.root} has lost its versions, which say what its tables hold: {folder} is gone.",
                f"Nothing is read or written. {faults.RESTORE}",
            )
        return False

    def _is_filled(self, table: LedgerTable) -> bool:
        """Whether anything was ever written to a table."""
        return (self.folder(table) / "_delta_log" / f"{1:020}.json").exists()

    def newest(self) -> Version:
        """The newest committed version, by the table of versions; EMPTY before the first."""
        return next(iter(self._read_versions(newest_alone=True)), EMPTY)

    def newest_by_snapshot(self) -> Version:
        """The newest committed version as a question takes it: where the snapshot counts, every log stays shut."""
        with faults.reading(self.root, "the file newest"):
            number = self._newest_number()
        if (read := mark(self.root)) != self._snapshot_mark or not self._is_snapshot_of(number):
            self._snapshot, self._snapshot_mark = Snapshot.read(self.root), read
        return self._snapshot.version if self._snapshot and self._is_snapshot_of(number) else self.newest()

    def _is_snapshot_of(self, number: int) -> bool:
        """Whether the snapshot is of this version, and no version was written since."""
        if self._snapshot is None or self._snapshot.version.number != number:
            return False
        return is_head(self.folder(VERSIONS) / "_delta_log", self._snapshot.heads[VERSIONS.name])

    def as_of(self, reference: str) -> Version:
        """The version of that number, or the newest that was committed by the end of a UTC day, or by an instant.

        InvalidQuestion names the first and the newest where there is none.
        """
        every = self.versions()
        if reference.isdecimal():
            fits = [version for version in every if version.number == int(reference)]
        else:
            try:
                moment = instant(reference)
            except (ValueError, OverflowError):
                raise InvalidQuestion(
                    f"{reference!r} is neither a version nor a day.",
                    "Write --as-of 12, 2026-11-03 or 2026-11-03T12:00:00Z.",
                ) from None
            day = len(reference) == DATE_LENGTH
            fits = [
                version
                for version in every
                if version.at and (version.at - DAY < moment if day else version.at <= moment)
            ]
        if not fits:
            ends = (
                " and ".join(
                    f"its {name} is {version.number}, of {text(version.at) if version.at else 'no instant'}"
                    for name, version in (("first", every[-1]), ("newest", every[0]))
                )
                if every
                else "it has none yet"
            )
            raise InvalidQuestion(
                f"The ledger has no version as of {reference}: {ends}.", "`tallystick log` lists them."
            )
        return fits[0]

    def versions(self) -> list[Version]:
        """Every committed version, the newest first."""
        return self._read_versions()

    def _read_versions(self, *, newest_alone: bool = False) -> list[Version]:
        with faults.reading(self.root, "the table versions"):
            try:
                return [Version.of_row(row) for row in self._versions(newest_alone=newest_alone).to_pylist()]
            except (ValueError, KeyError, TypeError, AttributeError) as fault:
                raise LedgerError(
                    f"A row of the table versions of the ledger {self.root} is damaged: {faults.reason(fault)}",
                    faults.RESTORE,
                ) from None

    def _versions(self, *, newest_alone: bool) -> pa.Table:
        """The rows of `versions`, the newest first, or the first of them. LedgerError where one is lost."""
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile

        from tallystick.store.columns import schema

        fits = schema(VERSIONS)
        exists = self.exists()
        with faults.reading(self.root, "the file newest"):
            newest = self._newest_number()  # before the rows: a commit meanwhile writes its row first, then the number
        files = self.files(VERSIONS) if exists else []
        with faults.reading(self.root, "the table versions"):
            in_files = {file: ParquetFile(file).read(["version"])["version"].to_pylist() for file in files}
        numbers = sorted(chain.from_iterable(in_files.values()), reverse=True)
        if numbers != list(range(len(numbers), 0, -1)) or len(numbers) < newest:
            lost = sorted({*range(1, max([newest, *numbers]) + 1)} - {*numbers})
            raise LedgerError(
                f"The table versions of the ledger {self.root} is damaged: "
                + (f"version {lost[0]} of {max([newest, *numbers])} is lost." if lost else "a version is there twice."),
                f"Nothing is read or written. {faults.RESTORE}",
            )
        if not numbers and self._is_filled(CLOSED):  # a first writer that died has closed nothing
            raise LedgerError(
                f"The ledger {self.root} has closed months and no version that holds them.",
                f"Nothing is read or written. {faults.RESTORE}",
            )
        if newest_alone:
            files = [file for file, in_file in in_files.items() if numbers[0] in in_file]
        with faults.reading(self.root, "the table versions"):
            every = [ParquetFile(file).read().select(fits.names).cast(fits) for file in files]
        rows = pa.concat_tables([fits.empty_table(), *every]).sort_by([("version", "descending")])
        return rows.slice(0, 1) if newest_alone else rows

    def _newest_number(self) -> int:
        """The number of the newest version by the file `newest`, which each commit replaces; 0 where there is none."""
        try:
            return int(self.newest_file.read_bytes())
        except FileNotFoundError:
            return 0
        except ValueError:
            raise LedgerError(
                f"{self.newest_file} is damaged: it should hold the number of the newest version.", faults.RESTORE
            ) from None

    def open(self, table: LedgerTable, version: int | None = None) -> DeltaTable:
        """One table, as of a Delta version or its newest."""
        from deltalake import DeltaTable

        with faults.reading(self.root, f"the table {table.name}"):
            return DeltaTable(str(self.folder(table)), version=version)

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
        with faults.reading(self.root, f"the table {table.name}"):
            return read(self.open(table, version), **options)

    def files(self, table: LedgerTable, version: int | None = None) -> list[str]:
        """The Parquet files of a table as of a version."""
        if version == 0:
            return []
        delta = self.open(table, version)
        with faults.reading(self.root, f"the log of the table {table.name}"):
            return self._paths(table, Listing.of(delta))

    def listed(self, table: LedgerTable, version: Version) -> list[str]:
        """The files of a table for a question, by snapshot or log: those that a version pins, else those of now."""
        snapshot, log = self._snapshot, self.folder(table) / "_delta_log"
        if snapshot and snapshot.version == version and (listing := snapshot.listings.get(table.name)):
            content, pin = version.contents.get(table.name, Content(0)), version.tables.get(table.name, 0)
            is_pinned = listing.digest == content.files and (log / f"{pin:020}.json").exists()
            if is_pinned or (table in GROWING and is_head(log, snapshot.heads[table.name])):
                return self._paths(table, listing)
        if table in PINNED:
            return self.pinned(table, version)
        return [] if table in {FORECASTS, FINDINGS, DELIVERIES} and not log.exists() else self.files(table)

    def pinned(self, table: LedgerTable, version: Version) -> list[str]:
        """The Parquet files of a table that a version pins; LedgerError where they are not those that it states."""
        pin = version.tables.get(table.name, 0)  # a version from before the table pins none of it
        if not pin:
            return []
        delta = self.open(table, pin)
        with faults.reading(self.root, f"the log of the table {table.name}"):
            listing = Listing.of(delta)
        self.hold(table, version, listing)
        return self._paths(table, listing)

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
            f"The log of the table {table.name} of the ledger {self.root} is damaged: it lists {listing.rows:,} "
            f"rows in {len(listing.files):,} files, and version {version.number} has {content.rows:,}"
            + (" in other files." if listing.rows == content.rows else "."),
            f"Nothing is answered from it or written to it. {faults.RESTORE}",
        )

    @contextmanager
    def writing(self, waiting: Callable[[str], None] | None = None) -> Iterator[Writer]:
        """The only writer, with every table as the newest version pins it; LedgerError if another stays.

        What was written outlasts a power cut once this ends without an error.
        """
        from tallystick.store import memory
        from tallystick.store.writer import Writer

        with (
            memory.system_pool(),
            faults.writing(self.root),
            private(self.root),
            lock.turn(self.root, waiting, self._patience, self._reminder),
        ):
            writer = Writer(self)
            yield writer
            writer.flush()

    def folder(self, table: LedgerTable) -> Path:
        """Where a table is."""
        return self.root / ("pages/index" if table is PAGES else table.name)
