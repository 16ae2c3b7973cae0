from __future__ import annotations

import itertools
import queue
import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from deltalake import DeltaTable

from support.records import content, rows
from support.wire import KEY, NOW, PUBLIC, TODAY, Clock, Wire, days_ago, small, synced, transport
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.clock import SystemClock
from tallystick.core.ledger_tables import PAGES
from tallystick.core.table import LedgerTable
from tallystick.core.time import Grain, Window, midnight
from tallystick.errors import ApiError, Unreachable
from tallystick.ledger import Ledger
from tallystick.sim import Answer, Pace, World, serve
from tallystick.store import writer
from tallystick.store.tables import Tables
from tallystick.sync import allowances, readings, run, sources
from tallystick.sync.plan import SyncTask
from tallystick.sync.readings import Arrival, Reading, Readings
from tallystick.sync.rebuild import rebuild

SINCE = days_ago(70)
NO = Answer(403, b'{"type":"error","error":{"type":"permission_error","message":"No."}}', {})
DOWN = Answer(503, b"{}", {})


@pytest.fixture(scope="module")
def world() -> World:
    """A world that nobody changes."""
    return small()


def _facts(path: Path) -> object:
    """What a ledger holds but for the times of its commits, and what was read, window by window."""
    index = (
        "SELECT source, grain, window_start, window_end, purpose, place FROM pages WHERE source <> 'names' ORDER BY ALL"
    )
    return content(path, untimed=True), rows(path, index)


@pytest.mark.long
@pytest.mark.parametrize("source", ["reports", "analytics", "both"])
def test_windows_read_together_make_the_same_ledger(path: Path, tmp_path: Path, world: World, source: str) -> None:
    """A sync with many requests at once has the rows of one with one at a time, read anew and rebuilt too."""
    options = {"source": source, "breakdowns": ["sessions", "profiles"] if source != "reports" else []}
    for when in (days_ago(9), TODAY):
        for ledger, at_once in ((path, 16), (tmp_path / "serial", 1)):
            clock = Clock(NOW.replace(month=when.month, day=when.day))
            synced(ledger, Wire(world, clock), SINCE, at_once=at_once, **options)
        assert _facts(path) == _facts(tmp_path / "serial")
    rebuild(path, tmp_path / "new", PUBLIC)
    assert content(tmp_path / "new", untimed=True) == content(path, untimed=True)


@pytest.mark.long
def test_what_is_refused_as_too_much_is_asked_for_more_slowly(path: Path, tmp_path: Path, world: World) -> None:
    """A limit of the older reports that is met again and again costs time and no row; the next sync begins lower."""
    clock = Clock()
    wire = Wire(world, clock, pace=Pace(older=20, elapsed=clock.elapsed))
    synced(path, wire, SINCE, at_once=16)
    statuses = [answer.status for _, answer in wire.answers]
    assert statuses.count(429) < statuses.count(200) / 2
    assert clock.waited > 60
    synced(tmp_path / "serial", Wire(world), SINCE)
    assert content(path, untimed=True) == content(tmp_path / "serial", untimed=True)
    memory = msgspec.json.decode((path / allowances.NAME).read_bytes())[world.organization.id]
    assert 1 <= memory["reports"]["at_once"] < 16
    (path / allowances.NAME).write_bytes(b"lost")
    synced(path, Wire(world), SINCE, at_once=16)


