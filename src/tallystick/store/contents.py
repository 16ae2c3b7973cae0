"""Contents: what a version states that each table holds: files, rows, exact sums, and the hash of each new file.

Files and rows are compared whenever a version is opened, from the table's log alone; sums and hashes by `verify`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Context, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tallystick.core.money import plain
from tallystick.core.table import LedgerTable, Type

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from pyarrow.parquet import ParquetFile

_EXACT = Context(prec=76)


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds. `files` is the SHA-256 of the list of its files, with their sizes and rows.

    `sums` are exact, as text, by column; a sum of 0 is left out. `new` has the SHA-256 of each file that came with the
    version, by its name, which Delta never gives twice.
    """

    rows: int
    files: str = ""
    sums: Mapping[str, str] = field(default_factory=dict)
    new: Mapping[str, str] = field(default_factory=dict)

    def stated(self) -> dict[str, Any]:
        """The content as a version states it."""
        return {name: value for name, value in asdict(self).items() if value not in ({}, "")}


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a table as its log has them: (size in bytes, rows) by path below the table's folder."""

    files: Mapping[str, tuple[int, int | None]]

    @classmethod
    def of(cls, delta: DeltaTable) -> Listing:
        """The files of an opened table."""
        import pyarrow as pa

        actions = pa.table(delta.get_add_actions()).select(["path", "size_bytes", "num_records"])
        paths, sizes, rows = (column.to_pylist() for column in actions.columns)
        return cls({unquote(path): size_and_rows for path, *size_and_rows in zip(paths, sizes, rows, strict=True)})  # type: ignore[misc]

    @property
    def rows(self) -> int:
        """How many rows they hold, as the log states it."""
        return sum(rows or 0 for _, rows in self.files.values())

    @property
    def digest(self) -> str:
        """The SHA-256 of the list, whatever its order."""
        lines = sorted(f"{path} {size} {rows}\n" for path, (size, rows) in self.files.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def content(table: LedgerTable, folder: Path, before: Content | None, was: Listing, now: Listing) -> Content:
    """What a table holds now, from what it held `before`: only files that came or went are read."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    if before is None:  # nothing was stated of it: every file is new
        before, was = Content(0), Listing({})
    sums = {name: Decimal(text) for name, text in before.sums.items()}
    hashes = {}
    numbers = [column.name for column in table.columns if column.type in {Type.COUNT, Type.MONEY}]
    for path in now.files.keys() - was.files.keys():
        data = (folder / path).read_bytes()
        hashes[Path(path).name] = hashlib.sha256(data).hexdigest()
        _add(sums, numbers, ParquetFile(pa.BufferReader(data)), 1)
    for path in was.files.keys() - now.files.keys() if numbers else ():
        _add(sums, numbers, ParquetFile(folder / path), -1)
    texts = {name: _text(value) for name, value in sorted(sums.items()) if value}
    return Content(now.rows, now.digest, texts, hashes)


def _add(sums: dict[str, Decimal], numbers: Iterable[str], file: ParquetFile, sign: int) -> None:
    """Add the sum of each column of numbers of a file, or take it away."""
    import pyarrow.compute as pc

    from tallystick.store.columns import summable

    columns = [name for name in numbers if name in file.schema_arrow.names]
    for name in columns:  # one at a time: all of them of a month are much
        value = Decimal(pc.sum(summable(file.read(columns=[name])[name])).as_py() or 0)
        sums[name] = _EXACT.add(sums.get(name, Decimal(0)), value if sign > 0 else -value)


def _text(value: Decimal) -> str:
    """A sum as text: dollars to two places at least, a count in whole digits."""
    return plain(value) if value.as_tuple().exponent else str(value)
