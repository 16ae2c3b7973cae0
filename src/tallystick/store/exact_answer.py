"""Exact answer: the rows of a cluster in the types that DuckDB has for a query, without a digit lost."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from tallystick.errors import LedgerError
from tallystick.store.cluster_address import REMEDY

_TYPES = {
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "HUGEINT": pa.decimal128(38, 0),
    "DATE": pa.date32(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def arrow_type(kind: str) -> pa.DataType | None:
    """Return the Arrow type of a type of DuckDB; None for one that no part of a query may have."""
    if decimal := _DECIMAL.fullmatch(kind):
        return pa.decimal128(*map(int, decimal.groups()))
    return _TYPES.get(kind)


def exact(answer: pa.Table, columns: Sequence[tuple[str, str]]) -> pa.Table:
    """Return an answer in DuckDB's names and types of columns; LedgerError where it does not fit them exactly."""
    schema = pa.schema([(name, arrow_type(kind)) for name, kind in columns])
    for field, target in zip(answer.schema, schema, strict=True):
        if not _keeps(field.type, target.type):
            raise LedgerError(
                f"The engine answers {target.name} as {field.type}, which can have lost digits.",
                REMEDY,
            )
    try:
        return answer.rename_columns(schema.names).cast(schema)
    except pa.ArrowInvalid as wrong:
        raise LedgerError(f"The answer of the engine does not fit exactly: {wrong}.", REMEDY) from None


def _keeps(answered: pa.DataType, target: pa.DataType) -> bool:
    """Whether values come in a type that loses nothing: no float, no fewer places, nothing made a text."""
    if pa.types.is_null(answered) or pa.types.is_integer(answered):
        return bool(pa.types.is_null(answered) or pa.types.is_integer(target) or target == _TYPES["HUGEINT"])
    if pa.types.is_decimal(answered):
        return bool(pa.types.is_integer(target) or (pa.types.is_decimal(target) and answered.scale >= target.scale))
    if pa.types.is_timestamp(answered):
        return bool(pa.types.is_timestamp(target) and answered.tz)
    return bool(answered == target) or (pa.types.is_large_string(answered) and pa.types.is_string(target))
