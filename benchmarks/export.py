"""Ten million charges to files: seconds as a ratio to DuckDB's own COPY of the same rows, and memory.

    python benchmarks/export.py [--rows-a-day 27400] [--days 365] [--formats csv,jsonl,parquet,xlsx]

A ledger of charges is written once. Each format is exported by `tallystick export charges` in a process of its own on
two cores, to a file; the floor is DuckDB copying the same view, unordered, in another. Excel takes a month: it is
written cell by cell. Peak memory is the process's resident set.
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
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

LAST = date(2026, 11, 21)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOST = 1024.0
"""Megabytes that an export may take."""

CHARGED = """
SELECT 'org' AS organization, '{month}' AS month, day::DATE AS day,
    'wrkspc_' || lpad((place // 40 % 60)::VARCHAR, 26, '0') AS workspace,
    'apikey_' || lpad((place // 40)::VARCHAR, 26, '0') AS key, 'user_' || place // 400 AS actor,
    'messages_api' AS product,
    ['claude-opus-5-5', 'claude-sonnet-4-6', 'claude-opus-4-8', 'claude-haiku-4-5-20251001'][place // 5 % 4 + 1]
        AS model,
    ['uncached_input', 'cache_write_5m', 'cache_write_1h', 'cache_read', 'output'][place % 5 + 1] AS kind,
    CASE WHEN place // 20 % 2 = 0 THEN 'standard' ELSE 'batch' END AS tier, '0-200k' AS context, 'global' AS geo,
    'standard' AS speed, 1 + (hash(place, day) % 9000000)::BIGINT AS quantity, 'tokens' AS unit,
    (quantity::DECIMAL(16, 0) * 0.000002)::DECIMAL(28, 12) AS list, list AS priced, list AS priced_high, list AS billed,
    0::DECIMAL(28, 12) AS discount, 'reported' AS method, 'none' AS cause, 'none' AS relaxed, 'analytics' AS source
FROM range({rows}) AS places(place), generate_series(DATE '{first}', DATE '{last}', INTERVAL 1 DAY) AS days(day)
"""


def make(folder: Path, rows: int, days: int) -> None:
    """A ledger that has charges, days and names alone."""
    import duckdb
    import pyarrow as pa

    from tallystick.core.ledger_tables import CHARGES, DAYS, NAMES
    from tallystick.store.columns import schema
    from tallystick.store.tables import Tables

    span = [LAST - timedelta(days=place) for place in range(days)][::-1]
    with Tables(folder).writing() as writer:
        for month, them in groupby(span, key=lambda day: f"{day:%Y-%m}"):
            held = list(them)
            with duckdb.connect() as duck:
                asked = CHARGED.format(month=month, rows=rows, first=held[0], last=held[-1])
                writer.replace(CHARGES, "org", held, duck.sql(asked).to_arrow_table().cast(schema(CHARGES)))
        known = {"organization": "org", "source": "analytics_cost", "grain": "day", "state": "settled"}
        writer.append(DAYS, pa.Table.from_pylist([known | {"day": day} for day in span], schema(DAYS)))
        key = {"organization": "org", "type": "key", "seen_at": NOW}
        named = [key | {"id": f"apikey_{place:026}", "name": f"key {place}"} for place in range(rows // 40)]
        writer.append(NAMES, pa.Table.from_pylist(named, schema(NAMES)))
        writer.commit("org", "charges", NOW, {})


def export(folder: Path, form: str, since: date) -> None:
    """What the command does."""
    from tallystick.clock import SystemClock
    from tallystick.formats import FORMATS
    from tallystick.ledger import Ledger

    with (folder / f"charges.{form}").open("wb") as file:
        rows = Ledger(folder / "ledger", SystemClock(NOW)).export("charges", f"{since}")
        FORMATS[form].stream(rows, file)


def floor(folder: Path, form: str, since: date) -> None:
    """DuckDB alone, on the view."""
    from tallystick.store.engine import Engine
    from tallystick.store.tables import Tables

    tables = Tables(folder / "ledger")
    reader = Engine(tables, tables.newest())
    copied = f"COPY (FROM charges WHERE day >= DATE '{since}') TO '{folder / 'ledger' / 'floor'}.{form}'"
    reader._duck.execute(copied + {"csv": "", "jsonl": " (FORMAT json)", "parquet": " (COMPRESSION zstd)"}[form])  # noqa: SLF001


def main() -> None:
    """Make the ledger, export it in processes of their own, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows-a-day", type=int, default=27_400)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--formats", default="parquet,csv,jsonl,xlsx")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.make:
        make(told.make, told.rows_a_day, told.days)
        return
    if told.measure:
        what, folder, form, since = told.measure
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
        begun = time.perf_counter()
        {"export": export, "floor": floor}[what](Path(folder), form, date.fromisoformat(since))
        print(json.dumps([time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
        return
    with tempfile.TemporaryDirectory() as folder:
        shape = ["--rows-a-day", str(told.rows_a_day), "--days", str(told.days)]
        subprocess.check_call([sys.executable, __file__, *shape, "--make", f"{folder}/ledger"])
        for form in told.formats.split(","):
            days = min(told.days, 30) if form == "xlsx" else told.days
            since = f"{LAST - timedelta(days=days - 1)}"
            again, to = [sys.executable, __file__, "--measure"], Path(folder) / f"charges.{form}"
            wall, peak = json.loads(subprocess.check_output([*again, "export", folder, form, since]))
            said = f"{form:<8}{told.rows_a_day * days:>12,} rows {wall:>8,.1f} s"
            if form != "xlsx":
                least, _ = json.loads(subprocess.check_output([*again, "floor", folder, form, since]))
                said += f", {wall / least:,.1f} floors of {least:,.1f} s"
            print(f"{said}, {to.stat().st_size / 1e6:,.0f} MB, peak {peak:,.0f} MB of {MOST:,.0f}", flush=True)
            to.unlink()
            assert peak < MOST


if __name__ == "__main__":
    main()
