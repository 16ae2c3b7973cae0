"""Columns: the Arrow schema of each table, and its rows as Arrow reads them from the disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pyarrow as pa
from deltalake import DeltaTable
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

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
    """The same with text as numbers into a list of the texts, for rows in memory; partitions are as they are."""
    return pa.schema(
        [
            (name, kind if name in table.partitions or kind != pa.string() else pa.dictionary(pa.int32(), kind))
            for name, kind in zip(schema(table).names, schema(table).types, strict=True)
        ]
    )


def read(delta: DeltaTable, **options: Any) -> pa.Table:
    """Rows of a table, by Arrow's own view of the disk.

    Delta's is in Python, and a read-ahead that it still serves while the interpreter ends aborts the process.
    """
    root = url2pathname(urlsplit(delta.table_uri).path)
    rows = delta.to_pyarrow_table(filesystem=SubTreeFileSystem(root, LocalFileSystem()), **options)
    rows.validate(full=True)  # a text that is no UTF-8 any more raises here, not where somebody looks at it
    return rows
