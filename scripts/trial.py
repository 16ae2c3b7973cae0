"""Trial: changes of files, tried one by one in a copy of the tree, so that the tree itself stays as it is."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
Survivors = Callable[[str, int | None, Path], tuple[int, list[str]]]
"""Tries changes of a file, all or so many, in a copy: how many were tried, and a line for each that no test noticed."""


def trials(description: str | None, names: Iterable[str], survivors: Survivors) -> Iterator[tuple[str, int, list[str]]]:
    """Try each file that the command line names, one after another; its name, and what `survivors` gives of it."""
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
            yield name, *survivors(name, arguments.sample, folder)
