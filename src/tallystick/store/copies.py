"""Copies: what no archived page tells, written down a second time, in files that are added, merged and never changed.

Those are the index of the archive, the versions, the closed months, forecasts, findings and deliveries. A copy is
written once its table is on the disk, so copies never hold more rows than their table: where they do, it lost some.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tallystick.core.ledger_tables import CLOSED, GROWING, VERSIONS
from tallystick.core.table import LedgerTable
from tallystick.store.disk import Fsync, fsync, put

if TYPE_CHECKING:
    import pyarrow as pa

COPIED = (*GROWING, CLOSED, VERSIONS)
"""The tables that have copies."""
FOLDER = "copies"
"""The folder of the copies in that of the ledger."""
MANY, FULL = 256, 10_000
"""How many small files of a table are merged into one, and how many rows make a file that is not small any more."""
_NAME = re.compile(r"(\d{12})-(\d{12})-([0-9a-f]{64})\.parquet")


class Copies:
    """The copies of one table. Each file says in its name which rows it has, from first to last, and its SHA-256."""

    def __init__(self, root: Path, table: LedgerTable, sync: Fsync = fsync) -> None:
        self.folder = root / FOLDER / table.name
        self._table = table
        self._sync = sync

    @property
    def are_whole(self) -> bool:
        """Whether every file is as it was written, and none is missing before the last."""
        while True:
            files = self._files()
            is_intact = not self.damaged() and self.rows().num_rows == self.count
            if is_intact or files == self._files():  # else a writer added or merged some meanwhile
                return is_intact

    @property
    def count(self) -> int:
        """How many rows they have, by their names alone."""
        return max((last for _, last, _, _ in self._files()), default=0)

    def add(self, first: int, rows: pa.Table) -> None:
        """Write the rows that follow on the first so many, for good."""
        if rows.num_rows:
            self._write(first, rows)
            self._merge()

    def replace(self, rows: pa.Table) -> None:
        """Put `rows` in the place of all copies, for good."""
        written = self._write(0, rows) if rows.num_rows else None
        for *_, path in self._files():
            if path != written:
                path.unlink()
        if self.folder.exists():
            self._sync(self.folder)

    def rows(self) -> pa.Table:
        """The rows, as far as they are there without a gap, from the files that are as they were written."""
        return self._rows_from(0)

    def _rows_from(self, start: int) -> pa.Table:
        """The rows from this one on, as far as there is no gap."""
        import pyarrow as pa
        from pyarrow.parquet import read_table

        from tallystick.store.columns import schema

        fits = schema(self._table)
        parts, end = [fits.empty_table()], start
        for first, last, digest, path in sorted(self._files(), key=_newest_first):
            if first <= end < last and (data := _read(path)) and hashlib.sha256(data).hexdigest() == digest:
                rows = read_table(pa.BufferReader(data), partitioning=None)
                missing = [name for name in fits.names if name not in rows.schema.names]
                for name in missing:  # of a column that came with a later release
                    rows = rows.append_column(name, pa.nulls(rows.num_rows, fits.field(name).type))
                parts.append(rows.select(fits.names).cast(fits).slice(end - first))
                end = last
        return pa.concat_tables(parts)

    def are_in(self, rows: pa.Table) -> bool:
        """Whether every row of theirs is among these, as often."""
        names = [name for name in (column.name for column in self._table.columns) if name in rows.schema.names]

        def counted(table: pa.Table) -> Counter[tuple[Any, ...]]:
            return Counter(tuple(row.values()) for row in table.select(names).to_pylist())

        return counted(self.rows()) <= counted(rows)

    def damaged(self) -> list[Path]:
        """The files that are not as they were written, or have another name than a copy's."""
        paths = [*self.folder.iterdir()] if self.folder.is_dir() else []  # one listing: a writer adds files meanwhile
        return sorted(path for path in paths if path.suffix != ".part" and not _is_as_written(path) and path.exists())

    def _merge(self) -> None:
        """Make one file of the small ones, where they are many and as they were written.

        They are deleted once it is on the disk. A writer that dies before leaves files whose rows it has too.
        """
        files = self._files()
        start = max((last for first, last, *_ in files if last - first >= FULL), default=0)
        small = [file for file in files if file[1] > start]
        if not small or len(small) % MANY:  # damaged ones, which stay, are not read again at each commit
            return
        rows = self._rows_from(start)
        if start + rows.num_rows < self.count:
            return
        merged = self._write(start, rows)
        for first, _, _, path in small:
            if first >= start and path != merged:
                path.unlink()
        self._sync(self.folder)

    def _files(self) -> list[tuple[int, int, str, Path]]:
        """The first and the last row of each file, its hash, and where it is."""
        paths = [*self.folder.iterdir()] if self.folder.is_dir() else []
        matches = ((_NAME.fullmatch(path.name), path) for path in paths)
        return sorted((int(match[1]), int(match[2]), match[3], path) for match, path in matches if match)

    def _write(self, first: int, rows: pa.Table) -> Path:
        import pyarrow as pa
        from pyarrow.parquet import write_table

        from tallystick.store.columns import schema

        sink = pa.BufferOutputStream()
        write_table(rows.cast(schema(self._table)), sink, compression="zstd", write_statistics=False)
        data = sink.getvalue().to_pybytes()
        name = f"{first:012}-{first + rows.num_rows:012}-{hashlib.sha256(data).hexdigest()}.parquet"
        new = not self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        put(self.folder / name, data, self._sync)
        if new:
            for folder in (self.folder.parent, self.folder.parent.parent):
                self._sync(folder)
        return self.folder / name


def _is_as_written(path: Path) -> bool:
    """Whether a file has the name of a copy, and the SHA-256 that stands in it."""
    match = _NAME.fullmatch(path.name)
    return match is not None and hashlib.sha256(_read(path)).hexdigest() == match[3]


def _newest_first(file: tuple[int, int, str, Path]) -> tuple[int, int, int]:
    """The order of files by their first row; of those that begin alike the longest, and the newest of these, first."""
    first, last, _, path = file
    try:
        return first, -last, -path.stat().st_mtime_ns
    except OSError:  # a writer merged it meanwhile
        return first, -last, 0


def put_twice(path: Path, content: bytes, sync: Fsync = fsync) -> None:
    """Write a small file of the ledger for good, and its copy, which begins with its SHA-256."""
    put(path, content, sync)
    copy_file(path, content, sync)


def copy_file(path: Path, content: bytes, sync: Fsync = fsync) -> None:
    """Write the copy of a small file of the ledger, which is on the disk, for good."""
    copy = path.parent / FOLDER / path.name
    copy.parent.mkdir(exist_ok=True)
    put(copy, hashlib.sha256(content).hexdigest().encode() + b"\n" + content, sync)
    sync(path.parent)


def file_copy(path: Path) -> bytes | None:
    """What the copy of a small file holds; None where there is none that is as it was written."""
    digest, _, content = _read(path.parent / FOLDER / path.name).partition(b"\n")
    return content if hashlib.sha256(content).hexdigest().encode() == digest else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
