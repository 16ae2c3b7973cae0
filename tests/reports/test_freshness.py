"""Freshness: how old the data is, and whether syncs can read all of it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from support.organization import NOW
from support.spending import ledger
from support.wire import NOW as AT_SYNC, Wire, small, synced
from tallystick import Ledger
from tallystick.clock import SystemClock
from tallystick.errors import TallystickError

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
