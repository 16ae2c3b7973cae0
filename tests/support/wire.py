"""The seam of a sync: a simulator behind the client's transport, and a clock that stands or ticks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.ledger import Ledger
from tallystick.sim import AnalyticsBehavior, Answer, Behavior, Pace, Simulator, Ticking, World
from tallystick.sync.outcome import Outcome
from tallystick.tally.prices_in_force import Prices

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)
PUBLIC = Prices.with_own()
KEY = "sk-ant-admin01-simulated"


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
    """A simulator that remembers what it said; `before` is told each target and may answer in its place.

    `page_rows`: a page of a newer report has no more rows, however many are asked for.
    """

    def __init__(
        self,
        world: World,
        clock: Clock | None = None,
        *,
        faults: Iterable[str] = (),
        before: Callable[[str], Answer | None] = lambda _: None,
        without: str = "",
        page_rows: int | None = None,
        behavior: Behavior | None = None,
        analytics: AnalyticsBehavior | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.clock = clock or Clock()
        super().__init__(
            world,
            clock=self.clock.ticking,
            faults=faults,
            behavior=behavior or Behavior(),
            analytics=analytics or AnalyticsBehavior(),
            pace=pace,
        )
        self.answers: list[tuple[str, Answer]] = []
        self._before = before
        self._without = without
        self._page_rows = page_rows

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        sent_headers = {name: value for name, value in headers.items() if name.lower() != self._without}
        short = self._page_rows and "/analytics/" in target
        limited = target.replace("limit=1000", f"limit={self._page_rows}") if short else target
        answer = self._before(target) or super().answer(method, limited, sent_headers)
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
    path: Path,
    wire: Wire,
    since: date,
    until: date | None = None,
    *,
    key: str = KEY,
    at_once: int = 1,
    **options: Any,
) -> Outcome:
    """One sync of the days before `until` from the simulator, of the older reports where nothing else is said.

    Requests come one after another, in the plan's order, unless more are to be out `at_once`.
    """
    options.setdefault("source", "reports")
    with Client(Credential(key), clock=wire.clock, transport=transport(wire), most_at_once=at_once) as client:
        book = Ledger(path, wire.clock)
        return book.sync(str(since), str(until - timedelta(days=1)) if until else None, client=client, **options)


def small(seed: int = 1, *, requests: int = 3) -> World:
    """A small world of its own, to be restated at will."""
    return World(start=date(2026, 8, 1), end=TODAY, seed=seed, keys=16, requests_per_key_day=requests)


def span(start: date, end: date) -> list[date]:
    """The days from `start` to before `end`."""
    return [start + timedelta(days=number) for number in range((end - start).days)]
