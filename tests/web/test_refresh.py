"""The sync beside the pages: it begins, tells how far it is, ends well or says why not, and stops when told."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from starlette.testclient import TestClient

from support.wire import NOW, small
from tallystick.settings import Settings
from tallystick.sim import KEY, Server, Simulator, serve
from tallystick.web.application import application
from tallystick.web.refresh import NAME, Phase, Refresh
from tallystick.web.sync_process import NICE

from .conftest import ENVIRONMENT

PATIENCE = 60.0


@pytest.fixture(scope="module")
def api() -> Iterator[Server]:
    """A simulated organization behind an address."""
    with serve(Simulator(small(), clock=lambda: NOW), port=0) as server:
        yield server


def settings(api: Server, ledger: Path, key: str = KEY) -> Settings:
    """The settings of a ledger that is synced from there."""
    environment = ENVIRONMENT | {"TALLYSTICK_BASE_URL": api.url, "ANTHROPIC_ADMIN_KEY": key}
    return Settings.load(ledger=str(ledger), environment=environment)


def ended(refresh: Refresh) -> Refresh:
    """The refresh once its sync has ended."""
    until = time.monotonic() + PATIENCE
    while (refresh.state.phase is not Phase.IDLE or not refresh.state.ended_at) and time.monotonic() < until:
        time.sleep(0.05)
    return refresh


def child_process() -> int:
    """The number of the process that syncs."""
    tasks = Path("/proc/self/task").glob("*/children")
    [child] = [int(word) for task in tasks for word in task.read_text().split()]
    return child


@pytest.mark.long
def test_a_page_without_a_ledger_leads_to_the_first_sync(api: Server, path: Path) -> None:
    """A form of the sync's page begins a sync, whose figures the overview then shows."""
    with TestClient(application(settings(api, path)), base_url="http://127.0.0.1") as client:
        assert "No ledger yet" in client.get("/").text
        form = re.search(r'name="form" value="(\w+)"', client.get("/sync").text)
        assert form
        assert client.post("/sync", data={"form": "x"}, headers={"origin": "http://127.0.0.1"}).status_code == 403
        sent = client.post("/sync", data={"form": form[1]}, headers={"origin": "http://127.0.0.1"})
        assert sent.url.path == "/sync"
        until = time.monotonic() + PATIENCE
        while "requests</span></p>" not in (page := client.get("/sync").text) or "none since" in page:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert re.search(r"\d+ days changed, [\d,]+ rows read", page)
        assert "No ledger yet" not in client.get("/").text


@pytest.mark.long
def test_every_interval_begins_a_sync_at_once(api: Server, path: Path) -> None:
    """A dashboard that syncs by itself begins with a sync, and says when the next is."""
    refresh = Refresh(settings(api, path), timedelta(hours=1))
    refresh.start()
    state = ended(refresh).state
    refresh.stop()
    assert (state.error, state.next_at) == ("", NOW.replace(microsecond=0) + timedelta(hours=1))
    assert state.done == state.total


@pytest.mark.long
def test_listeners_hear_how_far_a_sync_is(api: Server, path: Path) -> None:
    """A listener hears windows that are read, and the end."""

    async def heard(refresh: Refresh) -> list[str]:
        words = []
        async for state in refresh.listen():
            if state is None:
                continue
            words.append(json.dumps(state.written()))
            if state.ended_at:
                return words
        return words

    refresh = Refresh(settings(api, path), timedelta(hours=1))
    refresh.start()
    words = asyncio.run(asyncio.wait_for(heard(refresh), PATIENCE))
    refresh.stop()
    assert any('"reading"' in word for word in words)
    assert '"idle"' in words[-1]


def test_an_error_is_told_without_the_key(api: Server, path: Path) -> None:
    """A refused key is an error of the page, which does not hold the key."""
    key = "sk-ant-admin01-refused-and-secret"
    refresh = Refresh(settings(api, path, key), timedelta(hours=1))
    refresh.start()
    state = ended(refresh).state
    refresh.stop()
    assert "401" in state.error or "key" in state.error
    assert key not in state.error


def test_a_stop_ends_a_sync_that_runs(api: Server, path: Path) -> None:
    """The dashboard ends while a sync reads: the thread ends, and the ledger can be read or is not there."""
    refresh = Refresh(settings(api, path), timedelta(hours=1))
    refresh.start()
    while refresh.state.requests < 3:
        time.sleep(0.01)
    refresh.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == NAME]


@pytest.mark.long
def test_a_stop_ends_a_sync_that_waits_for_an_answer(path: Path) -> None:
    """Ctrl-C ends a dashboard at once though the API answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = ENVIRONMENT | {"ANTHROPIC_ADMIN_KEY": KEY}
        environment |= {"TALLYSTICK_BASE_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        refresh = Refresh(Settings.load(ledger=str(path), environment=environment), timedelta(hours=1))
        refresh.start()
        connection, _ = silent.accept()
        begun = time.monotonic()
        refresh.stop()
        connection.close()
    assert time.monotonic() - begun < PATIENCE / 4


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_a_sync_that_is_told_to_end_ends_by_itself(api: Server, path: Path) -> None:
    """Where a service manager tells every process to end, twice even, the sync ends as at Ctrl-C: it is not cut off."""
    words = [sys.executable, "-P", "-m", "tallystick.web.sync_process"]
    with Popen(words, stdin=PIPE, stdout=PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{json.dumps(settings(api, path).arguments)}\n")
        process.stdin.flush()
        while json.loads(process.stdout.readline()).get("requests", 0) < 3:
            pass
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
        assert "error" not in process.stdout.read()
    assert process.returncode == 0


def test_a_sync_that_cannot_begin_is_an_error(api: Server, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python was replaced meanwhile the page says so, and the next sync is tried all the same."""
    refresh = Refresh(settings(api, path), timedelta(hours=1))
    with monkeypatch.context() as broken:
        broken.setattr("sys.executable", "/nowhere/python")
        refresh.start()
        assert ended(refresh).state.error == "The sync cannot begin: No such file or directory."
    refresh.ask()
    while refresh.state.error:
        time.sleep(0.05)
    refresh.stop()
    assert refresh.state.result


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the process is found by /proc")
def test_a_sync_that_is_killed_is_an_error_and_stands_behind_the_pages(api: Server, path: Path) -> None:
    """A sync is a process of its own, behind the pages; where it is killed the page says so, and the next one runs."""
    refresh = Refresh(settings(api, path), timedelta(hours=1))
    refresh.start()
    while not refresh.state.requests:
        time.sleep(0.01)
    child = child_process()
    assert os.getpriority(os.PRIO_PROCESS, child) == os.getpriority(os.PRIO_PROCESS, 0) + NICE
    os.kill(child, signal.SIGKILL)
    assert "before its time" in ended(refresh).state.error
    refresh.ask()
    while not refresh.state.result:
        time.sleep(0.05)
    refresh.stop()
    assert refresh.state.error == ""


@pytest.mark.long
def test_two_dashboards_sync_one_ledger(api: Server, path: Path) -> None:
    """Two that begin together wait for each other, and both end well."""
    both = [Refresh(settings(api, path), timedelta(hours=1)) for _ in range(2)]
    for refresh in both:
        refresh.start()
    errors = [ended(refresh).state.error for refresh in both]
    for refresh in both:
        refresh.stop()
    assert errors == ["", ""]
