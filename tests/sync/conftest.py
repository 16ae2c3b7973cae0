"""The seams: a simulator behind the client's transport, a clock that stands or ticks, and the truth to compare with."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from filelock import FileLock

from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.core.ledger_tables import DAYS, PAGES, PINNED
from tallystick.core.report_tables import COST, USAGE_DAY, USAGE_HOUR
from tallystick.core.table import LedgerTable
from tallystick.ledger import Ledger
from tallystick.sim import AnalyticsBehavior, Answer, Behavior, Simulator, Ticking, World
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables, Version
from tallystick.sync.outcome import Outcome
from tallystick.tally.price_lists import Prices

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)
PUBLIC = Prices.with_own()
KEY = "sk-ant-admin01-simulated"
USED = ("workspace", "key", "account", "service_account", "model", "tier", "context", "geo", "speed")
COUNTED = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "web_searches")
KINDS = {
    "uncached_input_tokens": "uncached_input",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
    "cache_read_input_tokens": "cache_read",
    "output_tokens": "output",
    "web_search": "web_search",
}
Dims = tuple[str, ...]
Counts = tuple[int, ...]
Tabled = dict[str, list[tuple[Any, ...]]]


def days_ago(days: int) -> date:
    """A day before the pinned present."""
    return TODAY - timedelta(days=days)


class Clock:
    """A clock that moves on by `step` with every request to the simulator; nobody really sleeps."""

    def __init__(self, start: datetime = NOW, step: timedelta = timedelta(0)) -> None:
        self.ticking = Ticking(start, step)
        self.waited = 0.0

    def now(self) -> datetime:
        return self.ticking.now

    def elapsed(self) -> float:
        return self.waited

    def sleep(self, seconds: float) -> None:
        self.waited += seconds


class Wire(Simulator):
    """A simulator that remembers what it said; `before` is told each target and may answer in its place."""

    def __init__(
        self,
        world: World,
        clock: Clock | None = None,
        *,
        faults: Iterable[str] = (),
        before: Callable[[str], Answer | None] = lambda _: None,
        without: str = "",
        behavior: Behavior | None = None,
        analytics: AnalyticsBehavior | None = None,
    ) -> None:
        self.clock = clock or Clock()
        super().__init__(
            world,
            clock=self.clock.ticking,
            faults=faults,
            behavior=behavior or Behavior(),
            analytics=analytics or AnalyticsBehavior(),
        )
        self.answers: list[tuple[str, Answer]] = []
        self._before = before
        self._without = without

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        sent_headers = {name: value for name, value in headers.items() if name.lower() != self._without}
        answer = self._before(target) or super().answer(method, target, sent_headers)
        self.answers.append((target, answer))
        return answer

    def queries(self, source: str) -> list[dict[str, list[str]]]:
        """The queries of every request to one report."""
        return [parse_qs(urlsplit(target).query) for target, _ in self.answers if source in urlsplit(target).path]


def transport(simulator: Simulator) -> httpx2.MockTransport:
    """The client's seam: requests go to the simulator, by raw path and query, without a socket."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        target = request.url.raw_path.decode("ascii")
        answer = simulator.answer(request.method, target, dict(request.headers.items()))
        if answer.cut is not None:
            raise httpx2.ReadError("the peer closed the connection", request=request)
        return httpx2.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    return httpx2.MockTransport(handle)


def synced(
    path: Path, wire: Wire, since: date, until: date | None = None, *, key: str = KEY, **options: Any
) -> Outcome:
    """One sync of the days before `until` from the simulator, of the older reports where nothing else is said."""
    options.setdefault("source", "reports")
    with Client(Credential(key), clock=wire.clock, transport=transport(wire)) as client:
        book = Ledger(path, wire.clock)
        return book.sync(str(since), str(until - timedelta(days=1)) if until else None, client=client, **options)


@lru_cache(maxsize=4)
def _engine(path: Path, _version: int, _pages: int) -> Engine:
    return Ledger(path, Clock()).engine()


def rows(path: Path, sql: str) -> list[dict[str, Any]]:
    """The rows of a query as Python objects, dates and decimals as such."""
    tables = Tables(path)
    engine = _engine(path, tables.newest().number, tables.open(PAGES).version())
    table: list[dict[str, Any]] = engine.sql(sql).to_pylist()
    return table


