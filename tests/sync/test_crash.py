from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from support.newer_truth import assert_newer
from support.processes import Forks, child
from support.records import content, records, rows
from support.simulated_truth import assert_true
from support.wire import DAY, NOW, PUBLIC, TODAY, Clock, Wire, days_ago, small, span, synced
from tallystick.core.ledger_tables import DAYS
from tallystick.sim import Answer, World, serve
from tallystick.store.tables import Tables
from tallystick.sync.rebuild import rebuild

SINCE = days_ago(7)


def _wait(until: Callable[[], object], seconds: float = 30) -> None:
    """Wait for something to become true."""
    patience = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < patience
        time.sleep(0.002)


@pytest.fixture(scope="module")
def world() -> World:
    """A small world, in which old days were restated after the first sync of `older`."""
    return small()


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory, world: World) -> Path:
    """A ledger synced two days ago, of which two days have been restated since."""
    path = tmp_path_factory.mktemp("older") / "ledger"
    synced(path, Wire(world, Clock(NOW - 2 * DAY)), SINCE)
    for back in (7, 5):
        world.restate(days_ago(back))
    return path


@pytest.mark.long
@pytest.mark.parametrize("fresh", [True, False], ids=["a new ledger, newer dialect", "an older ledger, older dialect"])
def test_killed_at_any_moment_it_ends_as_if_never_killed(
    tmp_path: Path, world: World, older: Path, forks: Forks, *, fresh: bool
) -> None:
    """Shot with SIGKILL at ten random moments, a ledger is readable, no day is half there, and it ends as it should."""
    unharmed, source = tmp_path / "unharmed", "analytics" if fresh else "reports"
    if not fresh:
        shutil.copytree(older, unharmed)
    wire = Wire(world)
    synced(unharmed, wire, SINCE, source=source)
    right = content(unharmed, untimed=True)
    rng = random.Random(f"kill {fresh}")  # noqa: S311 - repeatable, not secret
    killed = 0
    for number in range(5):
        path = tmp_path / f"ledger{number}"
        if not fresh:
            shutil.copytree(older, path)
        for _ in range(2):
            wire = Wire(world)
            with serve(wire) as server:
                process = forks.start("sync", "--source", source, "--since", str(SINCE), ledger=path, url=server.url)
                _wait(partial(_reached, wire, process, rng.randrange(1, 26)))
                time.sleep(rng.uniform(0, 0.08))
                killed += forks.kill(process) == -signal.SIGKILL
            if Tables(path).exists():
                _assert_both_halves(path)
            if fresh and Tables(path).newest().number:
                assert_newer(path, world, [day for day in _known(path) if day < TODAY])
        synced(path, Wire(world), SINCE, source=source)
        assert content(path, untimed=True) == right
    assert killed > 5


def _assert_both_halves(path: Path) -> None:
    """No ended day has what was billed without what was used, or the other way round."""
    halves = {"cost": "usage", "analytics_cost": "analytics_usage"}
    days: dict[str, set[date]] = {}
    for row in records(path, DAYS):
        if row["state"] != "running":
            days.setdefault(row["source"], set()).add(row["day"])
    for bill, use in halves.items():
        assert days.get(bill, set()) == days.get(use, set())


def _reached(wire: Wire, process: int, requests: int) -> bool:
    return len(wire.answers) >= requests or not Path(f"/proc/{process}").exists()


def _known(path: Path) -> list[date]:
    both = [row["day"] for row in records(path, DAYS)]
    return [day for day in set(both) if both.count(day) == 2]


@pytest.mark.long
def test_an_interrupted_sync_keeps_what_was_committed(path: Path, world: World) -> None:
    """Ctrl-C ends a sync with exit code 130 and one line; what was committed stays, and so a rebuild makes it."""
    hit: list[int] = []
    newest = [0.0]
    since = date(2026, 10, 29)

    def before(target: str) -> Answer | None:
        if "usage_report/messages" not in target or "starting_at=2026-10" not in target:
            newest[0] = time.monotonic()
            return None
        while time.monotonic() < newest[0] + 1:  # all of November is read meanwhile
            time.sleep(0.02)
        if hit:
            os.kill(hit.pop(), signal.SIGINT)
            time.sleep(0.3)
        return None

    with serve(Wire(world, before=before)) as server:
        process = child("sync", "--source", "reports", "--since", str(since), ledger=path, url=server.url)
        hit.append(process.pid)
        _, output = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in output
    assert "What was committed stays" in output
    november = span(date(2026, 11, 1), TODAY)
    assert {(row["source"], row["day"]) for row in records(path, DAYS)} == {
        ("usage", TODAY),
        *((source, day) for source in ("cost", "usage", "claude_code") for day in november),
    }
    rebuild(path, path.parent / "new", PUBLIC)
    assert content(path.parent / "new", untimed=True) == content(path, untimed=True)
    wire = Wire(world)
    synced(path, wire, since)
    assert_true(path, world, span(since, TODAY))


@pytest.mark.long
def test_two_processes_take_turns(path: Path, tmp_path: Path, world: World) -> None:
    """Two syncs of one ledger at once both end well, one after the other, in the tables of one."""
    synced(tmp_path / "one", Wire(world), SINCE)
    with serve(Wire(world)) as server:
        both = [
            child("sync", "--source", "reports", "--since", str(SINCE), ledger=path, url=server.url) for _ in range(2)
        ]
        outputs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert content(path, untimed=True) == content(tmp_path / "one", untimed=True)
    versions = [row["version"] for row in rows(path, "SELECT version FROM versions ORDER BY 1")]
    assert versions == [row["version"] for row in rows(tmp_path / "one", "SELECT version FROM versions ORDER BY 1")]
    readings = rows(path, "SELECT reading, count(DISTINCT read_at) + count(DISTINCT source) AS n FROM pages GROUP BY 1")
    assert {row["n"] for row in readings} == {2}, "no number of a reading was used twice"


@pytest.mark.long
def test_a_disk_that_takes_no_more_is_an_error_of_the_ledger(path: Path, world: World) -> None:
    """Where files cannot grow any more, a sync ends with exit code 6 and no traceback; the next one goes on."""
    hit: list[int] = []

    def before(target: str) -> Answer | None:
        if "usage_report" in target and hit:
            resource.prlimit(hit.pop(), resource.RLIMIT_FSIZE, (600, 600))
        return None

    with serve(Wire(world, before=before)) as server:
        process = child("sync", "--source", "reports", "--since", str(SINCE), ledger=path, url=server.url)
        hit.append(process.pid)
        _, output = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in output) == (6, False), output[-600:]
    synced(path, Wire(world), SINCE)
    assert_true(path, world, span(SINCE, TODAY))
