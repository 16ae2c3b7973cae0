"""Trial: changes of files, tried one by one in a copy of the tree, so that the tree itself stays as it is."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE = 60.0
"""Seconds after which a change is slow: it made a loop without end, or the machine was busy."""


@dataclass
class Verdicts:
    """What became of the changes of a file: how many were tried, and a line for each that survived or was slow."""

    tried: int = 0
    survivors: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.tried} changes, {len(self.survivors)} not noticed, {len(self.slow)} too slow to tell"


Judge = Callable[[str, int | None, Path], Verdicts]
"""Tries changes of a file, all or so many, in a copy."""


def trials(description: str | None, names: Iterable[str], judge: Judge) -> Iterator[tuple[str, Verdicts]]:
    """Try each file that the command line names, one after another."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", choices=sorted(names))
    parser.add_argument("--sample", type=int, help="Try so many changes of each file instead of all.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for part in ("src", "tests"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        for name in arguments.names:
            yield name, judge(name, arguments.sample, folder)
