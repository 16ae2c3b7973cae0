"""Figures: what a benchmark measured, one JSON line each, so that `performance.py` can make the page of them.

Each measured step runs in a process of its own: `child` starts the file again with `--child NAME WORDS...`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Figure:
    """One measure of one subject: its value in each run. `unit` is s, x (a ratio), MB, or what is counted.

    `goal` is the most that it should be, in the same unit; None where there is no goal.
    """

    benchmark: str
    subject: str
    measure: str
    unit: str
    runs: Sequence[float]
    goal: float | None = None

    def show(self) -> None:
        """Print it as one JSON line."""
        print(json.dumps(vars(self)), flush=True)


class Spent:
    """Seconds of the wall and of this process's processors inside its `with`, all times together."""

    def __init__(self) -> None:
        self.wall = self.processor = 0.0

    def __enter__(self) -> Self:
        self._begun = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._begun[0]
        self.processor += time.process_time() - self._begun[1]


def peak() -> float:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def child(file: str, name: str, *words: object) -> Any:
    """What one measured step printed, run in a process of its own."""
    command = [sys.executable, file, "--child", name, *map(str, words)]
    return json.loads(subprocess.check_output(command, timeout=7200).splitlines()[-1])


def run(
    description: str | None,
    steps: dict[str, Callable[..., Any]],
    benchmark: Callable[[argparse.Namespace], None],
    *,
    runs: int = 3,
) -> None:
    """Run a benchmark from the command line, or the one step of it that `--child` names."""
    if sys.argv[1:2] == ["--child"]:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
        print(json.dumps(steps[sys.argv[2]](*sys.argv[3:])))
        return
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller inputs, one run")
    parser.add_argument("--runs", type=int, default=runs, help="runs of each step")
    parser.add_argument("--folder", type=Path, help="where synthetic ledgers are kept; without it they are deleted")
    arguments = parser.parse_args()
    arguments.runs = 1 if arguments.quick else arguments.runs
    benchmark(arguments)
