"""Charges to files: processor time as a ratio to DuckDB's own COPY of the same rows, and memory.

    python benchmarks/export.py [--quick] [--runs 3] [--folder FOLDER]

The synthetic ledger of 1 million charges (0.1 with --quick, and Parquet alone). Each format is exported as
`tallystick export charges` does it, in a process of its own; the floor is DuckDB copying the same view, unordered, in
another. Excel takes one month: it is written cell by cell, and has no floor.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, TemporaryFile

from figures import Figure, Spent, child, peak, run
from synthetic import NOW, ledger

COPIES = {"parquet": " (COMPRESSION zstd)", "csv": "", "jsonl": " (FORMAT json)"}
FORMATS = (*COPIES, "xlsx")
MOST = 400.0
"""Megabytes that an export may take."""


def export(path: str, name: str) -> dict[str, float]:
    """What the command does."""
    from tallystick.clock import SystemClock
    from tallystick.formats import FORMATS as WRITERS
    from tallystick.ledger import Ledger

    since = "2026-11-01" if name == "xlsx" else "2025-11-22"
    spent = Spent()
    with TemporaryFile("w+b") as file, spent:
        WRITERS[name].stream(Ledger(Path(path), SystemClock(NOW)).export("charges", since), file)
    return {"processor": spent.processor, "peak": peak()}


def floor(path: str, name: str) -> dict[str, float]:
    """DuckDB alone, on the view."""
    from tallystick.store.engine import Engine
    from tallystick.store.tables import Tables

    tables, spent = Tables(Path(path)), Spent()
    reader = Engine(tables, tables.newest())
    reader.sql("SELECT count(*) FROM charges")  # opens the table behind the view
    with TemporaryDirectory(dir=path) as folder, spent:
        reader._duck.execute(f"COPY (FROM charges) TO '{folder}/floor.{name}'{COPIES[name]}")  # noqa: SLF001
    return {"processor": spent.processor}


def measure(folder: Path, charges: int, runs: int, formats: tuple[str, ...]) -> None:
    """Export each format."""
    path = ledger(folder, charges)
    for name in formats:
        figures = [child(__file__, "export", path, name) for _ in range(runs)]
        subject = f"{name}, {'the charges of 21 days' if name == 'xlsx' else f'{charges / 1e6:g} million charges'}"
        Figure("export", subject, "processor", "s", [result["processor"] for result in figures]).show()
        if name in COPIES:
            least = median(child(__file__, "floor", path, name)["processor"] for _ in range(runs))
            Figure(
                "export", subject, "to DuckDB's COPY", "x", [result["processor"] / least for result in figures]
            ).show()
        Figure("export", subject, "peak memory", "MB", [result["peak"] for result in figures], MOST).show()


def benchmark(arguments: argparse.Namespace) -> None:
    """Make the ledger, unless a folder has it, and export it."""
    charges, formats = (100_000, FORMATS[:1]) if arguments.quick else (1_000_000, FORMATS)
    if arguments.folder:
        measure(arguments.folder, charges, arguments.runs, formats)
        return
    with TemporaryDirectory() as folder:
        measure(Path(folder), charges, arguments.runs, formats)


if __name__ == "__main__":
    run(__doc__, {"export": export, "floor": floor}, benchmark)
