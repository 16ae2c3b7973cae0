"""Questions at 0.1, 1 and 10 million charges of a year, beside hand-written DuckDB SQL over the same files.

    python benchmarks/questions.py [--quick] [--runs 3] [--folder FOLDER]

Each question opens the ledger anew in a process whose imports are done. Spend, keys and cache are asked of a year;
summary, reconcile and variance of a month. The SQL does the sums that the answer needs, and no checks, names or notes.
Before, what a sync writes down of the outlook is written by its own code: forecasts, and of 200,000 charges or more
what stands out, which the first summary of a day detects elsewhere.
A question that takes long is run until 15 s are spent. --quick asks 0.1 million alone; --folder keeps the ledgers.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from figures import Figure, child, run
from synthetic import ORGANIZATION, ledger, settings

if TYPE_CHECKING:
    from tallystick.ledger import Ledger

SIZES = (100_000, 1_000_000, 10_000_000)
LONG = 15.0
"""Seconds of the wall after which a question is not run again."""
GOAL_FACTOR, GOAL_SECONDS = 1.2, 0.06
"""A question should take at most so many times the SQL, and so many seconds."""
YEAR, MONTH = "2025-11-22", "2026-10"


def first_summary(book: Ledger) -> Any:
    """Ask for a summary before anything is written down of what stands out."""
    from tallystick.outlook.anomalies.findings_file import FILE

    (book.path / FILE).unlink(missing_ok=True)
    return book.summary(MONTH)


QUESTIONS: dict[str, Callable[[Ledger], Any]] = {
    "spend by team": lambda book: book.spend(by=["team"], since=YEAR),
    "spend by model": lambda book: book.spend(by=["model"], since=YEAR),
    "keys": lambda book: book.keys(since=YEAR),
    "cache": lambda book: book.cache(since=YEAR),
    "summary": lambda book: book.summary(MONTH),
    "reconcile": lambda book: book.reconcile(month=MONTH),
    "variance": lambda book: book.variance(MONTH),
    "first summary of a day": first_summary,
}
"""Each question, by its name on the page."""

SQL: dict[str, tuple[str, ...]] = {
    "spend by team": (
        "SELECT right(workspace, 2)::INT % 10 AS team, sum(billed) FROM charges GROUP BY ALL ORDER BY 2 DESC",
    ),
    "spend by model": ("SELECT model, sum(billed) FROM charges GROUP BY ALL ORDER BY 2 DESC",),
    "keys": (
        "SELECT key, workspace, sum(billed), max(day) FILTER (quantity > 0) FROM charges GROUP BY ALL ORDER BY 3 DESC",
    ),
    "cache": (
        "SELECT model, kind, tier, geo, speed, sum(quantity), sum(list) FROM charges WHERE kind > 'a' GROUP BY ALL",
    ),
    "summary": (
        "SELECT day, sum(billed) FROM charges WHERE month >= '2026-09' GROUP BY ALL ORDER BY 1",
        "SELECT month, model, kind, sum(quantity), sum(billed) FROM charges WHERE month >= '2026-09' GROUP BY ALL",
        "SELECT month, workspace, key, sum(billed) FROM charges WHERE month >= '2026-09' GROUP BY ALL",
        "SELECT model, kind, sum(quantity), sum(list) FROM charges WHERE month = '2026-10' GROUP BY ALL",
    ),
    "reconcile": (
        """SELECT day, workspace, model, kind, tier, context, geo, speed, sum(quantity), sum(billed), sum(priced)
        FROM charges WHERE month = '2026-10' GROUP BY ALL""",
        "SELECT day, sum(billed) FROM cost WHERE month = '2026-10' GROUP BY ALL",
    ),
    "variance": (
        """SELECT month, model, sum(quantity), sum(billed) FROM charges
        WHERE month IN ('2026-09', '2026-10') GROUP BY ALL""",
    ),
}
"""The sums that each answer needs."""


def opened(folder: str, owners: str) -> Ledger:
    """Open a ledger anew."""
    from tallystick.ledger import Ledger
    from tallystick.settings import Settings

    environment = {"TALLYSTICK_NOW": "2026-11-22T12:00:00Z", "HOME": folder}
    return Ledger.of(Settings.load(ledger=folder, config=owners, environment=environment))


def record(path: str, owners: str) -> None:
    """Write down of the outlook what a sync does."""
    from tallystick.outlook.sync_record import write

    write(opened(path, owners).context(), ORGANIZATION)


def repeated(runs: int, ask: Callable[[], object]) -> list[float]:
    """The processor time of each run."""
    seconds, started = list[float](), time.monotonic()
    while len(seconds) < runs and (not seconds or time.monotonic() < started + LONG):
        begun = time.process_time()
        ask()
        seconds.append(time.process_time() - begun)
    return seconds


def questions(path: str, small: str, owners: str, runs: str) -> dict[str, list[float]]:
    """Ask each question; once of a small ledger before, for what is imported then."""
    answers = {}
    for name, question in QUESTIONS.items():
        question(opened(small, owners))
        answers[name] = repeated(int(runs), lambda question=question: question(opened(path, owners)))
    return answers


def floors(path: str, runs: str) -> dict[str, list[float]]:
    """Run the SQL of each question, each time on a new connection."""
    import duckdb

    def ask(statements: tuple[str, ...]) -> None:
        with duckdb.connect() as duck:
            for table in ("charges", "cost"):
                files = f"read_parquet('{path}/{table}/**/*.parquet', hive_partitioning = true)"
                duck.execute(f"CREATE VIEW {table} AS FROM {files}")
            for statement in statements:
                duck.sql(statement).fetchall()

    ask(SQL["variance"])
    return {name: repeated(int(runs), lambda sql=sql: ask(sql)) for name, sql in SQL.items()}


def measure(folder: Path, sizes: tuple[int, ...], runs: int) -> None:
    """Ask every size."""
    owners = settings(folder)
    small = ledger(folder, SIZES[0])
    for size in sizes:
        path = ledger(folder, size)
        child(__file__, "record", path, owners)
        least = child(__file__, "floors", path, runs)
        answers = child(__file__, "questions", path, small, owners, runs)
        for name in QUESTIONS:
            subject, goal = f"{name}, {size / 1e6:g} million charges", None
            if name in least:
                Figure("questions", subject, "hand-written SQL", "s", least[name]).show()
                goal = round(GOAL_FACTOR * median(least[name]) + GOAL_SECONDS, 3)
            Figure("questions", subject, "processor", "s", answers[name], goal).show()


def benchmark(arguments: argparse.Namespace) -> None:
    """Make the ledgers, unless a folder has them, and ask."""
    sizes = SIZES[:1] if arguments.quick else SIZES
    if arguments.folder:
        measure(arguments.folder, sizes, arguments.runs)
        return
    with TemporaryDirectory() as folder:
        measure(Path(folder), sizes, arguments.runs)


if __name__ == "__main__":
    run(__doc__, {"questions": questions, "floors": floors, "record": record}, benchmark)
