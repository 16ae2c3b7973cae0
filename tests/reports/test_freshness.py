"""Freshness: how old the data is, and whether syncs can read all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from support.organization import NOW
from support.spending import NOW as HAND_READ, ledger
from support.wire import NOW as AT_SYNC, Clock, Wire, small, synced
from tallystick import Ledger
from tallystick.clock import SystemClock
from tallystick.core.ledger_tables import PAGES
from tallystick.errors import TallystickError, Unreachable
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


def stopped(path: Path, hours: int) -> None:
    """A sync that no answer reaches, some hours later."""
    wire = Wire(small(), Clock(AT_SYNC + timedelta(hours=hours)), faults=["429:always"])
    with pytest.raises(Unreachable):
        synced(path, wire, SINCE)


@pytest.mark.long
def test_a_sync_that_no_answer_reaches_fails(tmp_path: Path) -> None:
    """Syncs that are stopped at once fail, and make no data newer; one that can read all ends that."""
    path, world = tmp_path / "ledger", small()
    synced(path, Wire(world), SINCE)
    stopped(path, 30)
    [row] = Ledger(path, SystemClock(AT_SYNC + timedelta(hours=31))).freshness().rows
    assert (row["status"], row["not_read"]) == ("failing", "everything")
    assert (row["hours_old"], row["success_hours"]) == (31, 31)
    synced(path, Wire(world, Clock(AT_SYNC + timedelta(hours=31))), SINCE)
    [row] = Ledger(path, SystemClock(AT_SYNC + timedelta(hours=31))).freshness().rows
    assert (row["status"], row["not_read"], row["success_hours"]) == ("ok", "none", 0)


@pytest.mark.long
def test_a_ledger_whose_first_sync_never_commits_fails(tmp_path: Path) -> None:
    """A watcher says that syncs fail where none of them got so far as to tell whose ledger it is."""
    path = tmp_path / "ledger"
    stopped(path, 0)
    stopped(path, 20)
    book = Ledger(path, SystemClock(AT_SYNC + timedelta(hours=27)))
    [row] = book.freshness().rows
    assert (row["organization"], row["status"], row["hours_old"], row["success_hours"]) == (
        "unknown",
        "failing",
        None,
        27,
    )
    assert [finding.rule for finding in book.watch().open] == ["failing sync"]
    synced(path, Wire(small(), Clock(AT_SYNC + timedelta(hours=28))), SINCE)
    book = Ledger(path, SystemClock(AT_SYNC + timedelta(hours=28)))
    [row] = book.freshness().rows
    assert row["status"] == "ok"
    assert "failing sync" not in {finding.rule for finding in book.watch().open}


@pytest.mark.parametrize("dialects", [("analytics_cost", "cost"), ("cost", "analytics_cost")])
def test_a_dialect_that_is_left_tells_no_age(tmp_path: Path, dialects: tuple[str, str]) -> None:
    """After a change of dialect the age is that of the one that reads on, whichever says until when it was whole."""
    book = ledger(tmp_path, [])
    pages: list[dict[str, Any]] = [
        {
            "source": source,
            "purpose": "cube",
            "read_at": HAND_READ - timedelta(hours=hours),
            "refreshed_at": HAND_READ - timedelta(hours=hours) if source == "analytics_cost" else None,
            "window_end": HAND_READ - timedelta(hours=hours),
        }
        for source, hours in zip(dialects, (400, 3), strict=True)
    ]
    add(book, pages)
    [row] = book.freshness().rows
    assert row["hours_old"] == 3


def add(book: Ledger, pages: Sequence[Mapping[str, Any]]) -> None:
    """Add rows to the archive's index of a ledger."""
    with Tables(book.path).writing() as writer:
        rows = [{"organization": "o", "reading": 1, "place": place, **page} for place, page in enumerate(pages)]
        writer.append(PAGES, pa.Table.from_pylist(rows, schema(PAGES)))
        writer.flush()


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
    add(book, pages)
    [row] = book.freshness().rows
    assert (row["hours_old"], row["not_read"]) == (60, "cost")
