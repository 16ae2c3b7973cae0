"""Record: the events of findings in the ledger; they are added, and none is rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tallystick.core.growing_tables import FINDINGS
from tallystick.store.event_rows import read_events, write_events
from tallystick.store.tables import Tables
from tallystick.watch.finding import ENDED, Event, Step

if TYPE_CHECKING:
    from tallystick.store.writer import Writer

RECENT = timedelta(days=60)
"""How long what ended is still of use: it may be told, and what is back since the same day is no news."""


def events(tables: Tables) -> list[Event]:
    """Return every event that the ledger has, in the order in which they were written."""
    return read_events(tables, FINDINGS, Event, Step)


def recent(tables: Tables, now: datetime) -> list[Event]:
    """Return the events of findings that are open, ended lately, or are expected: all that a round needs.

    The others are never made objects of: of them three columns are read, whatever their number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not tables.has(FINDINGS):
        return []
    steps = tables.rows(FINDINGS, columns=["finding", "step", "happened_at"])
    is_end = pc.is_in(steps["step"], pa.array([*map(str, ENDED)]))
    past = steps["finding"].filter(pc.and_(is_end, pc.less(steps["happened_at"], pa.scalar(now - RECENT))))
    expected = steps["finding"].filter(pc.equal(steps["step"], str(Step.EXPECTED)))
    ids = steps["finding"].unique()
    current = ids.filter(pc.or_(pc.invert(pc.is_in(ids, past.unique())), pc.is_in(ids, expected.unique())))
    filters = [("finding", "in", current.to_pylist())]
    return read_events(tables, FINDINGS, Event, Step, filters=filters) if len(current) else []


def write(writer: Writer, new_events: Sequence[Event]) -> None:
    """Add events for good."""
    write_events(writer, FINDINGS, new_events)
