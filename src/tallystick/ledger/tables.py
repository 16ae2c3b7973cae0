"""The tables of the ledger: Delta Lake, one version over all of them, one writer at a time.

Delta commits one table at a time and an answer needs several, so a row of `versions` pins the Delta version of each
table. Readers open exactly what the newest row pins. A writer first restores every table to that row, so what a
dead writer left half done is never adopted.
"""

from __future__ import annotations

import json
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError
from filelock import FileLock, Timeout
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem
from pyarrow.parquet import ParquetFile

from tallystick.core.records import PAGES, PINNED, TALLIED_BY, VERSIONS, LedgerTable, Type
from tallystick.core.time import DAY, instant, text
from tallystick.errors import AskedWrongly, LedgerError

LOCK_PATIENCE = 600.0
"""Seconds a writer waits for another to finish."""
COMPACT_EVERY = 64
"""Appends after which the small files of a log-like table are made one."""
FILE_SIZE = 2**23
"""Bytes at which a file is full: rows stand in it by day, so one day is read and replaced without the whole month."""
MOST_RUNS = 4096
"""Runs of rows of one day up to which they are put in order without copying them."""

_TYPES: Mapping[Type, pa.DataType] = {
    Type.TEXT: pa.string(),
    Type.COUNT: pa.int64(),
    Type.DAY: pa.date32(),
    Type.INSTANT: pa.timestamp("us", tz="UTC"),
    Type.MONEY: pa.decimal128(28, 12),
}
_CONFIGURATION = {"delta.enableExpiredLogCleanup": "false"}
"""By default a checkpoint deletes log entries after 30 days, and pinned versions with them."""


def schema(table: LedgerTable) -> pa.Schema:
    """The Arrow schema of a table."""
    return pa.schema([(column.name, _TYPES[column.type]) for column in table.columns])


@dataclass(frozen=True, slots=True)
class Version:
    """One committed state of the ledger: the Delta version of each table by its name, and the totals it states."""

    number: int
    at: datetime | None
    tables: Mapping[str, int]
    totals: Mapping[str, str] = field(default_factory=dict)
    organization: str = ""
    what: str = ""

    @property
    def spoken(self) -> dict[str, Any]:
        """The version as an answer says it: its number and the instant of its commit."""
        return {"version": self.number, "at": text(self.at) if self.at else None}


EMPTY = Version(0, None, {table.name: 0 for table in PINNED})
"""The state of a ledger in which nothing was committed yet."""


