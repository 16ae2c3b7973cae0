"""Transfer of a table's rows from one ledger into another: its files are moved, and replace all that was there."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.transaction import AddAction
from pyarrow.parquet import ParquetFile

from tallystick.core.table import LedgerTable
from tallystick.store.contents import Listing
from tallystick.store.files import stated
from tallystick.store.tables import Tables
from tallystick.store.writer import Writer


def transfer(source: Tables, writer: Writer, table: LedgerTable) -> None:
    """Let the next version pin of a table exactly what the newest version of `source` has of it, and no more."""
    pin = source.newest().tables.get(table.name, 0)
    target = writer.begin_anew(table)
    if not pin:
        if Listing.of(target).files:
            target.delete()
        return
    delta = source.open(table, pin)
    names = delta.metadata().partition_columns
    actions = [
        _moved(source.folder(table), writer.tables.folder(table), path, partition)
        for path, partition in _partitions(delta, names)
    ]
    target.create_write_transaction([*actions], "overwrite", delta.schema(), names)
    target.update_incremental()


def _partitions(delta: DeltaTable, names: list[str]) -> list[tuple[str, dict[str, str]]]:
    """The path of each file and the values of its partition."""
    actions = pa.table(delta.get_add_actions(flatten=True))
    values = [actions[f"partition.{name}"].to_pylist() for name in names]
    paths = sorted(Listing.of(delta).files)
    listed = dict(
        zip((Path(path).name for path in actions["path"].to_pylist()), zip(*values, strict=True), strict=True)
    )
    return [(path, dict(zip(names, listed[Path(path).name], strict=True))) for path in paths]


def _moved(source: Path, target: Path, path: str, partition: dict[str, str]) -> AddAction:
    """Move a file; what the log is to say of it."""
    file = target / path
    file.parent.mkdir(parents=True, exist_ok=True)
    (source / path).replace(file)
    status = file.stat()
    return AddAction(
        path, status.st_size, partition, status.st_mtime_ns // 1_000_000, True, stated(ParquetFile(file).metadata)
    )
