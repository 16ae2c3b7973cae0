"""Rebuild of a ledger from its archive alone: every reading judged once more, in the order in which it was read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from tallystick.core.growing_tables import DELIVERIES, FINDINGS, FORECASTS
from tallystick.core.ledger_tables import CLOSED, CLOSED_AS, PAGES
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.store import acknowledgements, faults
from tallystick.store.archive import Archive
from tallystick.store.beside import beside
from tallystick.store.columns import schema
from tallystick.store.copies import put_twice
from tallystick.store.erasure import forgotten, remember
from tallystick.store.tables import Tables
from tallystick.store.version import EMPTY, Version
from tallystick.sync.redaction import People
from tallystick.sync.replay import replay
from tallystick.tally.prices_in_force import Prices


def rebuild(old: Path, new: Path, prices: Prices, people: People | None = None) -> int:
    """Build the ledger `new` from the pages of `old`, which is only read; how many readings were judged.

    It is built beside and renamed at the end, so what a dead rebuild leaves is no ledger. `people` must have the key of
    the sync, or people whom no directory lists get other ids. Raises InvalidQuestion if `new` is not empty, LedgerError
    where the archive cannot be read.
    """
    with faults.reading(new, "the folder"):
        if new.exists() and (not new.is_dir() or any(new.iterdir())):
            raise InvalidQuestion(f"{new} is there and not an empty folder.", "Name a folder that does not exist yet.")
    if not (old / "pages" / "index").exists():
        raise LedgerError(f"There is no archive under {old}.", "Name a ledger that was synced.")
    index, (closed, newest, stated) = Tables(old).rows(PAGES), _closed(Tables(old))
    with beside(new) as part, Tables(part).writing() as writer:
        remember(part, forgotten(old))
        if (lines := old / acknowledgements.FILE).exists():  # no page tells of them
            put_twice(part / acknowledgements.FILE, lines.read_bytes())
        readings = replay(index, Archive(old), writer, prices, people)
        if closed.num_rows and newest.at:
            writer.append(CLOSED, closed)
            writer.commit(newest.organization, "closed months, as they were", newest.at, stated)
        if Tables(old).has(FORECASTS):
            forecasts = Tables(old).rows(FORECASTS)
            zeros = pa.array([0] * forecasts.num_rows, pa.int64())
            writer.append(FORECASTS, forecasts.set_column(forecasts.column_names.index("version"), "version", zeros))
        for table in (FINDINGS, DELIVERIES):
            if Tables(old).has(table):
                writer.append(table, Tables(old).rows(table))
    return readings


def _closed(old: Tables) -> tuple[pa.Table, Version, dict[str, str]]:
    """The rows of closed months, the version they are of and what versions stated of them.

    No page tells what a month was closed with. LedgerError where there are rows and no version that holds them.
    """
    stated: dict[str, str] = {}
    try:
        newest = old.newest()
        for version in reversed(old.versions()):
            stated |= {name: text for name, text in version.totals.items() if name.startswith(CLOSED_AS)}
    except LedgerError as lost:
        if old.is_filled(CLOSED):
            raise LedgerError(
                f"{lost.what} Its closed months are in no page, so a rebuild would lose them.",
                faults.REPAIR,
            ) from None
        newest = EMPTY
    if not newest.tables.get(CLOSED.name):
        return schema(CLOSED).empty_table(), newest, stated
    old.pinned(CLOSED, newest)
    return old.rows(CLOSED, newest.tables[CLOSED.name]).select(schema(CLOSED).names), newest, stated
