from __future__ import annotations

import ast
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from rich.progress import Progress as Bar

import tallystick.sync
from support.records import records, rows
from support.wire import DAY, NOW, TODAY, Clock, Wire, days_ago, small, synced
from tallystick.api.endpoints import ENDPOINTS
from tallystick.cli.sync import Shown
from tallystick.core.ledger_tables import DAYS, PINNED, SUCCESS
from tallystick.core.time import Grain, Window, midnight
from tallystick.errors import TallystickError
from tallystick.ledger import Ledger
from tallystick.sim import Answer, World
from tallystick.store.tables import Tables
from tallystick.sync.dialects import plan
from tallystick.sync.options import Choice, Options
from tallystick.sync.outcome import Progress
from tallystick.sync.rebuild import rebuild
from tallystick.sync.sources import SOURCES
from tallystick.tally.prices_in_force import Prices

NAMELESS = (
    "plan",
    "estimate",
    "run",
    "fetch",
    "commit",
    "pending_losses",
    "report_reader",
    "redaction",
    "forget",
    "page_checks",
)
"""The modules of `sync` in which no source has a name."""


@pytest.fixture
def world() -> World:
    """A small world."""
    return small()


def test_sources_are_data() -> None:
    """Each source stands under its name, asks an endpoint, and fills tables that versions pin."""
    for name, source in SOURCES.items():
        assert name == str(source) == source.name
        assert source.endpoint in ENDPOINTS
        assert set(source.tables.values()) <= set(PINNED)
        assert not source.half or source.measures, "a half of the bill has a control total"


@pytest.mark.parametrize("module", NAMELESS)
def test_no_source_has_a_name_where_all_are_treated_alike(module: str) -> None:
    """What plans, asks, judges, keeps and hides names no source and no dialect: what tells them apart is data."""
    tree = ast.parse((Path(tallystick.sync.__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
    named = {name.upper() for name in SOURCES} | {"CLAUDE_CODE_REPORT"}
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert not names & named
    assert not texts & {*SOURCES, "reports", "analytics"}


def test_the_newest_window_is_read_first() -> None:
    """Groups are planned by their newest day, the newest first, and of a month no day is left for later."""
    wanted = Window(midnight(days_ago(100)), NOW)
    for choice in Choice:
        for grain in (Grain.DAY, Grain.HOUR):
            groups = plan({}, Options(wanted, grain, choice, frozenset({"claude-code", "sessions"})), NOW)
            ends = [max(task.window.end for task in group) for group in groups]
            assert ends == sorted(ends, reverse=True)
            assert ends[0].date() >= TODAY


@pytest.mark.long
def test_an_interrupted_sync_has_the_newest_days(path: Path, world: World) -> None:
    """Where a sync stops after its first commit, the ledger has the newest month, both halves of it."""

    def before(target: str) -> Answer | None:
        return Answer(401, b"{}") if "starting_at=2026-10" in target else None

    with pytest.raises(TallystickError):
        synced(path, Wire(world, before=before), date(2026, 10, 20), claude_code=False)
    days = {(row["source"], row["day"].month) for row in records(path, DAYS)}
    assert days == {("cost", 11), ("usage", 11)}


@pytest.mark.long
def test_a_success_is_recorded_though_nothing_changed(path: Path, world: World, tmp_path: Path) -> None:
    """A sync that finds nothing new makes no version, and the ledger tells when it was; so does a rebuilt one."""
    synced(path, Wire(world), days_ago(4), days_ago(3))
    version = Tables(path).newest().number
    later = NOW + timedelta(minutes=5)
    synced(path, Wire(world, Clock(later)), days_ago(4), days_ago(3))
    assert Tables(path).newest().number == version
    assert _success(path) == later
    rebuild(path, tmp_path / "again", Prices.with_own())
    assert _success(tmp_path / "again") == later


@pytest.mark.long
def test_a_sync_that_failed_is_no_success(path: Path, world: World) -> None:
    """Where a window could not be read, the last success stays what it was, though the last sync is newer."""
    synced(path, Wire(world), days_ago(4), days_ago(3))
    later = Clock(NOW + DAY)
    broken = Wire(world, later, before=lambda target: Answer(200, b"{}") if "cost_report" in target else None)
    done = synced(path, broken, days_ago(4), days_ago(3), partial=True, again=True)
    assert done.failures
    assert _success(path) == NOW
    facts = Ledger(path, later).status().facts
    assert facts["last_success_at"] == "2026-11-22T12:00:00Z"
    assert facts["last_sync_at"] == "2026-11-23T12:00:00Z"


def _success(path: Path) -> datetime:
    [row] = rows(path, f"SELECT max(read_at) AS newest FROM pages WHERE source = '{SUCCESS}'")  # noqa: S608
    newest: datetime = row["newest"]
    return newest


@pytest.mark.long
def test_progress_is_told_from_the_first_answer(path: Path, world: World) -> None:
    """Each answer counts at once, the first of the directory too; in the end as many as were sent."""
    progress_calls: list[Progress] = []
    wire = Wire(world)
    done = synced(path, wire, days_ago(2), progress=progress_calls.append)
    assert progress_calls[0] == Progress(requests=1)
    assert [now.requests for now in progress_calls] == sorted(now.requests for now in progress_calls)
    assert progress_calls[-1].requests == done.requests == len(wire.answers)
    assert progress_calls[-1].subject == "done"
    assert {"names", "cost by day, 2026-11-20 to 2026-11-21"} <= {now.subject for now in progress_calls}


def test_a_terminal_shows_requests_and_their_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is fetched, the windows, the requests and their rate are one line from the beginning on."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "140")
    with Shown() as shown:
        bar: Bar = shown._bar
        assert "connecting" in _drawn(bar)
        shown.progress(Progress(2, 9, 31, 4_000, "usage by day, 2026-11-01 to 2026-11-22"))
        line = _drawn(bar)
    assert "/s): usage by day, 2026-11-01 to 2026-11-22" in line
    assert "2/9 windows, 31 requests (" in line


def _drawn(bar: Bar) -> str:
    from rich.console import Console

    console = Console(width=140, no_color=True, force_terminal=False)
    with console.capture() as captured:
        console.print(bar.make_tasks_table(bar.tasks))
    return captured.get()