class Tables:
    """The Delta tables under one folder. Raises LedgerError where they cannot be read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        path = root.resolve().as_posix()
        if unquote(path) != path or any(letter in path for letter in "[]\\"):
            raise LedgerError(
                f"A folder called {path} cannot hold a ledger: Delta Lake reads its name as another.",
                "Name one without brackets, backslashes and percent codes.",
            )

    def exists(self) -> bool:
        """Whether there is a ledger here."""
        return DeltaTable.is_deltatable(str(self.folder(VERSIONS)))

    def newest(self) -> Version:
        """The newest committed version; EMPTY before the first."""
        rows = self._versions().slice(0, 1).to_pylist()
        return _version(rows[0]) if rows else EMPTY

    def as_of(self, said: str) -> Version:
        """The version of that number, or the newest that was committed by the end of a UTC day, or by an instant.

        AskedWrongly names the first and the newest where there is none.
        """
        every = self.versions()
        if said.isdecimal():
            fits = [it for it in every if it.number == int(said)]
        else:
            try:
                at = instant(said)
            except (ValueError, OverflowError):
                raise AskedWrongly(
                    f"{said!r} is neither a version nor a day.", "Write --as-of 12, 2026-11-03 or 2026-11-03T12:00:00Z."
                ) from None
            day = len(said) == len("2026-11-03")
            fits = [it for it in every if it.at and (it.at - DAY < at if day else it.at <= at)]
        if not fits:
            ends = (
                " and ".join(
                    f"its {name} is {it.number}, of {text(it.at) if it.at else 'no instant'}"
                    for name, it in (("first", every[-1]), ("newest", every[0]))
                )
                if every
                else "it has none yet"
            )
            raise AskedWrongly(f"The ledger has no version as of {said}: {ends}.", "`tallystick log` lists them.")
        return fits[0]

    def versions(self) -> list[Version]:
        """Every committed version, the newest first."""
        return [_version(row) for row in self._versions().to_pylist()]

    def _versions(self) -> pa.Table:
        """The rows of `versions`, the newest first."""
        fits = schema(VERSIONS)
        files = self.files(VERSIONS) if self.exists() else []
        try:
            every = [ParquetFile(file).read().select(fits.names).cast(fits) for file in files]
        except (OSError, pa.ArrowException) as wrong:
            raise LedgerError(
                f"The versions of the ledger {self.root} cannot be read: {wrong}",
                "Restore the ledger from a backup, or rebuild it from its pages: tallystick rebuild.",
            ) from None
        return pa.concat_tables([fits.empty_table(), *every]).sort_by([("version", "descending")])

    def open(self, table: LedgerTable, version: int | None = None) -> DeltaTable:
        """One table, as of a Delta version or its newest."""
        try:
            return DeltaTable(str(self.folder(table)), version=version)
        except DeltaError as wrong:
            raise LedgerError(
                f"The table {table.name} of the ledger {self.root} cannot be read: {wrong}",
                "Restore it from a backup, or rebuild the ledger from its pages: tallystick rebuild.",
            ) from None

    def rows(self, table: LedgerTable, version: int | None = None, **how: Any) -> pa.Table:
        """Rows of one table as of a version; `how` is columns and filters. LedgerError where a file is lost."""
        try:
            return read(self.open(table, version), **how)
        except (OSError, DeltaError, pa.ArrowException) as wrong:
            raise LedgerError(
                f"The table {table.name} of the ledger {self.root} cannot be read: {wrong}",
                "Restore it from a backup, or rebuild the ledger from its pages: tallystick rebuild.",
            ) from None

    def files(self, table: LedgerTable, version: int | None = None) -> list[str]:
        """The Parquet files of a table as of a version."""
        return [unquote(file) for file in self.open(table, version).file_uris()]

    @contextmanager
    def writing(self, waiting: Callable[[str], None] | None = None) -> Iterator[Writer]:
        """The only writer, with every table as the newest version pins it; LedgerError if another stays."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as wrong:
            raise LedgerError(
                f"There can be no ledger at {self.root}: {wrong.strerror}.", "Name a folder that you may write."
            ) from None
        lock, holder = FileLock(self.root / "writer.lock"), self.root / "writer.json"
        try:
            lock.acquire(timeout=0)
        except Timeout:
            try:
                who = holder.read_text(encoding="utf-8")
            except OSError:  # it has just finished
                who = "another process"
            if waiting:
                waiting(who)
            try:
                lock.acquire(timeout=LOCK_PATIENCE)
            except Timeout:
                raise LedgerError(
                    f"The ledger {self.root} is being written by {who}.", "Wait for it to finish, or stop it."
                ) from None
        try:
            holder.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")
            yield Writer(self)
        except (OSError, DeltaError, pa.ArrowException) as wrong:
            raise LedgerError(
                f"The ledger {self.root} cannot be written: {wrong}",
                "What was committed before stays. See to the disk and its rights, then run the same again.",
            ) from None
        finally:
            holder.unlink(missing_ok=True)
            lock.release()

    def folder(self, table: LedgerTable) -> Path:
        """Where a table is."""
        return self.root / ("pages/index" if table is PAGES else table.name)


