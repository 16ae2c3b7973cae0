"""Compaction: the small files of a partition made one, so that a sync a day leaves few."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pyarrow as pa
from deltalake import DeltaTable

from tallystick.core.table import LedgerTable

FULL = (2**16, 2**20, 2**23)
"""Bytes at which a file is full, in steps: what many syncs wrote is not written again for the few files of the last."""


_UNSETTLED = 3
"""The newest months of a table, which syncs still write to: until 35 days after their end."""


def compact(delta: DeltaTable, table: LedgerTable, most: int) -> None:
    """Make one of the files of each partition that has more than `most` of a step; its rows stay what they are.

    Of a month that syncs write to no more, one of all that are small: to write large ones again takes longer than to
    open them.
    """
    files = pa.table(delta.get_add_actions(flatten=True))
    values = [files[f"partition.{name}"].to_pylist() for name in table.partitions]
    sizes = files["size_bytes"].to_pylist()
    months = files["partition.month"].to_pylist() if "month" in table.partitions else [""] * len(sizes)
    settled = {*sorted({*months})[:-_UNSETTLED]}
    counts = Counter[tuple[int, int, tuple[str, ...]]]()
    for size, month, *partition in zip(sizes, months, *values, strict=True):
        for least, full in pairwise((0, *FULL[1:]) if month in settled else (0, *FULL)):
            if least // 2 <= size < full // 2:
                limit = 1 if month in settled and not least else most
                counts[full, limit, tuple(partition)] += 1
    for (full, limit, place), count in counts.items():
        if count > limit:
            filters = [(name, "=", value) for name, value in zip(table.partitions, place, strict=True)]
            delta.optimize.compact(partition_filters=filters or None, target_size=full)
