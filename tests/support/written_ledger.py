"""A ledger of charges and names that a test wrote itself, without a sync."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.ledger_tables import CHARGES, NAMES
from tallystick.store.columns import schema
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables
from tallystick.sync.summing import Summing

ORDINARY: Mapping[str, Any] = {
    "organization": "o",
    "workspace": "w",
    "key": "k",
    "actor": "unattributed",
    "product": "unknown",
    "model": "claude-opus-5-5",
    "kind": "output",
    **dict.fromkeys(("tier", "context", "geo", "speed", "cause", "relaxed"), "none"),
    "quantity": 7,
    "unit": "tokens",
    "method": "reported",
    "source": "reports",
}
"""A charge, but for its day and what was billed."""


def charge(day: date, **fields: Any) -> dict[str, Any]:
    """A charge of a day: ordinary unless said otherwise."""
    return {**ORDINARY, "day": day, "month": f"{day:%Y-%m}", **fields}


def sighting(type_: str, id_: str, seen: date, **fields: Any) -> dict[str, Any]:
    """What the directory told of something on a day, at nine."""
    seen_at = datetime(seen.year, seen.month, seen.day, 9, tzinfo=UTC)
    return {"organization": "o", "type": type_, "id": id_, "seen_at": seen_at, **fields}


def written_ledger(folder: Path, charges: Iterable[Mapping[str, Any]], names: Iterable[Mapping[str, Any]]) -> Engine:
    """The ledger of these rows, ready to be asked."""
    table = pa.Table.from_pylist(list(charges), schema(CHARGES))
    tables = Tables(folder / "ledger")
    with tables.writing() as writer:
        for organization in table["organization"].unique().to_pylist():
            own = table.filter(pc.equal(table["organization"], organization))
            days = sorted(set(own["day"].to_pylist()))
            Summing(writer, organization).replace(days, (), own)
        writer.append(NAMES, pa.Table.from_pylist(list(names), schema(NAMES)))
        writer.commit("o", "records", datetime(2026, 11, 4, tzinfo=UTC), {})
    return Engine(tables, tables.newest())
