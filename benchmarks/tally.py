"""From records to charges, as a sync does it: a year tallied anew, and one day that changed, beside a floor.

    python benchmarks/tally.py [--rows-a-day 27400] [--days 365] [--profile]

A ledger of records without charges is made once, in a process of its own. The measured process has two cores. It opens
the ledger as a sync does, tallies every day (`Committer.keep_prices`: read, match and split, check, write, in the
chunks of a sync), then keeps one usage record that changed (`Committer.keep`). Seconds are of the wall and, in
brackets, of the processors. The floor is DuckDB on the same chunks: counters to rows and a sum by all dimensions.

`--profile` adds where the time goes, statement by statement.
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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Self
from unittest import mock

LAST = date(2026, 11, 21)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
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


MARKS = """
SELECT organization, day, sum(uncached_input)::BIGINT AS uncached_input, sum(cache_write_5m)::BIGINT AS cache_write_5m,
    sum(cache_write_1h)::BIGINT AS cache_write_1h, sum(cache_read)::BIGINT AS cache_read,
    sum(output)::BIGINT AS output, sum(web_searches)::BIGINT AS web_searches
FROM used GROUP BY ALL
"""
FLOOR = """
CREATE TEMP TABLE summed AS
SELECT day, workspace, key, account, service_account, model, kind, tier, context, geo, speed, sum(quantity) AS quantity
FROM (UNPIVOT usage ON uncached_input, cache_write_5m, cache_write_1h, cache_read, output, web_searches
    INTO NAME kind VALUE quantity)
WHERE quantity > 0 GROUP BY ALL
"""


class Spent:
    """Seconds of the wall and of the processors inside its `with`, all times together."""

    def __init__(self) -> None:
        self.wall = self.busy = 0.0

    def __enter__(self) -> Self:
        self._begun = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._begun[0]
        self.busy += time.process_time() - self._begun[1]


def make(folder: Path, rows: int, days: int) -> None:
    """A ledger of usage and matching cost, a file a month; one line of the bill is shared by some fifty keys."""
    import duckdb
    import pyarrow as pa

    from tallystick.core.ledger_tables import DAYS
    from tallystick.core.records import COUNTERS
    from tallystick.core.report_tables import COST, USAGE_DAY
    from tallystick.store.columns import schema
    from tallystick.store.tables import Tables

    span = [LAST - timedelta(days=place) for place in range(days)][::-1]
    with Tables(folder).writing() as writer:
        for month, them in groupby(span, key=lambda day: f"{day:%Y-%m}"):
            held = list(them)
            with duckdb.connect() as duck:
                duck.execute(
                    "CREATE TABLE used AS " + USED.format(month=month, rows=rows, first=held[0], last=held[-1])
                )
                for table, asked in ((USAGE_DAY, "FROM used ORDER BY hash(key, day)"), (COST, BILLED)):
                    found = duck.sql(asked).to_arrow_table()
                    writer.replace(table, "org", held, found.select(schema(table).names))
                billed = found.group_by(["organization", "day"]).aggregate([("billed", "sum")]).to_pylist()
                marks = duck.sql(MARKS).to_arrow_table().to_pylist()
            known = [row | {"source": "usage", "billed": None} for row in marks]
            known += [
                {"organization": row["organization"], "day": row["day"], "source": "cost", "billed": row["billed_sum"]}
                for row in billed
            ]
            settled = [dict.fromkeys(COUNTERS) | row | {"grain": "day", "state": "settled"} for row in known]
            writer.append(DAYS, pa.Table.from_pylist(settled, schema(DAYS)))
        writer.commit("org", "records", NOW, {})


def measure(folder: Path, *, profile: bool) -> dict[str, Any]:
    """Tally every day, then keep the last day with one record that changed."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from tallystick.core.ledger_tables import CHARGES
    from tallystick.core.records import COUNTERS, State
    from tallystick.core.report_tables import USAGE_DAY
    from tallystick.core.time import Grain, of_days
    from tallystick.store.tables import Tables
    from tallystick.sync import charging, commit
    from tallystick.sync.batch import BatchCheck, CheckedBatch
    from tallystick.sync.plan import SyncTask
    from tallystick.sync.sources import USAGE
    from tallystick.tally.prices_in_force import Prices

    prices = Prices.with_own()
    prices.listed, prices.in_force  # noqa: B018 - read before the clock starts, as in any sync
    spent: dict[str, Spent] = {name: Spent() for name in ("year", "charges", "floor", "day")}
    counts = {"records": 0, "lines": 0, "charges": 0, "chunks": 0}
    real = charging.charges

    def charges(usage: pa.Table, cost: pa.Table, *more: Any) -> pa.Table:
        with spent["floor"]:
            _floor(usage)
        with spent["charges"]:
            found = real(usage, cost, *more)
        for name, rows in (("records", usage.num_rows), ("lines", cost.num_rows), ("charges", found.num_rows)):
            counts[name] += rows
        counts["chunks"] += 1
        return found

    with Tables(folder).writing() as writer:
        keeper = commit.Committer(writer, "org", prices)
        watched = _watched if profile else lambda: nullcontext({})
        with mock.patch.object(charging, "charges", charges), watched() as of_year, spent["year"]:
            keeper.keep_prices(NOW)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows = writer.rows_on(USAGE_DAY, "org", [LAST])
        changed = pa.array([rows["output"][0].as_py() + 1, *rows["output"][1:].to_pylist()])
        rows = rows.set_column(rows.schema.get_field_index("output"), "output", changed)
        control = {name: pc.sum(rows[name]).as_py() for name in COUNTERS}
        [window] = of_days([LAST])
        verdict = BatchCheck(rows, {LAST: (State.PROVISIONAL, control)}, {}, {}, frozenset())
        with watched() as of_day, spent["day"]:
            batch = CheckedBatch(SyncTask(USAGE, Grain.DAY, window), verdict, NOW, last=True)
            assert keeper.keep(batch) == {LAST}
        kept = writer.rows_on(CHARGES, "org", [LAST])
        assert pc.sum(kept.filter(pc.equal(kept["kind"], "output"))["quantity"]).as_py() == control["output"]
    spent["year"].wall -= spent["floor"].wall
    spent["year"].busy -= spent["floor"].busy
    figures, *steps = ({name: (it.wall, it.busy) for name, it in them.items()} for them in (spent, of_year, of_day))
    return {"peak": peak, "steps": steps, "counts": counts, **figures}


