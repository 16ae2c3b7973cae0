"""Columns: the Arrow schema of each table, and its rows as Arrow reads them from the disk."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from pyarrow.dataset import FileSystemDataset, ParquetFileFormat, ParquetReadOptions
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem
from pyarrow.parquet import filters_to_expression

from tallystick.core.table import LedgerTable, Type

_TYPES: Mapping[Type, pa.DataType] = {
    Type.TEXT: pa.string(),
    Type.COUNT: pa.int64(),
    Type.DAY: pa.date32(),
    Type.INSTANT: pa.timestamp("us", tz="UTC"),
    Type.MONEY: pa.decimal128(28, 12),
}


def schema(table: LedgerTable) -> pa.Schema:
    """The Arrow schema of a table."""
    return pa.schema([(column.name, _TYPES[column.type]) for column in table.columns])


def encoded(table: LedgerTable) -> pa.Schema:
    """The same with text as numbers into a list of the texts, for rows in memory."""
    kinds = (pa.dictionary(pa.int32(), kind) if kind == pa.string() else kind for kind in schema(table).types)
    return pa.schema([*zip(schema(table).names, kinds, strict=True)])


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """The column as one array; what is one already is not copied."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def summable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column, of counts or of money, as one whose sums cannot wrap: counts of which few are large stay as they are.

    Arrow sums money to 38 digits, and counts to 64 bits.
    """
    if not pa.types.is_int64(column.type):
        return column
    bounds = pc.min_max(column).as_py()
    largest = max(abs(bound or 0) for bound in bounds.values())
    return column if largest * len(column) < 2**63 else column.cast(pa.decimal128(38, 0))


def months(days: pa.ChunkedArray | pa.Array) -> pa.Array:
    """The month of each day, as `encoded` has it."""
    distinct = flat(days).dictionary_encode()
    texts = pa.array([f"{day:%Y-%m}" for day in distinct.dictionary.to_pylist()], pa.string())
    return texts.dictionary_encode().take(distinct.indices)


def read(
    delta: DeltaTable,
    columns: Sequence[str] | None = None,
    filters: Sequence[tuple[str, str, Any]] | None = None,
    words: Collection[str] = (),
) -> pa.Table:
    """Rows of a table that fit the filters, by Arrow's own view of the disk.

    `words` are columns of text to be read as numbers into a list of the texts, which is how files hold most.
    Delta's view is in Python, and a read-ahead that it still serves while the interpreter ends aborts the process; and
    of each file it states the least and the most of every column, which takes longer than to read a small one.
    """
    folder = SubTreeFileSystem(url2pathname(urlsplit(delta.table_uri).path), LocalFileSystem())
    parquet = ParquetFileFormat(read_options=ParquetReadOptions(dictionary_columns=words))
    fields = (
        field.with_type(pa.dictionary(pa.int32(), field.type)) if field.name in words else field
        for field in pa.schema(delta.schema().to_arrow())
    )
    fragments = [parquet.make_fragment(path, folder, holds) for path, holds in _files(delta)]
    rows = FileSystemDataset(fragments, pa.schema(fields), parquet, folder).to_table(
        columns=columns, filter=filters_to_expression([*filters]) if filters else None, use_threads=False
    )
    rows.validate(full=True)  # a text that is no UTF-8 any more raises here, not where somebody looks at it
    return rows


def _files(delta: DeltaTable) -> Iterator[tuple[str, pc.Expression]]:
    """The files of a table, and what is so of every row of each: its partition, and within which days it is."""
    stated = pa.table(delta.get_add_actions(flatten=True))
    partitions = {name: stated[f"partition.{name}"].to_pylist() for name in delta.metadata().partition_columns}
    has_days = {"min.day", "max.day"} <= {*stated.schema.names}
    spans = zip(*(stated[name].to_pylist() for name in ("min.day", "max.day")), strict=True) if has_days else None
    for index, path in enumerate(stated["path"].to_pylist()):
        holds = pc.scalar(True)
        for name, values in partitions.items():
            holds &= pc.field(name) == values[index]
        first, last = next(spans) if spans else (None, None)
        if first is not None:
            holds &= (pc.field("day") >= first) & (pc.field("day") <= last)
        yield unquote(path), holds
