"""From records to charges, as a sync does it: a year tallied anew, then one day that changed, beside a floor.

    python benchmarks/tally.py [--quick] [--runs 3] [--folder FOLDER]

The synthetic ledger of 1 million charges (0.1 with --quick) without its charges. The measured process opens it as a
sync does and tallies every day: read, match and split, check, write. Then it commits one usage record that changed. The
floor is DuckDB on the same records: counters to rows and a sum by all dimensions.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from statistics import median

from figures import Figure, Spent, child, peak, run
from synthetic import LAST, NOW, ORGANIZATION, ledger

FLOOR = """
CREATE TEMP TABLE summed AS
SELECT day, workspace, key, account, service_account, model, kind, tier, context, geo, speed, sum(quantity) AS quantity
FROM (UNPIVOT (FROM read_parquet('{files}')) ON uncached_input, cache_write_5m, cache_write_1h, cache_read, output,
    web_searches INTO NAME kind VALUE quantity)
WHERE quantity > 0 GROUP BY ALL
"""


def floor(folder: str) -> dict[str, float]:
    """The least that any tally does."""
    import duckdb

    spent = Spent()
    with spent, duckdb.connect() as duck:
        duck.execute(FLOOR.format(files=f"{folder}/usage/**/*.parquet"))
    return {"processor": spent.processor}


def tally(folder: str) -> dict[str, float]:
    """Tally every day, then commit the last day with one record that changed."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from tallystick.core.ledger_tables import CHARGES
    from tallystick.core.records import COUNTERS, State
    from tallystick.core.report_tables import USAGE_DAY
    from tallystick.core.time import Grain, of_days
    from tallystick.store.tables import Tables
    from tallystick.sync.batch import BatchCheck, CheckedBatch
    from tallystick.sync.commit import Committer
    from tallystick.sync.plan import SyncTask
    from tallystick.sync.sources import USAGE
    from tallystick.tally.prices_in_force import Prices

    prices = Prices.with_own()
    prices.listed, prices.in_force  # noqa: B018 - read before the clock starts, as in any sync
    year, day = Spent(), Spent()
    with Tables(Path(folder)).writing() as writer:
        committer = Committer(writer, ORGANIZATION, prices)
        with year:
            committer.keep_prices(NOW)
        most = peak()
        rows = writer.rows_on(USAGE_DAY, ORGANIZATION, [LAST])
        changed = pa.array([rows["output"][0].as_py() + 1, *rows["output"][1:].to_pylist()])
        rows = rows.set_column(rows.schema.get_field_index("output"), "output", changed)
        control = {name: pc.sum(rows[name]).as_py() for name in COUNTERS}
        [window] = of_days([LAST])
        check = BatchCheck(rows, {LAST: (State.PROVISIONAL, control)}, {}, {}, frozenset())
        with day:
            batch = CheckedBatch(SyncTask(USAGE, Grain.DAY, window), check, NOW, last=True)
            assert committer.keep(batch) == {LAST}
        charges = writer.rows_on(CHARGES, ORGANIZATION, [LAST])
        assert pc.sum(charges.filter(pc.equal(charges["kind"], "output"))["quantity"]).as_py() == control["output"]
    return {"processor": year.processor, "day": day.processor, "peak": most}


def measure(folder: Path, charges: int, runs: int) -> None:
    """Tally copies of the ledger."""
    records = ledger(folder, charges, tallied=False)
    floors = [child(__file__, "floor", records)["processor"] for _ in range(max(3, runs))]
    figures = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as copy:
            shutil.copytree(records, f"{copy}/ledger")
            figures.append(child(__file__, "tally", f"{copy}/ledger"))
    subject = f"{charges / 1e6:g} million charges of a year"
    ratios = [result["processor"] / median(floors) for result in figures]
    Figure("tally", subject, "records to rows and a sum, the floor", "s", floors).show()
    Figure("tally", subject, "the year tallied", "s", [result["processor"] for result in figures]).show()
    Figure("tally", subject, "the year tallied, to floor", "x", ratios).show()
    Figure(
        "tally", subject, "one day changed, tallied and committed", "s", [result["day"] for result in figures]
    ).show()
    Figure("tally", subject, "peak memory", "MB", [result["peak"] for result in figures]).show()


def benchmark(arguments: argparse.Namespace) -> None:
    """Make the ledger, unless a folder has it, and tally it."""
    charges = 100_000 if arguments.quick else 1_000_000
    if arguments.folder:
        measure(arguments.folder, charges, arguments.runs)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), charges, arguments.runs)


if __name__ == "__main__":
    run(__doc__, {"floor": floor, "tally": tally}, benchmark)