def _floor(usage: Any) -> None:
    """The least that any tally does."""
    import duckdb

    with duckdb.connect() as duck:
        duck.register("usage", usage)
        duck.execute(FLOOR)


@contextmanager
def _watched() -> Iterator[dict[str, Spent]]:
    """What each statement of the match, and each step around it, takes."""
    import duckdb

    from tallystick.store.writer import Writer
    from tallystick.sync import charging
    from tallystick.tally import match, use_groups

    steps: dict[str, Spent] = {}

    def timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*said: Any, **more: Any) -> Any:
            with steps.setdefault(name, Spent()):
                return call(*said, **more)

        return run

    class Watched:
        def __init__(self) -> None:
            self.duck = duckdb.connect()

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.duck.close()

        def register(self, *said: Any) -> None:
            self.duck.register(*said)

        def execute(self, text: str) -> None:
            timed(" ".join(text.split()[:5]), self.duck.execute)(text)

        def sql(self, text: str) -> Any:
            found, name = self.duck.sql(text), " ".join(text.split()[:5])
            return mock.Mock(to_arrow_table=timed(name, found.to_arrow_table), fetchall=timed(name, found.fetchall))

    inside = [(match, "_typed"), (use_groups, "rates"), (charging, "conserve")]
    around = [(Writer, "rows_on"), (Writer, "changed"), (Writer, "replace")]
    with mock.patch.object(match, "duckdb", mock.Mock(connect=Watched)), ExitStack() as patched:
        for room, name in inside + around:
            patched.enter_context(mock.patch.object(room, name, timed(f"{name}()", getattr(room, name))))
        yield steps


def main() -> None:
    """Make the ledger, measure in a process of its own on two cores, print."""
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
        said = json.loads(subprocess.check_output(asked, timeout=3600))
    print(
        "{records:,} usage records, {lines:,} lines, {charges:,} charges, in {chunks} chunks".format(**said["counts"])
    )
    for name, what in (
        ("floor", "the same records to rows, and a sum"),
        ("charges", f"matched and split; target {TARGETS['year']:,.0f}"),
        ("year", "the same with the ledger: read, checked, written"),
        ("day", f"one record of a day changed, kept and committed; target {TARGETS['day']:,.0f}"),
    ):
        wall, busy = said[name]
        floors = f"{busy / said['floor'][1]:>6,.2f} floors" if name != "day" else " " * 13
        print(f"{name:<8} {wall:>8,.2f} s  ({busy:>8,.2f} s of processors) {floors}  {what}")
    print(f"peak     {said['peak']:>8,.0f} MB, target {TARGETS['peak']:,.0f}")
    for whole, steps in zip(("year", "day"), said["steps"], strict=True):
        for name, (wall, busy) in sorted(steps.items(), key=lambda it: -it[1][1]):
            print(f"{whole:<8} {wall:>8,.2f} s  ({busy:>8,.2f} s)  {name}")


if __name__ == "__main__":
    main()
