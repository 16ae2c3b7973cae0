"""The dashboard at 1 and 10 million charges: its first page, questions cold and warm, one reader and fifty.

    python benchmarks/serve.py [--quick] [--runs 3] [--folder FOLDER]

Seconds are of the wall, from a request to the last byte of its answer. Cold: in a process that was asked nothing
before; warm: asked a second time. The first page is what a browser is shown at once, the overview is whole. Readers ask
one address after the other without a pause, for some seconds; while some do, a process syncs another organization into
the same ledger, so that versions change under them. Every answer must be without errors, and of one version. --quick
asks 0.1 million charges, once; --folder keeps the ledgers.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import httpx2
from canned import NOW, text
from figures import Figure, child, run
from simulated import served
from synthetic import ledger, settings

SIZES = (1_000_000, 10_000_000)
SMALL = 100_000
READERS = 50
SECONDS = 8.0
"""Seconds for which readers ask."""
FIRST = "first page"
QUESTIONS = {
    FIRST: "/",
    "overview": "/?whole=1",
    "spend by team and day": "/ask/spend?by=day,team&since=30d",
    "spend by model, a year": "/ask/spend?by=model&since=2025-11-22",
    "keys": "/ask/keys?since=30d",
    "cache": "/ask/cache?since=30d",
    "reconcile": "/ask/reconcile?since=30d",
    "variance": "/ask/variance?month=2026-10",
}
GOALS = {SIZES[0]: (0.3, 0.5), SIZES[1]: (1.0, 1.0)}
"""Seconds of the first page, and of any question, by the charges of the ledger."""
GOAL_READERS = 1.0
_STATE = re.compile(r'data-state="([^"]+)"')


def environment(folder: str, config: str, url: str = "") -> dict[str, str]:
    """What a process of the command line is told."""
    told = {"TALLYSTICK_LEDGER": folder, "TALLYSTICK_CONFIG": config, "TALLYSTICK_NOW": text(NOW), "HOME": folder}
    api = {"TALLYSTICK_BASE_URL": url, "ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-simulated"} if url else {}
    return {"PATH": os.environ["PATH"], **told, **api}


def write_findings(folder: str, config: str) -> None:
    """Write what a sync of so many charges leaves beside them."""
    from tallystick.ledger import Ledger
    from tallystick.outlook.anomalies import ledger_findings
    from tallystick.settings import Settings

    settings = Settings.load(environment=environment(folder, config))
    ledger_findings.write_findings(Ledger.of(settings).context())


@contextmanager
def dashboard(folder: str, config: str) -> Iterator[tuple[str, int]]:
    """The address of a dashboard in a process of its own, and the id of that."""
    command = [sys.executable, "-m", "tallystick", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment(folder, config), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().split()[0]
        while httpx2.get(f"{url}/healthz").status_code != httpx2.codes.OK:
            time.sleep(0.05)
        try:
            yield url, process.pid
        finally:
            process.terminate()


def processor(process: int) -> float:
    """Seconds of processor time that a process has taken."""
    _, _, words = Path(f"/proc/{process}/stat").read_text().rpartition(") ")
    return sum(map(int, words.split()[11:13])) / os.sysconf("SC_CLK_TCK")


def asked(client: httpx2.Client, address: str) -> tuple[float, str]:
    """Seconds until an answer was whole, and the version that it is of."""
    begun = time.perf_counter()
    goes = {"sec-fetch-mode": "navigate"} if address == QUESTIONS[FIRST] else {}
    response = client.get(address, headers=goes, timeout=120)
    seconds = time.perf_counter() - begun
    states = set(_STATE.findall(response.text))
    assert response.status_code == httpx2.codes.OK, (address, response.status_code)
    assert len(states) == 1, address
    assert 'class="error"' not in response.text, address
    return seconds, states.pop()


def read(url: str, readers: int, goes_on: Callable[[float], bool]) -> tuple[list[float], set[str]]:
    """What so many readers waited for each answer, and the versions that they saw."""
    begun = time.perf_counter()

    def one(number: int) -> list[tuple[float, str]]:
        waits = []
        with httpx2.Client(base_url=url) as client:
            while goes_on(time.perf_counter() - begun):
                addresses = [*QUESTIONS.values()]
                waits.append(asked(client, addresses[(number + len(waits)) % len(addresses)]))
        return waits

    with ThreadPoolExecutor(readers) as pool:
        waits = [wait for listed in pool.map(one, range(readers)) for wait in listed]
    return [seconds for seconds, _ in waits], {state for _, state in waits}


def late(seconds: list[float]) -> float:
    """The wait that one answer of twenty exceeds."""
    return quantiles(seconds, n=20)[-1]


def measure(folder: Path, size: int, runs: int) -> None:
    """Measure a ledger of so many charges."""
    config = settings(folder)
    path = ledger(folder, size)
    subject = f"{size / 1e6:g} million charges"
    first_goal, goal = GOALS.get(size, (None, None))
    child(__file__, "findings", path, config)
    cold: dict[str, list[float]] = {name: [] for name in QUESTIONS}
    warm: dict[str, list[float]] = {name: [] for name in QUESTIONS}
    for _ in range(runs):
        for name, address in QUESTIONS.items():
            with dashboard(path, config) as (url, _), httpx2.Client(base_url=url) as client:
                cold[name].append(asked(client, address)[0])
                warm[name].append(asked(client, address)[0])
    for name in QUESTIONS:
        limit = first_goal if name == FIRST else goal
        Figure("serve", f"{name}, {subject}", "cold", "s", cold[name], limit).show()
        Figure("serve", f"{name}, {subject}", "warm", "s", warm[name], limit).show()
    with dashboard(path, config) as (url, process):
        read(url, 1, lambda seconds: seconds < SECONDS / 2)
        alone = late(read(url, 1, lambda seconds: seconds < SECONDS)[0])
        begun = processor(process)
        waits, _ = read(url, READERS, lambda seconds: seconds < SECONDS)
        each, many = (processor(process) - begun) / len(waits), late(waits)
    Figure("serve", f"one reader, {subject}", "95 % of answers within", "s", [alone]).show()
    Figure("serve", f"{READERS} readers, {subject}", "95 % of answers within", "s", [many], GOAL_READERS).show()
    Figure("serve", f"{READERS} readers, {subject}", "to one reader", "x", [many / alone]).show()
    Figure("serve", f"{READERS} readers, {subject}", "processor time of an answer", "s", [each]).show()
    syncing(path, config, subject, alone)


def syncing(path: str, config: str, subject: str, alone: float) -> None:
    """Measure readers of a copy of a ledger while another process syncs into it."""
    with TemporaryDirectory() as folder, served() as api:
        copy = f"{folder}/ledger"
        shutil.copytree(path, copy)
        command = [sys.executable, "-m", "tallystick", "sync", "--since", "2026-06-01"]
        with dashboard(copy, config) as (url, process):
            read(url, 1, lambda seconds: seconds < SECONDS / 2)
            begun = processor(process)
            told = environment(copy, config, api)
            with subprocess.Popen(command, env=told, stderr=subprocess.DEVNULL) as sync:
                waits, versions = read(url, READERS, lambda _: sync.poll() is None)
            assert sync.returncode == 0
            each = (processor(process) - begun) / len(waits)
    readers = f"{READERS} readers during a sync, {subject}"
    Figure("serve", readers, "95 % of answers within", "s", [late(waits)], GOAL_READERS).show()
    Figure("serve", readers, "to one reader", "x", [late(waits) / alone]).show()
    Figure("serve", readers, "processor time of an answer", "s", [each]).show()
    Figure("serve", readers, "states of the ledger seen", "", [len(versions)]).show()


def benchmark(arguments: argparse.Namespace) -> None:
    """Make the ledgers, unless a folder has them, and ask."""
    sizes, runs = ((SMALL,), 1) if arguments.quick else (SIZES, arguments.runs)
    with TemporaryDirectory() as folder:
        for size in sizes:
            measure(arguments.folder or Path(folder), size, runs)


if __name__ == "__main__":
    run(__doc__, {"findings": write_findings}, benchmark)
