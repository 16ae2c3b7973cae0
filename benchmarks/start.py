"""Start: processor time of the command line, beside that of Python and of Python with DuckDB.

    python benchmarks/start.py [--quick] [--runs 5]

The questions are asked of the ledger of a small simulated organization (60 days, 16 keys).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from canned import NOW, text
from figures import Figure, child, run
from nothing_new import KEYS, REQUESTS
from simulated import served

MODULE = ("-m", "tallystick")
COMMANDS = {
    "python -c pass": ("-c", "pass"),
    'python -c "import duckdb"': ("-c", "import duckdb"),
    "--help": (*MODULE, "--help"),
    "--version": (*MODULE, "--version"),
    "spend on a small ledger": (*MODULE, "spend", "--month", "2026-10"),
    "spend by team": (*MODULE, "spend", "--by", "team", "--month", "2026-10"),
    "keys": (*MODULE, "keys", "--month", "2026-10"),
    "summary": (*MODULE, "summary", "--month", "2026-10"),
    "status": (*MODULE, "status"),
    "sql": (*MODULE, "sql", "SELECT sum(billed) FROM charges"),
}
PASS, DUCKDB, *OURS = COMMANDS
GOALS = {"--help": (PASS, 5), "--version": (PASS, 5), "spend on a small ledger": (DUCKDB, 2)}
"""The most times that a command should take of another."""


def once(words: tuple[str, ...], ledger: str) -> float:
    """The processor time of one run."""
    environment = {"PATH": os.environ["PATH"], "HOME": ledger, "TALLYSTICK_LEDGER": ledger, "TALLYSTICK_NOW": text(NOW)}
    with subprocess.Popen([sys.executable, *words], env=environment, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return usage.ru_utime + usage.ru_stime


def small(folder: str, url: str) -> None:
    """Make the small ledger."""
    from client import sync

    sync(Path(folder), "2026-09-23", "reports", url=url)


def benchmark(arguments: argparse.Namespace) -> None:
    """Run every command in turn, so that all meet the same machine."""
    with tempfile.TemporaryDirectory() as folder:
        with served(keys=KEYS, requests=REQUESTS) as url:
            child(__file__, "small", folder, url)
        seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for words in COMMANDS.values():
            once(words, folder)
        for _ in range(max(3, arguments.runs)):
            for name, words in COMMANDS.items():
                seconds[name].append(once(words, folder))
    for name in COMMANDS:
        Figure("start", name, "processor", "s", seconds[name]).show()
    for name, (floor, goal) in GOALS.items():
        least = median(seconds[floor])
        Figure("start", name, f"to {floor}", "x", [result / least for result in seconds[name]], goal).show()


if __name__ == "__main__":
    run(__doc__, {"small": small}, benchmark, runs=5)
