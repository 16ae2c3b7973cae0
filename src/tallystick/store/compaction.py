"""Compaction: the small files of a partition made one, so that a sync a day leaves few."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pyarrow as pa
from deltalake import DeltaTable

from tallystick.core.table import LedgerTable

FULL = (2**16, 2**20, 2**23)
"""Bytes at which a file is full, in steps: what many syncs wrote is not written again for the few files of the last."""


def compact(delta: DeltaTable, table: LedgerTable, most: int) -> None:
    """Make one of the files of each partition that has more than `most` of a step; its rows stay what they are."""
    files = pa.table(delta.get_add_actions(flatten=True))
    values = [files[f"partition.{name}"].to_pylist() for name in table.partitions]
    sizes = files["size_bytes"].to_pylist()
    for least, full in pairwise((0, *FULL)):
        sized = zip(sizes, *values, strict=True)
        small = Counter(tuple(partition) for size, *partition in sized if least // 2 <= size < full // 2)
        for partition, count in small.items():
            if count > most:
                filters = [(name, "=", value) for name, value in zip(table.partitions, partition, strict=True)]
                delta.optimize.compact(partition_filters=filters or None, target_size=full)