class Writer:
    """Writes tables, then commits them together as one version."""

    def __init__(self, tables: Tables) -> None:
        for table in (*PINNED, PAGES, VERSIONS):
            if not DeltaTable.is_deltatable(str(tables.folder(table))):
                DeltaTable.create(
                    tables.folder(table),
                    schema(table),
                    partition_by=list(table.partitions),
                    configuration=_CONFIGURATION,
                )
        self.tables = tables
        self.version = tables.newest()
        self._open = {table: tables.open(table) for table in (*PINNED, PAGES, VERSIONS)}
        for table in PINNED:
            current, pinned = self._open[table], self.version.tables.get(table.name, 0)
            if current.version() != pinned and not _is_restored(current, pinned):
                current.restore(pinned, commit_properties=CommitProperties({"restored": str(pinned)}))

    def delta(self, table: LedgerTable) -> DeltaTable:
        """A table as it stands."""
        return self._open[table]

    def append(self, table: LedgerTable, rows: pa.Table) -> None:
        """Add rows."""
        if rows.num_rows:
            delta = self._open[table]
            write_deltalake(delta, rows.cast(schema(table)), mode="append")
            if table in {PAGES, VERSIONS} and delta.version() % COMPACT_EVERY == 0:
                delta.optimize.compact()

    def replace(self, table: LedgerTable, organization: str, days: list[date], rows: pa.Table, **fixed: str) -> None:
        """Put `rows` in the place of an organization's rows of these days, in one Delta commit.

        `fixed` holds further columns to a value.
        """
        conditions = [f"{name} = {_quoted(value)}" for name, value in ({"organization": organization} | fixed).items()]
        if "month" in table.partitions:  # named, so that files of other months stay shut
            months = sorted({f"{day:%Y-%m}" for day in days})
            conditions.append(f"month in ({', '.join(map(_quoted, months))})")
        conditions.append(f"day in ({', '.join(f'date {_quoted(str(day))}' for day in days)})")
        where, delta = " and ".join(conditions), self._open[table]
        if rows.num_rows:
            rows = _by_day(rows.cast(schema(table)))
            write_deltalake(delta, rows, mode="overwrite", predicate=where, target_file_size=FILE_SIZE)
        else:
            delta.delete(where)

    def newest_reading(self) -> int:
        """The number of the newest reading in the archive's index; 0 before the first."""
        readings = read(self._open[PAGES], columns=["reading"])
        return pc.max(readings["reading"]).as_py() or 0

    def rows(self, table: LedgerTable, organization: str) -> pa.Table:
        """Every row of an organization, as the table stands."""
        return read(self._open[table], filters=[("organization", "=", organization)])

    def rows_on(self, table: LedgerTable, organization: str, days: list[date]) -> pa.Table:
        """Every row of an organization on these days, as the table stands."""
        fits = schema(table)
        found = read(self._open[table], filters=_on_days(organization, days))
        return found.select(fits.names).cast(fits)

    def counts(self, table: LedgerTable, organization: str, days: list[date]) -> Counter[date]:
        """How many rows of an organization there are on each of these days that has any."""
        found = read(self._open[table], columns=["day"], filters=_on_days(organization, days))
        return Counter({it["values"]: it["counts"] for it in found["day"].value_counts().to_pylist()})

    def days_of(self, table: LedgerTable, organization: str, name: str, value: str) -> list[date]:
        """The days of an organization on which a column has a value somewhere."""
        filters = [("organization", "=", organization), (name, "=", value)]
        return sorted(read(self._open[table], columns=["day"], filters=filters)["day"].unique().to_pylist())

    def changed(self, table: LedgerTable, organization: str, days: list[date], rows: pa.Table) -> list[date]:
        """Which of these days hold other rows than `rows` has for them, whatever their order."""
        old = self.rows_on(table, organization, days)
        if not old.num_rows:
            return sorted(set(rows["day"].unique().to_pylist()))
        order = [(name, "ascending") for name in rows.schema.names]
        new, old = rows.sort_by(order), old.sort_by(order)
        if new.equals(old):
            return []
        return [day for day in days if not _on(new, day).equals(_on(old, day))]

    def commit(self, organization: str, what: str, at: datetime, totals: Mapping[str, str]) -> Version:
        """Pin every table as it stands now: from here on readers see it.

        `totals` are what it states; by which price lists each organization was tallied is stated on.
        """
        lists = {name: said for name, said in self.version.totals.items() if name.startswith(TALLIED_BY)}
        totals = {**lists, **totals}
        pins = {table.name: self._open[table].version() for table in PINNED}
        version = Version(self.version.number + 1, at.astimezone(UTC), pins, totals, organization, what)
        row = {
            "version": version.number,
            "committed_at": version.at,
            "organization": organization,
            "what": what,
            "tables": json.dumps(pins),
            "totals": json.dumps(dict(totals)),
        }
        self.append(VERSIONS, pa.Table.from_pylist([row], schema(VERSIONS)))
        self.version = version
        return version


def _version(row: Mapping[str, Any]) -> Version:
    said = (json.loads(row["tables"]), json.loads(row["totals"]), row["organization"], row["what"])
    return Version(row["version"], row["committed_at"].astimezone(UTC), *said)


def read(delta: DeltaTable, **how: Any) -> pa.Table:
    """Rows of a table, by Arrow's own view of the disk.

    Delta's is in Python, and a read-ahead that it still serves while the interpreter ends aborts the process.
    """
    root = url2pathname(urlsplit(delta.table_uri).path)
    return delta.to_pyarrow_table(filesystem=SubTreeFileSystem(root, LocalFileSystem()), **how)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _on_days(organization: str, days: list[date]) -> list[tuple[str, str, Any]]:
    months = sorted({f"{day:%Y-%m}" for day in days})
    return [("organization", "=", organization), ("month", "in", months), ("day", "in", days)]


def _on(rows: pa.Table, day: date) -> pa.Table:
    return rows.filter(pc.equal(rows["day"], pa.scalar(day, pa.date32())))


def _by_day(rows: pa.Table) -> pa.Table:
    """The rows in the order of their days, so that a file holds few of them; runs of a day are moved as they are."""
    days = rows["day"].combine_chunks()
    ends = pc.indices_nonzero(pc.not_equal(days[:-1], days[1:]))
    if len(ends) > MOST_RUNS:
        return rows.sort_by("day")
    cuts = [0, *(end + 1 for end in ends.to_pylist()), len(days)]
    runs = sorted(pairwise(cuts), key=lambda run: days[run[0]].as_py())
    return pa.concat_tables([rows.slice(start, end - start) for start, end in runs])


def _is_restored(delta: DeltaTable, pinned: int) -> bool:
    """Whether the last commit did nothing but restore what is pinned."""
    return delta.history(1)[0].get("restored") == str(pinned)
