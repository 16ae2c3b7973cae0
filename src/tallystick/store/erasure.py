"""Erasure: what was replaced goes for good: archived pages, rows, and the old states that held them.

Delta keeps replaced files, and the least and greatest text of each file in its log; both are deleted here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from tallystick.core.ledger_tables import VERSIONS
from tallystick.core.table import LedgerTable
from tallystick.errors import LedgerError
from tallystick.store.columns import read, schema
from tallystick.store.contents import Listing, content
from tallystick.store.copies import COPIED, Copies, file_copy, put_twice
from tallystick.store.disk import Fsync, fsync
from tallystick.store.faults import REPAIR
from tallystick.store.tables import Tables
from tallystick.store.version import Version
from tallystick.store.writer import Writer

DAMAGED, WORK = "damaged", ".repair"
"""The folders of what was damaged, and of what a repair builds, in that of the ledger."""
FORGOTTEN = "forgotten.json"
"""The file that lists who may not be named."""
_ENTRY = re.compile(r"(\d{20})\.(json|checkpoint.*\.parquet)")


def forgotten(ledger: Path) -> dict[str, str]:
    """Who may not be named: ids, and keyed hashes of e-mails, each with the id that stands for the person."""
    path = ledger / FORGOTTEN
    copied = json.loads(file_copy(path) or "{}")
    try:
        persons = json.loads(path.read_bytes()) if path.exists() or copied else {}
    except (OSError, ValueError) as wrong:
        raise LedgerError(f"The list {path} cannot be read: {wrong}", REPAIR) from None
    if not isinstance(persons, dict) or not copied.items() <= persons.items():
        raise LedgerError(f"The list {path} is damaged: some who were forgotten are not in it.", REPAIR)
    return dict(persons)


def remember(ledger: Path, persons: Mapping[str, str], sync: Fsync = fsync) -> None:
    """Add to the list of those who may not be named."""
    listed_persons = forgotten(ledger)
    if persons.items() <= listed_persons.items():
        return
    listed = json.dumps({**listed_persons, **persons}, indent=1, sort_keys=True)
    put_twice(ledger / FORGOTTEN, listed.encode(), sync)


def rewrite(writer: Writer, table: LedgerTable, rows: pa.Table) -> None:
    """Put `rows` in the place of all that a table holds, in one Delta commit, and of its copies before."""
    if table in COPIED:
        Copies(writer.tables.root, table, writer.tables.sync).replace(rows)
    write_deltalake(writer.delta(table), rows.cast(schema(table)), mode="overwrite", schema_mode="overwrite")


def repin(writer: Writer, table: LedgerTable) -> None:
    """Let every version pin a table as it stands now, in one Delta commit that outlasts a power cut."""
    delta, folder = writer.delta(table), writer.tables.folder(table)
    now = content(table, folder, None, Listing({}), Listing.of(delta))
    rows = [
        replace(
            version,
            tables={**version.tables, table.name: delta.version()},
            contents={**version.contents, table.name: now},
        ).row()
        if table.name in version.tables
        else version.row()
        for version in map(Version.of_row, read(writer.delta(VERSIONS)).to_pylist())
    ]
    writer.flush()
    if rows:
        rewrite(writer, VERSIONS, pa.Table.from_pylist(rows, schema(VERSIONS)))
    writer.reread()
    writer.flush()


def pins(tables: Tables, table: LedgerTable) -> set[int]:
    """The Delta versions of a table that some version pins."""
    pin_maps = (json.loads(row) for row in tables.rows(VERSIONS, columns=["tables"])["tables"].to_pylist())
    return {pin_map[table.name] for pin_map in pin_maps if table.name in pin_map}


def purge(writer: Writer, table: LedgerTable, keep: Collection[int] = ()) -> None:
    """Delete every state of a table older than the oldest of `keep` and of the newest, and the files of no kept one."""
    delta = writer.delta(table)
    root = writer.tables.folder(table)
    states = [DeltaTable(str(root), version=number) for number in sorted({*keep, delta.version()})]
    oldest, log = states[0], root / "_delta_log"
    older = [
        path for path in log.iterdir() if (entry := _ENTRY.fullmatch(path.name)) and int(entry[1]) < oldest.version()
    ]
    if older and not any(log.glob(f"{oldest.version():020}.checkpoint*")):
        oldest.create_checkpoint()
        for path in (*log.glob(f"{oldest.version():020}.checkpoint*"), log):  # before what it stands for is deleted
            writer.tables.sync(path)
    for path in sorted(older):
        path.unlink()
    names = {Path(file).name for state in states for file in state.file_uris()}  # a name of Delta's, never used twice
    for path in root.rglob("*.parquet"):
        if log not in path.parents and path.name not in names:
            path.unlink()


def sweep(ledger: Path, hashes: Collection[str]) -> None:
    """Delete every archived page but those of these hashes, what a dead writer left of one, and what repairs left."""
    for name in (DAMAGED, WORK):
        rmtree(ledger / name, ignore_errors=True)
    for path in (ledger / "pages").glob("[0-9a-f][0-9a-f]/*"):
        if path.suffix == ".part" or (path.suffix == ".zst" and path.stem not in hashes):
            path.unlink()
