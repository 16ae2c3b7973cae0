"""Parquet rows as they are typed: decimals, days, instants; compressed with zstd."""

from __future__ import annotations

from typing import BinaryIO

from pyarrow.parquet import ParquetWriter

from tallystick.core.rows import Rows


def write_rows(rows: Rows, file: BinaryIO) -> None:
    """The rows, a group of them for each batch."""
    with ParquetWriter(file, rows.schema, compression="zstd") as writer:
        for batch in rows.batches:
            writer.write_batch(batch)