def records(path: Path, table: LedgerTable, version: Version | None = None) -> list[dict[str, Any]]:
    """Every row of a table as the newest version pins it, or that one, read without the engine."""
    tables = Tables(path)
    pinned = (version or tables.newest()).tables[table.name]
    entries: list[dict[str, Any]] = tables.open(table, pinned).to_pyarrow_table().to_pylist()
    return entries


def content(path: Path, *, untimed: bool = False) -> Tabled:
    """Every row of the newest version by table, sorted; `untimed` leaves out when a name or notice was first seen."""
    hidden = {"seen_at", "noticed_at"} if untimed else set()
    version = Tables(path).newest()
    return {
        table.name: sorted(
            (
                tuple(value for name, value in row.items() if name not in hidden)
                for row in records(path, table, version)
            ),
            key=repr,
        )
        for table in PINNED
    }


def days_of(path: Path, source: str, grain: str = "day") -> dict[date, str]:
    """The state of each day that the ledger has of a source."""
    states = [row for row in records(path, DAYS) if (row["source"], row["grain"]) == (source, grain)]
    assert len(states) == len({row["day"] for row in states})
    return {row["day"]: row["state"] for row in states}


def _named(world: World, group: Any) -> Dims:
    workspace = "default" if group.workspace == world.organization.default.id else group.workspace
    people = (group.key or "playground", group.account or "none", group.service_account or "none")
    return (workspace, *people, group.model, group.tier, group.context, group.geo, group.speed)


def used(world: World, day: date, hour: int | None = None) -> dict[Dims, Counts]:
    """What was truly used on a day or in one of its hours, by all nine dimensions, request by request."""
    sums: dict[Dims, list[int]] = defaultdict(lambda: [0] * 6)
    for request in world.requests(day):
        if hour is None or request.at.hour == hour:
            counts = sums[_named(world, request.group)]
            for index, count in enumerate(request[2:8]):
                counts[index] += count
    return {dims: tuple(counts) for dims, counts in sums.items()}


def counted(truth: Mapping[Dims, Counts]) -> Counts:
    """The control total of a truth."""
    return tuple(map(sum, zip(*truth.values(), strict=True))) if truth else (0,) * 6


def spent(world: World, day: date) -> dict[Dims, Decimal]:
    """What a day was truly billed by workspace, model, kind, tier, context, geo, request by request."""
    picodollars: Counter[Dims] = Counter()
    for request in world.requests(day):
        workspace, *_, model, tier, context, geo, _ = _named(world, request.group)
        for kind, amount in request.picodollars().items():
            token = (model, KINDS[kind], tier, context, geo)
            picodollars[workspace, *(("none", "web_search", *["none"] * 3) if kind == "web_search" else token)] += (
                amount
            )
    for service in world.services(day):
        workspace = "default" if service.workspace == world.organization.default.id else service.workspace
        kind = {"code_execution": "code_execution", "session_usage": "session_time"}[service.cost_type]
        picodollars[workspace, "none", kind, "none", "none", "none"] += service.picodollars
    return {dims: Decimal(amount) / 10**12 for dims, amount in picodollars.items() if amount}


def ledger_used(path: Path, table: LedgerTable = USAGE_DAY) -> dict[tuple[Any, ...], dict[Dims, Counts]]:
    """What the ledger says was used, by (day,) or (day, hour), then by all nine dimensions."""
    by_bucket: dict[tuple[Any, ...], dict[Dims, Counts]] = defaultdict(dict)
    hour = ("hour_of_day",) if table is USAGE_HOUR else ()
    for row in records(path, table):
        bucket = by_bucket[tuple(row[name] for name in ("day", *hour))]
        dims = tuple(row[name] for name in USED)
        assert dims not in bucket, "a group stands twice"
        bucket[dims] = tuple(row[name] for name in COUNTED)
    return by_bucket


