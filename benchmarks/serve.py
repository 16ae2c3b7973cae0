"""The dashboard at 1 and 10 million charges: its pages and questions cold and warm, one reader and fifty.

    python benchmarks/serve.py [--quick] [--runs 3] [--folder FOLDER]

Seconds are of the wall, from a request to the last byte of its answer. Cold: in a process that was asked nothing
before, at once after it began; warm: asked a second time. The first page is what a browser is shown at once, whose
panels that follow later are counted; the overview and all other pages are whole. Readers ask one address after another
without a pause, for some seconds; while some do, a process of its own syncs another organization into the same ledger,
or the dashboard does when it is asked. They ask on until the dashboard has moved to the new version under them, and
some seconds more. Every answer must be of one version and without errors. --quick asks 0.1 million charges; --folder
keeps the ledgers.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
from dashboard import Readers, asked, dashboard, environment, read
from figures import Figure, child, run
from simulated import served
from synthetic import ledger, settings

SIZES = (1_000_000, 10_000_000)
SMALL = 100_000
READ = SIZES[0]
"""The charges of the largest ledger of which many readers ask."""
READERS = 50
SECONDS = 8.0
"""Seconds for which readers ask."""
FIRST, WHOLE = "first page", "overview"
QUESTIONS = {
    FIRST: "/",
    WHOLE: "/?whole=1",
    "spend by team and day": "/ask/spend?by=day,team&since=30d",
    "spend by model, a year": "/ask/spend?by=model&since=2025-11-22",
    "keys": "/ask/keys?since=30d",
    "cache": "/ask/cache?since=30d",
    "reconcile": "/ask/reconcile?since=30d",
    "variance": "/ask/variance?month=2026-10",
}
"""What readers ask, each name with its address."""
PAGES = (
    *("keys", "teams", "cache", "reconcile", "months", "month/2026-10", "budgets", "forecast", "anomalies", "alerts"),
    *("what-if", "claude-code", "prices", "ledger", "key/apikey_00000000000000000000000005", "team/team%201"),
    *("model/claude-opus-5-5", "workspace/wrkspc_00000000000000000000000005"),
)
"""Paths of pages that are asked once each."""
GOALS = {SIZES[0]: (0.3, 0.5), SIZES[1]: (1.0, 1.0)}
"""Seconds of the first page, and of any question, by the charges of the ledger."""
GOAL_READERS = 1.0
_LATE = re.compile(r"Still working out (\d+) of")
_FORM = re.compile(r'name="form" value="(\w+)"')
ENDED = "days changed"
"""What the page of a sync says once it has ended well."""
PATIENCE = 600.0
"""Seconds in which it must have ended, and the dashboard have moved on."""
MOVED = 2
"""States that readers have seen then."""
SYNC_SINCE = "2026-06-01"


def write_findings(folder: str, config: str) -> None:
    """Write what a sync of so many charges leaves beside them."""
    from tallystick.ledger import Ledger
    from tallystick.outlook.anomalies import ledger_findings
    from tallystick.settings import Settings

    settings = Settings.load(environment=environment(folder, config))
    ledger_findings.write_findings(Ledger.of(settings).context())


def pages(path: str, config: str, subject: str, addresses: Mapping[str, str], runs: int, goal: float | None) -> None:
    """Measure each address cold and warm, each time in a process of its own."""
    for name, address in addresses.items():
        cold, warm, processor = (list[float]() for _ in range(3))
        for _ in range(runs):
            with dashboard(path, config) as shown, shown.client() as client:
                begun = shown.processor()
                cold.append(asked(client, address)[0])
                processor.append(shown.processor() - begun)
                warm.append(asked(client, address)[0])
        Figure("serve", f"{name}, {subject}", "cold", "s", cold, goal).show()
        if goal:
            Figure("serve", f"{name}, {subject}", "cold, processor time", "s", processor).show()
        Figure("serve", f"{name}, {subject}", "warm", "s", warm, goal).show()


def first_page(path: str, config: str, subject: str, runs: int, goal: float | None) -> None:
    """Measure what a browser is shown of a dashboard that began a moment ago."""
    cold, warm, since, whole, later = (list[float]() for _ in range(5))
    for _ in range(runs):
        with dashboard(path, config) as shown, shown.client() as client:
            seconds, page = asked(client, QUESTIONS[FIRST])
            since.append(time.perf_counter() - shown.begun)
            later.append(sum(map(int, _LATE.findall(page))))
            asked(client, QUESTIONS[WHOLE])
            whole.append(time.perf_counter() - shown.begun)
            cold.append(seconds)
            warm.append(asked(client, QUESTIONS[FIRST])[0])
    Figure("serve", f"{FIRST}, {subject}", "cold", "s", cold, goal).show()
    Figure("serve", f"{FIRST}, {subject}", "warm", "s", warm, goal).show()
    Figure("serve", f"{FIRST}, {subject}", "panels that follow later, cold", "", later).show()
    Figure("serve", f"{FIRST}, {subject}", "since the command, Python's start too", "s", since).show()
    Figure("serve", f"{WHOLE}, {subject}", "since the command, Python's start too", "s", whole).show()


def show_readers(made: Readers, subject: str, each: float, alone: float) -> None:
    """Show what fifty readers waited, beside what one does."""
    Figure("serve", subject, "95 % of answers within", "s", [made.late], GOAL_READERS).show()
    Figure("serve", subject, "to one reader", "x", [made.late / alone]).show()
    Figure("serve", subject, "processor time of an answer", "s", [each]).show()


def readers(path: str, config: str, subject: str) -> None:
    """Measure one reader and fifty of a ledger, then fifty while it is synced: by another process, and by itself."""
    addresses = [*QUESTIONS.values()]
    with dashboard(path, config) as shown, shown.client() as client:
        warm_up(client)
        alone = read(shown.url, addresses, 1, lambda seconds: seconds < SECONDS).late
        begun = shown.processor()
        made = read(shown.url, addresses, READERS, lambda seconds: seconds < SECONDS)
        each = (shown.processor() - begun) / len(made.waits)
    Figure("serve", f"one reader, {subject}", "95 % of answers within", "s", [alone]).show()
    show_readers(made, f"{READERS} readers, {subject}", each, alone)
    for by_itself in (False, True):
        made, each = syncing(path, config, by_itself=by_itself)
        name = f"{READERS} readers during {'its own' if by_itself else 'a'} sync, {subject}"
        show_readers(made, name, each, alone)
        Figure("serve", name, "states of the ledger seen", "", [len(made.states)]).show()


def syncing(path: str, config: str, *, by_itself: bool) -> tuple[Readers, float]:
    """What readers of a copy of a ledger waited while it was synced, and the processor time of an answer."""
    addresses = [*QUESTIONS.values()]
    with TemporaryDirectory() as folder, served() as api:
        copy = f"{folder}/ledger"
        shutil.copytree(path, copy)
        told = environment(copy, config, api)
        with dashboard(copy, config, api) as shown, shown.client() as client, ThreadPoolExecutor(1) as pool:
            warm_up(client)
            begun = shown.processor()
            sync = pool.submit(own_sync, client) if by_itself else pool.submit(other_sync, told)
            made = read(shown.url, addresses, READERS, lambda _: not sync.done())
            sync.result()
            read(shown.url, addresses, READERS, lambda seconds: len(made.states) < MOVED and seconds < PATIENCE, made)
            read(shown.url, addresses, READERS, lambda seconds: seconds < SECONDS, made)
            assert len(made.states) >= MOVED, made.states
            return made, (shown.processor() - begun) / len(made.waits)


def warm_up(client: httpx2.Client) -> None:
    """Ask each question once."""
    for address in QUESTIONS.values():
        asked(client, address)


def other_sync(told: Mapping[str, str]) -> None:
    """Sync by a command beside the dashboard."""
    command = [sys.executable, "-m", "tallystick", "sync", "--since", SYNC_SINCE]
    subprocess.run(command, env=told, stderr=subprocess.DEVNULL, check=True)


def own_sync(client: httpx2.Client) -> None:
    """Sync by the form of a dashboard, as far back as it does by itself."""
    [form] = _FORM.findall(client.get("/sync").text)
    client.post("/sync", data={"form": form}, headers={"origin": str(client.base_url).rstrip("/")})
    until = time.monotonic() + PATIENCE
    while ENDED not in (page := client.get("/sync").text):
        assert time.monotonic() < until, page
        time.sleep(0.5)


def measure(folder: Path, size: int, runs: int) -> None:
    """Measure a ledger of so many charges."""
    config = settings(folder)
    path = ledger(folder, size)
    subject = f"{size / 1e6:g} million charges"
    first_goal, goal = GOALS.get(size, (None, None))
    child(__file__, "findings", path, config)
    first_page(str(path), str(config), subject, runs, first_goal)
    questions = {name: address for name, address in QUESTIONS.items() if name != FIRST}
    pages(str(path), str(config), subject, questions, runs, goal)
    whole = {path.partition("/")[0]: f"/{path}?whole=1" for path in PAGES}
    pages(str(path), str(config), subject, {f"page {name}": address for name, address in whole.items()}, 1, None)
    if size <= READ:
        readers(str(path), str(config), subject)


def benchmark(arguments: argparse.Namespace) -> None:
    """Make the ledgers, unless a folder has them, and ask."""
    sizes, runs = ((SMALL,), 1) if arguments.quick else (SIZES, arguments.runs)
    with TemporaryDirectory() as folder:
        for size in sizes:
            measure(arguments.folder or Path(folder), size, runs)


if __name__ == "__main__":
    run(__doc__, {"findings": write_findings}, benchmark)
