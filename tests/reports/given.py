"""What the tests of answers are given: a small organization whose truth is known, and ledgers that were synced from it.

Nothing here stands in for our own code: the simulator answers through the transport seam, the clock is pinned.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2

from tallystick import Ledger
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.core.question import Table
from tallystick.core.time import DAY
from tallystick.reports.cache import CACHE
from tallystick.reports.spend import SPEND
from tallystick.reports.usage import USAGE
from tallystick.settings import SystemClock
from tallystick.sim import Simulator, World
from tallystick.store.engine import Engine

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
TODAY = NOW.date()
REPORTS = (SPEND, USAGE, CACHE)
"""The reports that sum and group."""
CLOCK = SystemClock(NOW)
KEY = "sk-ant-admin01-simulated"
FIRST = date(2026, 10, 1)
"""The first day that the ledger has."""
HOURS_SINCE = date(2026, 11, 20)
"""The first day that the ledger with hours has by the hour."""
TWO_SINCE = date(2026, 11, 10)
"""The first day that the ledger has of the second organization."""

TOKENS = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output")
NASTY = ("\u202egnitset\u2066", ":boom: [link=https://example.invalid]here[/link]", "@SUM(A1:A9)", "-1+2\tand\nmore")
"""Names that want to steer a terminal, a markup reader, a spreadsheet."""


def small_world(seed: int = 1) -> World:
    """An organization of sixteen keys; the last four have nasty names."""
    world = World(start=date(2026, 8, 1), end=TODAY, seed=seed, keys=16, requests_per_key_day=6, hostile_names=True)
    keys = world.organization.keys
    named = [replace(key, name=name) for key, name in zip(keys[-len(NASTY) :], NASTY, strict=True)]
    world.organization = replace(world.organization, keys=(*keys[: -len(NASTY)], *named))
    return world


def client_of(simulator: Simulator, key: str = KEY) -> Client:
    """A client that asks the simulator without a socket."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        answer = simulator.answer(request.method, request.url.raw_path.decode(), request.headers)
        return httpx2.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    return Client(Credential(key), clock=CLOCK, transport=httpx2.MockTransport(handle))


class Kept(Ledger):
    """A ledger that is only read from now on and stays open between questions, so that many are quick."""

    @functools.cached_property
    def _opened(self) -> Engine:
        return super().engine()

    def engine(self) -> Engine:
        """The version that was the newest at the first question."""
        return self._opened


def synced(path: Path, world: World, since: date, grain: str = "day") -> Ledger:
    """The ledger at `path`, after a sync of the world by the older reports."""
    book = Ledger(path, CLOCK)
    with client_of(Simulator(world, clock=CLOCK.now)) as client:
        book.sync(f"{since}", grain=grain, source="reports", client=client)
    return Kept(path, CLOCK)


@dataclass(frozen=True)
class Truth:
    """What the world knows of itself, request by request."""

    world: World

    def billed(self, first: date, last: date, workspace: str | None = None) -> Decimal:
        """US dollars of the days from first to last, both included; of one workspace by its real id."""
        if workspace is None:
            return sum((self.world.billed(day) for day in days(first, last)), Decimal(0))
        request_costs = (
            request.cost()
            for day in days(first, last)
            for request in self._requests(day)
            if request.group.workspace == workspace
        )
        served = (
            Decimal(service.picodollars).scaleb(-12)
            for day in days(first, last)
            for service in self.world.services(day)
            if service.workspace == workspace
        )
        return sum(request_costs, Decimal(0)) + sum(served, Decimal(0))

    def tokens(self, first: date, last: date, **fields: Any) -> dict[str, int]:
        """Tokens by kind, web searches beside them, of the requests whose group has these values."""
        sums = dict.fromkeys((*TOKENS, "web_searches"), 0)
        for day in days(first, last):
            for request in self._requests(day):
                if all(getattr(request.group, name) == value for name, value in fields.items()):
                    for name, count in zip(sums, request[2:], strict=True):
                        sums[name] += count
        return sums

    def _requests(self, day: date) -> list[Any]:
        return [request for request in self.world.requests(day) if request.at < NOW]


def days(first: date, last: date) -> list[date]:
    """The days from first to last, both included."""
    return [first + DAY * number for number in range((last - first) // timedelta(days=1) + 1)]


def column(table: Table, name: str) -> list[Any]:
    """One column of an answer."""
    return [row[name] for row in table.rows]


def summed(table: Table, name: str) -> Any:
    """The exact sum of a column; summed as integers, so that nothing rounds."""
    cells = column(table, name)
    if any(isinstance(cell, Decimal) for cell in cells):
        return Decimal(sum(int(cell.scaleb(12)) for cell in cells)).scaleb(-12)
    return sum(cells)


def total(table: Table, name: str) -> Any:
    """A total, which must be known."""
    amount = table.totals[name]
    assert amount is not None, (*table.warnings, *table.notes)
    return amount


def message(table: Table, *words: str) -> str:
    """The one message that has all these words."""
    matches = [text for text in (*table.warnings, *table.notes) if all(word in text for word in words)]
    assert len(matches) == 1, (words, (*table.warnings, *table.notes))
    return matches[0]


@dataclass(frozen=True)
class Run:
    """What a command did: its exit code, what it printed, what it said on the error stream."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        assert self.code == 0, self.err
        return json.loads(self.out)

    def refused(self, code: int, *words: str) -> None:
        """It ended with this code, printed no answer and no traceback, and said these words."""
        assert (self.code, self.out) == (code, ""), (self.code, self.out, self.err)
        assert "Traceback" not in self.err
        for word in words:
            assert word in self.err, self.err


def lines(run: Run | str) -> Sequence[str]:
    """The lines of an output."""
    return (run if isinstance(run, str) else run.out).splitlines()