def ledger_spent(path: Path) -> dict[date, dict[Dims, Decimal]]:
    """What the ledger says was billed, by day, then as `spent` has it."""
    by_day: dict[date, dict[Dims, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in records(path, COST):
        by_day[row["day"]][tuple(row[name] for name in ("workspace", "model", "kind", "tier", "context", "geo"))] += (
            row["billed"]
        )
    return {day: {dims: amount for dims, amount in lines.items() if amount} for day, lines in by_day.items()}


def assert_true(path: Path, world: World, days: Iterable[date]) -> None:
    """Both halves of these ended days stand in the ledger as they happened, with their control totals."""
    usage, cost = ledger_used(path), ledger_spent(path)
    day_rows = {(row["source"], row["day"]): row for row in records(path, DAYS) if row["grain"] == "day"}
    for day in days:
        truth = used(world, day)
        assert usage.get((day,), {}) == truth, day
        assert tuple(day_rows["usage", day][name] for name in COUNTED) == counted(truth), day
        assert cost.get(day, {}) == spent(world, day), day
        assert day_rows["cost", day]["billed"] == world.billed(day), day


def small(seed: int = 1, *, requests: int = 3) -> World:
    """A small world of its own, to be restated at will."""
    return World(start=date(2026, 8, 1), end=TODAY, seed=seed, keys=16, requests_per_key_day=requests)


def span(start: date, end: date) -> list[date]:
    """The days from `start` to before `end`."""
    return [start + timedelta(days=number) for number in range((end - start).days)]


def _environment(ledger: Path, url: str) -> dict[str, str]:
    """All that a process of the command line needs to know, at the pinned present."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("TALLYSTICK", "ANTHROPIC"))}
    return others | {
        "ANTHROPIC_ADMIN_KEY": KEY,
        "TALLYSTICK_BASE_URL": url,
        "TALLYSTICK_LEDGER": str(ledger),
        "TALLYSTICK_NOW": "2026-11-22T12:00:00Z",
    }


def child(*words: str, ledger: Path, url: str, **options: Any) -> subprocess.Popen[str]:
    """A real process of the command line, told all it needs by its environment."""
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "tallystick", *words],
        env=_environment(ledger, url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


_FORKS = """
import json, os, sys
import pyarrow.dataset, tallystick.ledger, tallystick.api.client, tallystick.sync.run
from tallystick.cli import main
for line in sys.stdin:
    words, environment = json.loads(line)
    if not (pid := os.fork()):
        os.environ |= environment
        sys.argv = ["tallystick", *words]
        main()
        sys.exit()
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Forks:
    """Processes of the command line, one at a time, forked from one that has done nothing yet but the imports."""

    def __init__(self) -> None:
        self._parent = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", _FORKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, *words: str, ledger: Path, url: str) -> int:
        """Start one, told all it needs by its environment; its id."""
        assert self._parent.stdin
        self._parent.stdin.write(json.dumps([words, _environment(ledger, url)]) + "\n")
        self._parent.stdin.flush()
        return self._number()

    def kill(self, process: int) -> int:
        """Shoot the one that was started, if it still runs; its exit code, or less the number of what ended it."""
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        return self._number()

    def close(self) -> None:
        """Let the parent end."""
        self._parent.communicate()

    def _number(self) -> int:
        assert self._parent.stdout
        return int(self._parent.stdout.readline())


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """A way to start many processes quickly."""
    with closing(Forks()) as forks:
        yield forks


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger can be made."""
    return tmp_path / "ledger"


@cache
def _truth() -> World:
    return small(requests=8)


@pytest.fixture(scope="session")
def truth() -> World:
    """The world of the synced ledger, which nobody changes."""
    return _truth()


SINCE = date(2026, 10, 1)
HOURS_SINCE = date(2026, 11, 9)


def shared(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that is made once in a run of the tests, by whichever worker first needs it; only to be read."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        if not folder.with_suffix(".made").exists():
            make(folder)
            folder.with_suffix(".made").touch()
    return folder


def _full(path: Path) -> None:
    wire = Wire(_truth())
    synced(path, wire, SINCE)
    synced(path, wire, HOURS_SINCE, grain="hour")


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger synced at noon from that world by day, its last fortnight by hour too; only to be read."""
    return shared(tmp_path_factory, "full", _full)


@pytest.fixture
def copy(full: Path, path: Path) -> Path:
    """A copy of the synced ledger, to be written to."""
    shutil.copytree(full, path)
    return path
