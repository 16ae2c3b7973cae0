"""Freshness: how old the data is, and whether syncs can read all of it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from support.organization import NOW
from support.spending import NOW as HAND_READ, ledger
from support.wire import NOW as AT_SYNC, Wire, small, synced
from tallystick import Ledger
from tallystick.clock import SystemClock
from tallystick.core.ledger_tables import PAGES
from tallystick.errors import TallystickError
from tallystick.store.columns import schema
from tallystick.store.tables import Tables

SINCE = date(2026, 11, 15)


def test_the_age_counts_from_the_last_reading(book: Ledger) -> None:
    """After a sync that could read all, the data is as old as the sync, by the clock of whoever asks."""
    [now] = book.freshness().rows
    assert (now["status"], now["hours_old"], now["success_hours"], now["not_read"]) == ("ok", 0, 0, "none")
    assert (now["billed_until"], now["used_until"]) == ("2026-11-21", "2026-11-21")
    [later] = Ledger(book.path, SystemClock(NOW + timedelta(hours=50, minutes=59))).freshness().rows
    assert (later["hours_old"], later["success_hours"]) == (50, 50)


def test_the_clock_of_a_day_before_the_sync_knows_nothing_of_it(book: Ledger) -> None:
    """What was read later is not counted for a moment in the past."""
    [row] = Ledger(book.path, SystemClock(NOW - timedelta(days=1))).freshness().rows
    assert (row["status"], row["hours_old"], row["last_sync"]) == (None, None, None)


@pytest.mark.long
def test_a_sync_that_cannot_read_all_fails(tmp_path: Path) -> None:
    """A source that a sync had to leave out is named, and the status is failing, until a sync could read all."""
    path, world = tmp_path / "ledger", small()
    with pytest.raises(TallystickError):
        synced(path, Wire(world, faults=["bad-amount-blank:always"]), SINCE)
    [never] = Ledger(path, SystemClock(AT_SYNC)).freshness().rows
    assert (never["status"], never["not_read"], never["last_success"]) == ("failing", "cost", None)
    synced(path, Wire(world), SINCE)
    [row] = Ledger(path, SystemClock(AT_SYNC)).freshness().rows
    assert (row["status"], row["not_read"]) == ("ok", "none")


def test_a_ledger_without_readings_is_of_unknown_age(tmp_path: Path) -> None:
    """What no page of the archive tells is None, and no zero."""
    [row] = ledger(tmp_path, []).freshness().rows
    assert (row["status"], row["hours_old"], row["success_hours"], row["not_read"]) == (None, None, None, None)


def test_names_and_failures_make_no_data_newer(tmp_path: Path) -> None:
    """The data is as old as the last bill or use that was read: names, breakdowns and failed windows are neither."""
    book = ledger(tmp_path, [])
    sessions, unread = {"refreshed_at": HAND_READ}, {"purpose": "unread"}
    pages: list[dict[str, Any]] = [
        {"source": source, "read_at": HAND_READ - timedelta(hours=hours), "purpose": "cube", **more}
        for source, hours, more in (("usage", 60, {}), ("cost", 61, {}), ("cost", 0, unread))
    ]
    pages += [
        {"source": source, "read_at": HAND_READ, "purpose": "list"} | sessions for source in ("names", "sessions")
    ]
    with Tables(book.path).writing() as writer:
        rows = [{"organization": "o", "reading": 1, "place": place} | page for place, page in enumerate(pages)]
        writer.append(PAGES, pa.Table.from_pylist(rows, schema(PAGES)))
        writer.flush()
    [row] = book.freshness().rows
    assert (row["hours_old"], row["not_read"]) == (60, "cost")
