"""Daily syncs, 400 of them: what a sync, an opened ledger and its files come to at the end, beside the beginning.

    python benchmarks/daily_syncs.py [--quick]

A small simulated organization (16 keys) is synced at noon of every day by the older dialect, as cron would. Medians of
20 days at the end are set beside those of 20 days once a month has passed. --quick takes 80 days.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

from client import Clock, sync
from figures import Figure, Spent, child, run
from simulated import START, served

DAYS, QUICK = 400, 80
BEGUN = 40
"""Days before the first 20 that are compared: from then on a sync looks back over as many days as later."""
SPAN = 20
KEYS, REQUESTS = 16, 2
GROWTH = 1.2
"""What a sync and an open at the end may cost, to those of the beginning."""


def files(folder: Path) -> int:
    """How many files the tables of the newest version have."""
    from tallystick.core.ledger_tables import PINNED
    from tallystick.store.tables import Tables

    tables = Tables(folder)
    version = tables.newest()
    return sum(len(tables.listed(table, version)) for table in PINNED)


def daily(url: str, days: str) -> dict[str, list[float]]:
    """Sync at noon of so many days, and ask on those that are compared; seconds of the processor, and files by day."""
    from tallystick.ledger import Ledger

    syncs, questions, counts = list[float](), list[float](), list[float]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "ledger"
        for number in range(int(days)):
            now = datetime(START.year, START.month, START.day, 12, tzinfo=UTC) + timedelta(days=number + 1)
            with urlopen(f"{url}/now/{now:%Y-%m-%dT%H:%M:%SZ}"):  # noqa: S310 - our own server
                pass
            spent, asked = Spent(), Spent()
            with spent:
                sync(folder, None, "reports", url=url, now=now)
            if BEGUN <= number < BEGUN + SPAN or number >= int(days) - SPAN:
                with asked:
                    Ledger(folder, Clock(now)).spend(since="7d")
            syncs.append(spent.processor)
            questions.append(asked.processor)
            counts.append(files(folder))
    return {"sync": syncs, "open": questions, "files": counts}


def benchmark(arguments: argparse.Namespace) -> None:
    """Sync day after day; compare the end with the beginning."""
    days = QUICK if arguments.quick else DAYS
    with served(keys=KEYS, requests=REQUESTS) as url:
        result: dict[str, Any] = child(__file__, "daily", url, days)
    for name, subject in (("sync", "a daily sync"), ("open", "the spend of seven days")):
        early, late = (result[name][start : start + SPAN] for start in (BEGUN, days - SPAN))
        Figure("daily syncs", subject, f"processor, from day {BEGUN}", "s", early).show()
        Figure("daily syncs", subject, f"processor, to day {days}", "s", late).show()
        ratio = median(late) / median(early)
        Figure("daily syncs", subject, "the end to the beginning", "x", [ratio], GROWTH).show()
    for day in (BEGUN + SPAN, days):
        Figure(
            "daily syncs", "files of the newest version", f"on day {day}", "files", [result["files"][day - 1]]
        ).show()


if __name__ == "__main__":
    run(__doc__, {"daily": daily}, benchmark, runs=1)