@pytest.mark.long
def test_the_newer_dialect_uses_its_minutes_up(path: Path, world: World) -> None:
    """Sixty requests a minute go out without a pause, no sixty-first does, and nothing is refused."""
    clock = Clock()
    wire = Wire(world, clock, pace=Pace(newer=60, elapsed=clock.elapsed))
    synced(path, wire, SINCE, source="analytics", claude_code=False)
    asked = sum("/analytics/" in target for target, _ in wire.answers)
    assert asked > 60
    assert {answer.status for _, answer in wire.answers} == {200}
    assert clock.waited <= 61 * ((asked - 1) // 60)


@pytest.mark.long
def test_a_report_that_may_not_be_read_is_asked_for_once(path: Path, world: World) -> None:
    """However many windows are read together, a source that is refused for good is asked for a single time."""
    wire = Wire(world, before=lambda target: NO if "claude_code" in target else None)
    done = synced(path, wire, SINCE, at_once=16)
    assert len(wire.queries("claude_code")) == 1
    assert any("no activity" in warning for warning in done.warnings)


@pytest.mark.long
def test_no_thread_outlives_a_sync(path: Path, world: World) -> None:
    """Where one report gives errors, all others are read; where all do, or Ctrl-C comes, every thread ends."""
    before = {*threading.enumerate()}
    wire = Wire(world, before=lambda target: DOWN if "usage_report/messages" in target else None)
    with Client(Credential(KEY), clock=wire.clock, transport=transport(wire), patience=1) as client:
        book = Ledger(path, wire.clock)
        with pytest.raises(Unreachable):
            book.sync(f"{SINCE}", client=client, source="reports", claude_code=False)
        assert {row["source"] for row in rows(path, "SELECT DISTINCT source FROM days")} == {"cost"}

        def interrupt(_: object) -> None:
            if threading.current_thread() is threading.main_thread() and wire.queries("cost_report"):
                raise KeyboardInterrupt

        wire.answers.clear()
        with pytest.raises(KeyboardInterrupt):
            book.sync(f"{SINCE}", client=client, source="reports", progress=interrupt)
    silent = Wire(world, before=lambda target: DOWN if "report" in target else None)
    with (
        pytest.raises(ApiError),
        Client(Credential(KEY), clock=silent.clock, transport=transport(silent), patience=1) as client,
    ):
        Ledger(path, silent.clock).sync(f"{SINCE}", client=client, source="reports")
    assert {*threading.enumerate()} <= before


def _pages(count: int, size: int) -> Iterator[Arrival]:
    return (Arrival("cube", size) for _ in range(count))


def test_ctrl_c_is_heard_whichever_thread_the_system_gives_it(world: World) -> None:
    """While a window is waited for, a signal that a reading thread was given ends the wait at once."""
    reading_thread: queue.Queue[int] = queue.Queue()
    asked = threading.Event()

    def read(_: Reading) -> Iterator[Arrival]:
        reading_thread.put(threading.get_ident())
        asked.wait(20)
        yield from ()

    def interrupt() -> None:
        ident = reading_thread.get()
        time.sleep(0.1)  # the window is waited for by then
        signal.pthread_kill(ident, signal.SIGINT)

    wire = Wire(world)
    started = time.monotonic()
    threading.Thread(target=interrupt).start()
    with Client(Credential(KEY), clock=wire.clock, transport=transport(wire)) as client:
        ahead = Readings(client, read, lambda: midnight(TODAY))
        with pytest.raises(KeyboardInterrupt):
            ahead.take(SyncTask(sources.COST, Grain.DAY, Window.of_day(days_ago(1))), 1)
    asked.set()
    assert time.monotonic() - started < 10


@pytest.mark.long
def test_versions_are_dated_in_their_order(path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever window was asked for first, no version of a sync is dated before the one before it."""
    monkeypatch.setattr(run, "COMMIT_REQUESTS", 3)  # several versions of few days
    synced(path, Wire(world, Clock(NOW, timedelta(seconds=7))), SINCE, at_once=16)
    dates = [version.at for version in reversed(Tables(path).versions()) if version.at]
    assert len(dates) > 4
    assert dates == sorted(dates)


@pytest.mark.long
def test_ctrl_c_in_the_index_writes_no_page_twice(path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C just after pages were indexed leaves each of them there once."""
    calls = itertools.count()

    def interrupt(_: DeltaTable, table: LedgerTable, __: int) -> None:
        if table is PAGES and next(calls):  # the first are those of the directory
            monkeypatch.undo()
            raise KeyboardInterrupt

    monkeypatch.setattr(writer, "compact", interrupt)  # a moment that no user can choose
    monkeypatch.setattr(run, "COMMIT_REQUESTS", 1)
    with pytest.raises(KeyboardInterrupt):
        synced(path, Wire(world), SINCE)
    places = [(row["reading"], row["place"]) for row in rows(path, "SELECT reading, place FROM pages")]
    assert len(places) == len({*places})


def test_pages_ahead_are_bounded(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """However slowly windows are taken, the pages read ahead of them stay within the bound and a page a thread."""
    # no parameter of a sync: a user has no reason to choose it
    monkeypatch.setattr(readings, "AHEAD", 50_000)
    in_hand: dict[SyncTask, int] = {}
    most = 0

    def read(reading: Reading) -> Iterator[Arrival]:
        nonlocal most
        for page in _pages(40, 1_000):
            in_hand[reading.task] = in_hand.get(reading.task, 0) + page.size
            most = max(most, sum(in_hand.values()))
            yield page

    tasks = [SyncTask(sources.COST, Grain.DAY, Window.of_day(days_ago(back))) for back in range(1, 30)]
    wire = Wire(world)
    with (
        Client(Credential(KEY), clock=wire.clock, transport=transport(wire), most_at_once=8) as client,
        Readings(client, read, lambda: midnight(TODAY)) as ahead,
    ):
        ahead.plan(tasks)
        for task in tasks:
            time.sleep(0.005)
            assert ahead.take(task, 1).size == 40_000
            del in_hand[task]
            ahead.go_on(lambda _: False)
    assert 50_000 < most <= 50_000 + 40_000 + 8 * 1_000


@pytest.mark.long
def test_a_year_at_150_ms_is_read_six_requests_at_a_time(tmp_path: Path) -> None:
    """A year takes no longer than its requests would six at a time, and what a serial sync works without waiting."""
    year = World(start=days_ago(366), end=TODAY, keys=24)
    clock = SystemClock(NOW)
    seconds, requests = [], 0
    for number, (at_once, latency) in enumerate(((1, 0.0), (1, 0.0), (16, 0.15))):
        with serve(Wire(year), latency=latency) as server:
            client = Client(Credential(KEY), clock=clock, base_url=server.url, most_at_once=at_once)
            started = time.monotonic()
            with client:
                book = Ledger(tmp_path / f"{number}", clock)
                requests = book.sync(f"{days_ago(365)}", client=client, source="reports", claude_code=False).requests
            seconds.append(time.monotonic() - started)
    assert content(tmp_path / "2", untimed=True) == content(tmp_path / "1", untimed=True)
    assert seconds[2] <= requests * 0.15 / 6 + seconds[1]
