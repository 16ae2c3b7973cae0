"""Files: rows as Parquet files of a table, and the entry of its log that adds them.

Arrow writes text that is a number into a list as it stands; Delta Lake unpacks each text first and takes four times as
long. Numbers are written as they are: a list of them would take twice the time and more room. A file states the least
and the most of numbers, the log those of days: nothing looks for others.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.transaction import AddAction
from pyarrow.parquet import FileMetaData, ParquetWriter

MOST_ROWS = 2**18
"""Rows of one file: they stand in it by day, so one day is read and replaced without the whole month."""


def add(delta: DeltaTable, parts: Sequence[pa.Table], most_rows: int = MOST_ROWS) -> None:
    """Add rows to a table in one entry of its log: files of at most so many rows, each of one partition."""
    names = delta.metadata().partition_columns
    folder = Path(url2pathname(urlsplit(delta.table_uri).path))
    by_partition: dict[tuple[str, ...], list[pa.Table]] = {}
    for part in parts:
        for partition, rows in _partitions(part, names):
            by_partition.setdefault(partition, []).append(rows.drop_columns(names))
    actions = []
    for partition, tables in by_partition.items():
        values = dict(zip(names, partition, strict=True))
        rows = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
        slices = (rows.slice(start, most_rows) for start in range(0, rows.num_rows, most_rows))
        actions += [_written(folder, values, own_rows) for own_rows in slices]
    if actions:
        delta.create_write_transaction([*actions], "append", delta.schema(), names)
        delta.update_incremental()


def _partitions(rows: pa.Table, names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], pa.Table]]:
    """The rows of each partition, and its values."""
    if not names:
        yield (), rows
        return
    partitions = rows.select(names).unify_dictionaries().group_by(names, use_threads=False).aggregate([]).to_pylist()
    for values in partitions:
        conditions = (pc.equal(rows[name], value) for name, value in values.items())
        yield (
            tuple(values.values()),
            rows if len(partitions) == 1 else rows.filter(functools.reduce(pc.and_, conditions)),
        )


def _written(folder: Path, values: Mapping[str, str], rows: pa.Table) -> AddAction:
    """Write one file; what the log says of it."""
    names = [f"{name}={quote(value, safe='')}" for name, value in values.items()]
    path = Path(*names, f"part-00000-{uuid4()}-c000.snappy.parquet")
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    texts = [field.name for field in rows.schema if pa.types.is_dictionary(field.type)]
    counted = [name for name in rows.schema.names if name not in texts]
    metadata: list[FileMetaData] = []
    with ParquetWriter(
        folder / path,
        rows.schema,
        store_schema=False,
        use_dictionary=texts,
        write_statistics=counted,
        metadata_collector=metadata,
    ) as writer:
        writer.write_table(rows, row_group_size=rows.num_rows)
    status = (folder / path).stat()
    return AddAction(
        path.as_posix(),
        status.st_size,
        dict(values),
        status.st_mtime_ns // 1_000_000,
        True,
        stated(metadata[0]),
    )


def stated(metadata: FileMetaData) -> str:
    """What a log states of a file: which days it has, so that it stays shut where others are asked for; JSON."""
    statistics: dict[str, Any] = {"numRecords": metadata.num_rows}
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    columns = [group.column(index) for group in groups for index in range(metadata.num_columns)]
    days = [column.statistics for column in columns if column.path_in_schema == "day"]
    if days and all(part and part.has_min_max for part in days):
        statistics["minValues"] = {"day": str(min(part.min for part in days))}
        statistics["maxValues"] = {"day": str(max(part.max for part in days))}
    return json.dumps(statistics)
