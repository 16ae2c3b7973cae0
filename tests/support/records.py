"""What a ledger holds, read as Python rows."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from support.wire import Clock
from tallystick.core.ledger_tables import CHARGES, DAYS, PAGES, PINNED, TALLIES
from tallystick.core.table import LedgerTable
from tallystick.core.time import Grain
from tallystick.ledger import Ledger
from tallystick.store.columns import schema
from tallystick.store.digests import count_of, digests
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables
from tallystick.store.version import Version
from tallystick.sync.sources import SOURCES

Tabled = dict[str, list[tuple[Any, ...]]]


@lru_cache(maxsize=4)
def _engine(path: Path, _version: int, _pages: int) -> Engine:
    return Ledger(path, Clock()).engine()


def rows(path: Path, sql: str) -> list[dict[str, Any]]:
    """The rows of a query as Python objects, dates and decimals as such."""
    tables = Tables(path)
    engine = _engine(path, tables.newest().number, tables.open(PAGES).version())
    table: list[dict[str, Any]] = engine.sql(sql).to_pylist()
    return table


def records(path: Path, table: LedgerTable, version: Version | None = None) -> list[dict[str, Any]]:
    """Every row of a table as the newest version pins it, or that one, read without the engine."""
    tables = Tables(path)
    pinned = (version or tables.newest()).tables[table.name]
    entries: list[dict[str, Any]] = tables.rows(table, pinned).to_pylist()
    return entries


def content(path: Path, *, untimed: bool = False) -> Tabled:
    """Every row of the newest version by table, sorted; `untimed` leaves out when a name or notice was first seen."""
    hidden = {"seen_at", "noticed_at"} if untimed else set()
    version = Tables(path).newest()
    return {
        table.name: sorted(
            (
                tuple(value for name, value in row.items() if name not in hidden)
                for row in records(path, table, version)
            ),
            key=repr,
        )
        for table in PINNED
    }


def days_of(path: Path, source: str, grain: str = "day") -> dict[date, str]:
    """The state of each day that the ledger has of a source."""
    states = [row for row in records(path, DAYS) if (row["source"], row["grain"]) == (source, grain)]
    assert len(states) == len({row["day"] for row in states})
    return {row["day"]: row["state"] for row in states}


def false_digests(path: Path) -> list[tuple[str, str, date]]:
    """The days whose digest, in `days` or `tallies`, is not that of the rows that their table has of them."""
    tables = Tables(path)
    pins = tables.newest().tables

    def of(table: LedgerTable, organization: str) -> dict[date, str]:
        own = [("organization", "=", organization)]
        return digests(tables.rows(table, pins[table.name], filters=own).select(schema(table).names))

    stated = [(row["organization"], row["source"], row["grain"], row["day"], row) for row in records(path, DAYS)]
    stated += [(row["organization"], CHARGES.name, Grain.DAY, row["day"], row) for row in records(path, TALLIES)]
    made: dict[tuple[str, str, str], dict[date, str]] = {}
    false = []
    for organization, source, grain, day, row in stated:
        table = SOURCES[source].tables[Grain(grain)] if source in SOURCES else CHARGES
        key = (organization, source, grain)
        if key not in made:
            made[key] = of(table, organization)
        text = made[key].get(day, "")
        if row["digest"] != text or row.get("rows", row.get("charges")) != count_of(text):
            false.append((source, grain, day))
    return false
