from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx2

from support.simulator_api import HEADERS, NOW, Api
from tallystick.sim import Pace, Simulator, Ticking, World, serve

NEW = HEADERS | {"anthropic-version": "2026-10-21", "anthropic-beta": "analytics-usage-cost-2026-08-24"}
SINCE = [("starting_at", "2026-11-20T00:00:00Z")]


class Stopwatch:
    """A stopwatch that only the test moves."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_dialect_takes_so_many_requests_a_minute(world: World) -> None:
    """The request after the last of a minute is a 429, with `retry-after` in the newer dialect alone, until it ends."""
    stopwatch = Stopwatch()
    api = Api(Simulator(world, clock=Ticking(NOW), pace=Pace(older=2, newer=3, elapsed=stopwatch)))
    assert [api.ask("usage_report/messages", SINCE).status for _ in range(3)] == [200, 200, 429]
    assert "retry-after" not in api.ask("cost_report", SINCE).headers
    stopwatch.seconds = 20
    answers = [api.ask("analytics/cost", SINCE, NEW) for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["retry-after"] == "60"
    assert api.ask("me").status == 200, "the directory has no such limit"
    stopwatch.seconds = 60
    assert api.ask("usage_report/messages", SINCE).status == 200
    assert api.ask("analytics/usage", SINCE, NEW).headers["retry-after"] == "20"


def test_answers_wait_beside_each_other(world: World) -> None:
    """Eight requests at once take hardly longer than one where each answer waits."""
    with serve(Simulator(world, clock=Ticking(NOW)), latency=0.5) as server:
        started = time.monotonic()
        with httpx2.Client(headers=HEADERS) as client, ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: client.get(f"{server.url}/v1/organizations/me").status_code, range(8)))
        assert statuses == [200] * 8
        assert 0.5 <= time.monotonic() - started < 8 * 0.5
