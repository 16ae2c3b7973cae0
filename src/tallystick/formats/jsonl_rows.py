"""JSONL rows: one object a row; money as strings, as in the JSON answers, counts as numbers."""

from __future__ import annotations

from typing import BinaryIO

import msgspec
import pyarrow as pa

from tallystick.core.rows import Rows
from tallystick.core.text import inert_json
from tallystick.formats.lines import cells, written


def write_rows(rows: Rows, file: BinaryIO) -> None:
    """One JSON object a line, in UTF-8."""
    for batch in rows.batches:
        parts: list[pa.Array | str] = []
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            parts += ["," if parts else "{", f'"{name}":', cells(column, quoted, "null", '"')]
        if batch.num_rows:
            file.write(written([*parts, "}\n"], batch.num_rows))


def quoted(text: str) -> str:
    """A text as JSON has it."""
    return inert_json(msgspec.json.encode(text).decode())
