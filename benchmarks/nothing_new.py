"""Sync with nothing new, at 30, 365 and 1,095 days of history: processor time, requests, and how they grow.

    python benchmarks/nothing_new.py [--quick] [--runs 3]

A small simulated organization (16 keys) is synced by the older dialect once, then at the same instant again and again.
The growth exponent is the slope of the logarithm of the processor time over that of the days: 0 is independence.
--quick takes 30 and 120 days.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, datetime, timedelta
from math import log
from pathlib import Path
from statistics import linear_regression, median

from client import sync
from figures import Figure, Spent, child, run
from simulated import served

NOW = datetime(2028, 10, 20, 12, tzinfo=UTC)
"""Late enough that the simulated organization has three years behind it."""
HISTORY, QUICK = (30, 365, 1095), (30, 120)
KEYS, REQUESTS = 16, 2


def once(folder: str, days: str, url: str) -> dict[str, float]:
    """Sync the ledger in a folder: the first time all of it, later nothing new."""
    import tallystick.ledger
    import tallystick.sync.run  # noqa: F401 - imported before the clock starts

    spent = Spent()
    since = f"{NOW - timedelta(days=int(days)):%Y-%m-%d}"
    with spent:
        outcome = sync(Path(folder), since, "reports", url=url, now=NOW)
    return {"processor": spent.processor, "requests": outcome.requests}


def benchmark(arguments: argparse.Namespace) -> None:
    """Make a ledger of each history, and sync it again."""
    medians = []
    histories = QUICK if arguments.quick else HISTORY
    with served(now=NOW, keys=KEYS, requests=REQUESTS) as url, tempfile.TemporaryDirectory() as folder:
        for days in histories:
            step = ("once", f"{folder}/{days}", days, url)
            child(__file__, *step)
            runs = [child(__file__, *step) for _ in range(arguments.runs)]
            subject = f"{days:,} days of history"
            Figure("nothing new", subject, "processor", "s", [result["processor"] for result in runs]).show()
            Figure("nothing new", subject, "requests", "requests", [result["requests"] for result in runs]).show()
            medians.append(median(result["processor"] for result in runs))
    slope = linear_regression([log(days) for days in histories], [log(seconds) for seconds in medians]).slope
    subject = f"{histories[0]} to {histories[-1]:,} days"
    Figure("nothing new", subject, "growth exponent", "exponent", [slope], 0.05).show()


if __name__ == "__main__":
    run(__doc__, {"once": once}, benchmark)
