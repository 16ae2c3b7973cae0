"""Record: the events of findings in the ledger; they are added, and none is rewritten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from tallystick.core.growing_tables import FINDINGS
from tallystick.store.tables import Tables
from tallystick.watch.finding import Event, Step

if TYPE_CHECKING:
    from tallystick.store.writer import Writer


def events(tables: Tables) -> list[Event]:
    """Return every event that the ledger has, in the order in which they were written."""
    if not (tables.folder(FINDINGS) / "_delta_log").exists():
        return []
    rows = sorted(tables.rows(FINDINGS).to_pylist(), key=lambda row: (row["happened_at"], row["place"]))
    names = Event.__dataclass_fields__
    return [
        Event(**({name: row[name] for name in names} | {"step": Step(row["step"]), "facts": json.loads(row["facts"])}))
        for row in rows
    ]


def write(writer: Writer, made: Sequence[Event]) -> None:
    """Add events for good."""
    import pyarrow as pa

    from tallystick.store.columns import schema

    rows = [
        asdict(event)
        | {"place": place, "step": str(event.step), "facts": json.dumps(dict(event.facts), sort_keys=True)}
        for place, event in enumerate(made)
    ]
    writer.append(FINDINGS, pa.Table.from_pylist(rows, schema(FINDINGS)))
