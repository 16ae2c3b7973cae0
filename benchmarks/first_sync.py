"""First sync of a simulated organization that another process serves: processor time, wall and requests.

    python benchmarks/first_sync.py [--quick] [--runs 3]

A year by the older dialect, seven months by the newer (31 days with --quick), both without latency: the processor time
of the client. Then the year once more with 150 ms a request: the wall, beside requests x latency. The newer dialect is
read without its pace of requests, which would be most of the wall. A first, unmeasured sync lets the simulator make its
answers.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

from canned import SOURCES, TODAY
from client import sync
from figures import Figure, Spent, child, peak, run
from simulated import served

DAYS = {"older": 365, "newer": 214}
QUICK = 31
LATENCY = 0.15
SPEEDUP = 6
"""The older dialect should take at most requests x latency / 6, and its own work."""


def first(dialect: str, days: str, url: str) -> dict[str, float]:
    """Sync so many days into a new ledger."""
    import tallystick.ledger
    import tallystick.sync.run  # noqa: F401 - imported before the clock starts

    spent = Spent()
    since = f"{TODAY - timedelta(days=int(days)):%Y-%m-%d}"
    with tempfile.TemporaryDirectory() as folder, spent:
        outcome = sync(Path(folder) / "ledger", since, SOURCES[dialect], url=url)
    return {
        "processor": spent.processor,
        "wall": spent.wall,
        "requests": outcome.requests,
        "rows": outcome.rows,
        "peak": peak(),
    }


def delay(url: str, seconds: float) -> None:
    """Let each further answer take so long."""
    with urlopen(f"{url}/latency/{seconds}"):  # noqa: S310 - our own server
        pass


def benchmark(arguments: argparse.Namespace) -> None:
    """Measure both dialects, and the older once more with latency."""
    with served() as url:
        for dialect, span in DAYS.items():
            days = QUICK if arguments.quick else span
            child(__file__, "first", dialect, days, url)
            runs = [child(__file__, "first", dialect, days, url) for _ in range(arguments.runs)]
            subject = f"{dialect} dialect, {days} days"
            goal = None if arguments.quick else 5
            Figure("first sync", subject, "processor", "s", [result["processor"] for result in runs], goal).show()
            Figure("first sync", subject, "rows", "rows", [result["rows"] for result in runs]).show()
            Figure("first sync", subject, "requests", "requests", [result["requests"] for result in runs]).show()
            Figure("first sync", subject, "peak memory", "MB", [result["peak"] for result in runs]).show()
            if dialect == "older":
                delay(url, LATENCY)
                slow = [child(__file__, "first", dialect, days, url) for _ in range(arguments.runs)]
                delay(url, 0)
                subject = f"older dialect, {days} days, {LATENCY * 1000:.0f} ms a request"
                waits = slow[0]["requests"] * LATENCY
                Figure("first sync", subject, "requests x latency", "s", [waits]).show()
                goal = waits / SPEEDUP + min(result["wall"] for result in runs)
                Figure("first sync", subject, "wall", "s", [result["wall"] for result in slow], round(goal, 1)).show()


if __name__ == "__main__":
    run(__doc__, {"first": first}, benchmark)
