"""Content check: whether the files of a version and the archived pages are still what was written."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

from tallystick.core.ledger_tables import PAGES, PINNED
from tallystick.core.question import Cell
from tallystick.core.select import select
from tallystick.core.table import LedgerTable, Type
from tallystick.errors import LedgerError
from tallystick.store.archive import Archive
from tallystick.store.contents import Content
from tallystick.store.engine import Engine

Row = tuple[Cell, ...]
"""A row of `verify`: organization, day, check, expected, found."""


def damaged_tables(engine: Engine) -> list[Row]:
    """The files of the tables that are gone or altered, and the sums that are not those that the version states.

    Files that only older versions hold are compared too; one of those may be gone, by a forgetting.

    A file that came before versions stated hashes has none to be compared with.
    """
    versions = [version for version in engine.tables.versions() if version.number <= engine.version.number]
    newest = next((version for version in versions if version.number == engine.version.number), engine.version)
    rows: list[Row] = [] if newest == engine.version else [("all", "all", "snapshot", f"{newest}", f"{engine.version}")]
    for table in PINNED:
        content = engine.version.contents.get(table.name)
        if content is None:
            continue
        stated = [version.contents[table.name].new for version in versions if table.name in version.contents]
        hashes = {name: digest for files in stated for name, digest in files.items()}
        folder = engine.tables.folder(table)
        now = {folder / path for path in engine.tables.listing(table, engine.version).files}
        older = {*folder.glob("**/part-*.parquet")} - now  # which older versions hold
        altered = {
            file: digest
            for file in sorted(now | older)
            if file.name in hashes and (digest := _digest(file)) != hashes[file.name]
        }
        rows += [
            ("all", "all", f"table {table.name}: {file.name}", hashes[file.name], digest)
            for file, digest in altered.items()
        ]
        rows += [] if altered.keys() & now else _other_sums(engine, table, content)
    return rows


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except FileNotFoundError:
        return "missing"
    except OSError as fault:
        return f"unreadable: {fault.strerror}"


def _other_sums(engine: Engine, table: LedgerTable, content: Content) -> list[Row]:
    """The count of rows, and the sums of a table, that differ from what the version states."""
    names = [column.name for column in table.columns if column.type in {Type.COUNT, Type.MONEY}]
    sums = [f"sum({name}) AS {name}" for name in names]
    [actual] = engine.rows(select('count(*) AS "rows of all"', *sums).from_(f"ledger.{table.name}"))
    expected = {name: Decimal(content.sums.get(name, "0")) for name in names}
    rows: list[Row] = [
        ("all", "all", f"table {table.name}: {name}", value, Decimal(actual[name] or 0))
        for name, value in expected.items()
        if value != (actual[name] or 0)
    ]
    if actual["rows of all"] != content.rows:
        rows.append(("all", "all", f"table {table.name}: rows", content.rows, actual["rows of all"]))
    return rows


def damaged_pages(engine: Engine) -> tuple[int, list[Row]]:
    """How many pages the archive's index names, and those that are gone or no longer what was answered."""
    index = engine.tables.rows(PAGES, columns=["organization", "source", "window_start", "read_at", "hash"])
    rows: list[Row] = []
    stated = engine.version.contents.get(PAGES.name)
    if stated and index.num_rows < stated.rows:
        rows.append(("all", "all", "archive: rows of the index", stated.rows, index.num_rows))
    archive, pages = Archive(engine.tables.root), {row["hash"]: row for row in index.to_pylist()}
    engine.tables.fetch(map(archive.path, pages))
    for digest, row in sorted(pages.items(), key=lambda item: (item[1]["read_at"], item[0])):
        try:
            archive.body(digest)
        except LedgerError as fault:
            day = f"{row['window_start']:%Y-%m-%d}"
            state = "altered" if "altered" in fault.what else "missing or unreadable"
            rows.append((row["organization"], day, f"archive: page of {row['source']}", digest, state))
    return len(pages), rows
