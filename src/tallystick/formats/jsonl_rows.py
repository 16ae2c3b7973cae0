"""JSONL rows: one object a row; money as strings, as in the JSON answers, counts as numbers."""

from __future__ import annotations

from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.rows import Rows
from tallystick.core.text import inert_json
from tallystick.formats.lines import cells, written


def write_rows(rows: Rows, file: BinaryIO) -> None:
    """One JSON object a line, in UTF-8."""
    for batch in rows.batches:
        parts: list[pa.Array | str] = []
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            parts += ["," if parts else "{", f'"{name}":', _values(column)]
        if batch.num_rows:
            file.write(written([*parts, "}\n"]))


def _values(column: pa.Array) -> pa.Array:
    texts = cells(column, lambda text: inert_json(msgspec.json.encode(text).decode()))
    if not (pa.types.is_string(column.type) or pa.types.is_integer(column.type)):
        texts = pc.binary_join_element_wise('"', texts, '"', "")
    return pc.fill_null(texts, "null")
