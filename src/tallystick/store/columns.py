"""Columns: the Arrow schema of each table, and its rows as Arrow reads them from the disk."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pyarrow as pa
from deltalake import DeltaTable
from pyarrow.dataset import ParquetReadOptions
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
    Delta's view is in Python, and a read-ahead that it still serves while the interpreter ends aborts the process.
    """
    files = SubTreeFileSystem(url2pathname(urlsplit(delta.table_uri).path), LocalFileSystem())
    options = ParquetReadOptions(dictionary_columns=words)
    rows = delta.to_pyarrow_dataset(filesystem=files, parquet_read_options=options).to_table(
        columns=columns, filter=filters_to_expression([*filters]) if filters else None, use_threads=False
    )
    rows.validate(full=True)  # a text that is no UTF-8 any more raises here, not where somebody looks at it
    return rows
