"""Rows of damaged tables that no page tells: from their copies, and from every file of theirs that can be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from pyarrow.parquet import ParquetFile

from tallystick.core.ledger_tables import LOST, PAGES, VERSIONS
from tallystick.core.table import LedgerTable
from tallystick.errors import LedgerError
from tallystick.store import faults
from tallystick.store.archive import Archive
from tallystick.store.columns import schema
from tallystick.store.copies import Copies
from tallystick.store.snapshot import Snapshot
from tallystick.store.tables import Tables
from tallystick.store.version import Version
from tallystick.store.version_rows import newest_number
from tallystick.store.writer import CONFIGURATION

Row = dict[str, Any]


def make(work: Path, table: LedgerTable, rows: pa.Table) -> Path:
    """Make a table of these rows in a folder of its own; the folder."""
    folder = work / table.name
    DeltaTable.create(folder, schema(table), partition_by=list(table.partitions), configuration=CONFIGURATION)
    if rows.num_rows:
        write_deltalake(DeltaTable(folder), rows.cast(schema(table)), mode="append")
    return folder


def version_rows(tables: Tables) -> pa.Table | None:
    """Every version from the first to the newest; one that nothing tells any more is said to be lost.

    None where the newest is not known: no source reaches the number in the file `newest`, and no two agree on another.
    """
    sources: list[dict[int, Row]] = [
        _versions(Copies(tables.root, VERSIONS).rows().to_pylist()),
        _versions(_readable_rows(tables, VERSIONS)),
    ]
    if snapshot := Snapshot.read(tables.root):
        sources.append({snapshot.version.number: snapshot.version.row()})
    known = {number: row for source in reversed(sources) for number, row in source.items()}
    newest = max(known, default=0)
    stated = 0
    with suppress(LedgerError, OSError):
        stated = newest_number(tables)
    if not newest or (newest < stated and sum(max(source, default=0) == newest for source in sources) < 2):  # noqa: PLR2004
        return None
    rows, committed_at = [], known[newest]["committed_at"]
    for number in range(newest, 0, -1):
        row = known.get(number) or Version(number, committed_at, {}, what=LOST).row()
        committed_at = row["committed_at"]
        rows.append(row)
    return pa.Table.from_pylist(rows[::-1], schema(VERSIONS))


def growing_rows(tables: Tables, table: LedgerTable) -> tuple[pa.Table, int]:
    """The rows of a table that grows without versions, and how many are lost, of which others take the place."""
    copied = Copies(tables.root, table).rows().to_pylist()
    key = ("reading", "place") if table is PAGES else tuple(schema(table).names)
    known = {tuple(row[name] for name in key) for row in copied}
    others: dict[tuple[Any, ...], Row] = {}
    for row in _readable_rows(tables, table):
        if (identity := tuple(row[name] for name in key)) not in known:
            others[identity] = row
    rows = [*copied, *others.values()]
    lost = max(0, _least(tables, table) - len(rows))
    rows += [_lost_page(tables)] * lost
    return pa.Table.from_pylist(rows, schema(table)), lost


def _least(tables: Tables, table: LedgerTable) -> int:
    """How many rows the newest version says that there are at least."""
    with suppress(LedgerError):
        content = tables.newest().contents.get(table.name)
        return content.rows if content else 0
    return 0


def _lost_page(tables: Tables) -> Row:
    """The row of a page that nothing tells of any more, so that the index is as long as it was."""
    version = tables.newest()
    row: Row = {column.name: None for column in PAGES.columns}
    stated: Row = {"organization": version.organization, "source": LOST, "grain": "day", "purpose": LOST, "fixed": "{}"}
    stated |= dict.fromkeys(("window_start", "window_end", "read_at"), version.at)
    page = Archive(tables.root).keep(LOST.encode())
    return row | stated | {"reading": 0, "attempt": 1, "place": 0, "request": LOST, "hash": page, "size": len(LOST)}


def _versions(rows: list[Row]) -> dict[int, Row]:
    """The rows that state a version, by its number."""
    known = {}
    for row in rows:
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            known[Version.of_row(row).number] = row
    return known


def _readable_rows(tables: Tables, table: LedgerTable) -> list[Row]:
    """The rows of a table as its log lists them, else of every file of it that can be read, whatever the log says."""
    folder, names = tables.folder(table), schema(table).names
    with suppress(LedgerError):
        from tallystick.store.columns import read

        with faults.reading(tables.name, f"the table {table.name}"):
            return [{name: row.get(name) for name in names} for row in read(DeltaTable(str(folder))).to_pylist()]
    return [row for file in sorted(folder.glob("**/part-*.parquet")) for row in _rows_of(file, names)]


def _rows_of(file: Path, names: list[str]) -> Iterator[Row]:
    with suppress(LedgerError), faults.reading(file.parent, file.name):
        rows = ParquetFile(file).read()
        rows.validate(full=True)
        yield from ({name: row.get(name) for name in names} for row in rows.to_pylist())
