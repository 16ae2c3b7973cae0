"""Compaction: the small files of a partition made one, so that a sync a day leaves few."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
from deltalake import DeltaTable

from tallystick.core.table import LedgerTable

FILE_SIZE = 2**23
"""Bytes at which a file is full."""


def compact(delta: DeltaTable, table: LedgerTable, most: int) -> None:
    """Make one of the small files of each partition that has more than `most`; its rows stay what they are."""
    files = pa.table(delta.get_add_actions(flatten=True))
    values = [files[f"partition.{name}"].to_pylist() for name in table.partitions]
    sizes = files["size_bytes"].to_pylist()
    small = Counter(tuple(partition) for size, *partition in zip(sizes, *values, strict=True) if size < FILE_SIZE // 2)
    for partition, count in small.items():
        if count > most:
            filters = [(name, "=", value) for name, value in zip(table.partitions, partition, strict=True)]
            delta.optimize.compact(partition_filters=filters or None, target_size=FILE_SIZE)
