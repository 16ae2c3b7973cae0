"""From records to charges: seconds and peak memory of tallying a year month by month, and of one changed day.

    python benchmarks/tally.py [--rows-a-day 27400] [--days 365] [--profile]

Records are made once, as Parquet by month, in a process of its own; the measured process reads them (not counted),
matches and splits on two cores, and checks that charges add up to bill and use. `--profile` adds where one month's
time goes, statement by statement.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, Self
from unittest import mock

LAST = date(2026, 11, 21)
TARGETS = {"year": 60.0, "day": 2.0, "peak": 3072.0}

USED = """
SELECT 'org' AS organization, '{month}' AS month, day::DATE AS day,
    'wrkspc_' || lpad((place // 8 % 60)::VARCHAR, 26, '0') AS workspace,
    'apikey_' || lpad((place // 8)::VARCHAR, 26, '0') AS key, 'none' AS account, 'none' AS service_account,
    ['claude-opus-5-5', 'claude-sonnet-4-6', 'claude-opus-4-8', 'claude-haiku-4-5-20251001'][place % 4 + 1] AS model,
    CASE WHEN place // 4 % 2 = 0 THEN 'standard' ELSE 'batch' END AS tier, '0-200k' AS context,
    CASE WHEN place % 4 = 3 THEN 'not_available' WHEN place // 8 % 10 = 0 THEN 'us' ELSE 'global' END AS geo,
    CASE WHEN place % 72 = 0 THEN 'fast' ELSE 'standard' END AS speed,
    1 + (hash(place, day, 1) % 9000000)::BIGINT AS uncached_input,
    CASE WHEN place % 2 = 0 THEN (hash(place, day, 2) % 900000)::BIGINT ELSE 0 END AS cache_write_5m,
    CASE WHEN place % 5 = 0 THEN (hash(place, day, 3) % 900000)::BIGINT ELSE 0 END AS cache_write_1h,
    CASE WHEN place % 4 <> 1 THEN (hash(place, day, 4) % 40000000)::BIGINT ELSE 0 END AS cache_read,
    1 + (hash(place, day, 5) % 900000)::BIGINT AS output,
    CASE WHEN place % 10 = 0 THEN (hash(place, day, 6) % 90)::BIGINT ELSE 0 END AS web_searches
FROM range({rows}) AS places(place), generate_series(DATE '{first}', DATE '{last}', INTERVAL 1 DAY) AS days(day)
"""
BILLED = """
SELECT organization, month, day, workspace, kind AS description,
    CASE kind WHEN 'web_searches' THEN 'web_search' ELSE 'tokens' END AS cost_type, model,
    CASE kind WHEN 'web_searches' THEN 'web_search' ELSE kind END AS kind, tier, context, geo,
    CASE kind WHEN 'web_searches' THEN 'none' ELSE 'unknown' END AS speed, 'USD' AS currency,
    (sum(quantity)::DECIMAL(22, 0) * 0.000002)::DECIMAL(28, 12) AS billed
FROM (
    SELECT * REPLACE (
        CASE kind WHEN 'web_searches' THEN 'none' ELSE model END AS model,
        CASE kind WHEN 'web_searches' THEN 'none' ELSE tier END AS tier,
        CASE kind WHEN 'web_searches' THEN 'none' ELSE context END AS context,
        CASE kind WHEN 'web_searches' THEN 'none' ELSE geo END AS geo
    ) FROM (UNPIVOT used ON uncached_input, cache_write_5m, cache_write_1h, cache_read, output, web_searches
        INTO NAME kind VALUE quantity)
) WHERE quantity > 0 GROUP BY ALL
"""


def make(folder: Path, rows: int, days: int) -> None:
    """Usage and matching cost of each month as Parquet; one line of the bill is shared by some fifty keys."""
    import duckdb

    span = [LAST - timedelta(days=place) for place in range(days)][::-1]
    for month, them in groupby(span, key=lambda day: f"{day:%Y-%m}"):
        held = list(them)
        with duckdb.connect() as duck:
            duck.execute("CREATE TABLE used AS " + USED.format(month=month, rows=rows, first=held[0], last=held[-1]))
            for half, asked in (("usage", "FROM used ORDER BY hash(key, day)"), ("cost", BILLED)):
                duck.execute(f"COPY ({asked}) TO '{folder / month}.{half}' (FORMAT parquet)")


def measure(folder: Path, *, profile: bool) -> dict[str, Any]:
    """Tally each month, then the last day alone."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from tallystick.core.records import COST, USAGE_DAY
    from tallystick.ledger.tables import schema
    from tallystick.tally import match
    from tallystick.tally.prices import Prices

    prices = Prices.with_own()
    prices.listed, prices.own  # noqa: B018 - read before the clock starts, as in any sync

    def read(month: str, half: str) -> Any:
        fits = schema(USAGE_DAY if half == "usage" else COST)
        return pq.read_table(folder / f"{month}.{half}").select(fits.names).cast(fits)

    def tally(usage: Any, cost: Any) -> tuple[float, Any]:
        days = usage["day"].unique().to_pylist()
        begun = time.perf_counter()
        rows = match.charges(usage, cost, days, prices.listed, prices.own)
        spent = time.perf_counter() - begun
        assert pc.sum(rows["billed"]).as_py() == pc.sum(cost["billed"]).as_py()
        used = pc.sum(usage["output"]).as_py()
        assert pc.sum(rows.filter(pc.equal(rows["kind"], "output"))["quantity"]).as_py() == used
        return spent, rows

    figures: dict[str, Any] = {"records": 0, "charges": 0, "lines": 0, "year": 0.0, "month": 0.0, "cpu": 0.0}
    months = sorted({file.stem for file in folder.iterdir()})
    for month in months:
        usage, cost = read(month, "usage"), read(month, "cost")
        busy = time.process_time()
        spent, rows = tally(usage, cost)
        figures["cpu"] += time.process_time() - busy
        figures["year"] += spent
        figures["month"] = max(figures["month"], spent)
        figures["records"] += usage.num_rows
        figures["charges"] += rows.num_rows
        figures["lines"] += cost.num_rows
        del rows
    day = pc.max(usage["day"])
    usage, cost = (it.filter(pc.equal(it["day"], day)) for it in (usage, cost))
    figures["day"] = min(tally(usage, cost)[0] for _ in range(3))
    figures["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if profile:
        with _watched() as steps:
            tally(*(read(months[-2:][0], half) for half in ("usage", "cost")))
        figures["steps"] = steps
    return figures


@contextmanager
def _watched() -> Any:
    """The seconds of each statement, and of each function, of one tally."""
    import duckdb

    from tallystick.tally import match

    steps: dict[str, float] = {}
    real = duckdb.connect

    def timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*said: Any, **more: Any) -> Any:
            begun = time.perf_counter()
            try:
                return call(*said, **more)
            finally:
                steps[name] = steps.get(name, 0) + time.perf_counter() - begun

        return run

    class Watched:
        def __init__(self) -> None:
            self._duck = real()

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            timed("close", self._duck.close)()

        def execute(self, text: str, *more: Any) -> Any:
            return timed(" ".join(text.split()[:5]), self._duck.execute)(text, *more)

        def sql(self, text: str) -> Any:
            found, name = self._duck.sql(text), " ".join(text.split()[:5])
            return mock.Mock(to_arrow_table=timed(f"arrow of {name}", found.to_arrow_table))

        def register(self, *said: Any) -> None:
            self._duck.register(*said)

    with (
        mock.patch.object(match.duckdb, "connect", Watched),
        mock.patch.object(
            match,
            "_typed",
            timed("_typed", match._typed),  # noqa: SLF001 - to time it
        ),
        mock.patch.object(match, "rates", timed("rates", match.rates)),
        mock.patch.object(match, "whole", timed("whole", match.whole)),
    ):
        yield steps


def main() -> None:
    """Make the records, measure in a process of its own on two cores, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows-a-day", type=int, default=27_400)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.make:
        make(told.make, told.rows_a_day, told.days)
        return
    if told.measure:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
        print(json.dumps(measure(told.measure, profile=told.profile)))
        return
    with tempfile.TemporaryDirectory() as folder:
        again = [sys.executable, __file__, "--rows-a-day", str(told.rows_a_day), "--days", str(told.days)]
        subprocess.check_call([*again, "--make", folder])
        asked = [*again, "--measure", folder, *(["--profile"] if told.profile else [])]
        said = json.loads(subprocess.check_output(asked, timeout=1800))
    print(f"{said['records']:,} usage records, {said['lines']:,} lines, {said['charges']:,} charges")
    for name, unit in (("year", "s"), ("day", "s"), ("peak", "MB")):
        print(f"{name:<5} {Decimal(said[name]):>9,.2f} {unit}, target {TARGETS[name]:,.0f}")
    print(f"month {Decimal(said['month']):>9,.2f} s, the slowest")
    print(f"cpu   {Decimal(said['cpu']):>9,.2f} s of two processors, for the year")
    for name, spent in sorted(said.get("steps", {}).items(), key=lambda it: -it[1]):
        print(f"{spent:>9,.2f} s  {name}")


if __name__ == "__main__":
    main()
