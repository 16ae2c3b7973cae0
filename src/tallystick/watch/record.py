"""Record: the events of findings in the ledger; they are added, and none is rewritten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tallystick.core.growing_tables import FINDINGS
from tallystick.store.tables import Tables
from tallystick.watch.finding import ENDED, Event, Step

if TYPE_CHECKING:
    import pyarrow as pa

    from tallystick.store.writer import Writer

RECENT = timedelta(days=60)
"""How long what ended is still of use: it may be told, and what is back since the same day is no news."""


def events(tables: Tables) -> list[Event]:
    """Return every event that the ledger has, in the order in which they were written."""
    return _events(tables.rows(FINDINGS)) if is_begun(tables) else []


def recent(tables: Tables, now: datetime) -> list[Event]:
    """Return the events of findings that are open, ended lately, or are expected: all that a round needs.

    The others are never made objects of: of them three columns are read, whatever their number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not is_begun(tables):
        return []
    steps = tables.rows(FINDINGS, columns=["finding", "step", "happened_at"])
    is_end = pc.is_in(steps["step"], pa.array([*map(str, ENDED)]))
    past = steps["finding"].filter(pc.and_(is_end, pc.less(steps["happened_at"], pa.scalar(now - RECENT))))
    expected = steps["finding"].filter(pc.equal(steps["step"], str(Step.EXPECTED)))
    ids = steps["finding"].unique()
    current = ids.filter(pc.or_(pc.invert(pc.is_in(ids, past.unique())), pc.is_in(ids, expected.unique())))
    return _events(tables.rows(FINDINGS, filters=[("finding", "in", current.to_pylist())])) if len(current) else []


def is_begun(tables: Tables) -> bool:
    """Return whether a rule ever saw anything."""
    return (tables.folder(FINDINGS) / "_delta_log").exists()


def _events(table: pa.Table) -> list[Event]:
    rows = sorted(table.to_pylist(), key=lambda row: (row["happened_at"], row["place"]))
    names = Event.__dataclass_fields__
    return [
        Event(**({name: row[name] for name in names} | {"step": Step(row["step"]), "facts": json.loads(row["facts"])}))
        for row in rows
    ]


def write(writer: Writer, new_events: Sequence[Event]) -> None:
    """Add events for good."""
    import pyarrow as pa

    from tallystick.store.columns import schema

    rows = [
        asdict(event)
        | {"place": place, "step": str(event.step), "facts": json.dumps(dict(event.facts), sort_keys=True)}
        for place, event in enumerate(new_events)
    ]
    writer.append(FINDINGS, pa.Table.from_pylist(rows, schema(FINDINGS)))
