"""Subjects: what a finding can be of, from the most specific to the whole, each with its cells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from tallystick.core.dimensions import NAMED, UNKNOWN
from tallystick.outlook.anomalies.cells import Cell

LEVELS = ("key", "actor", "model", "team", "workspace", "organization")
"""The levels, the most specific first: one cause is told at the first that explains it."""
SPENDERS = ("key", "actor")
"""Levels whose subjects can be new, and whose price per token says something."""
_NOBODY = {level: {NAMED[level].absent, UNKNOWN, "none"} for level in LEVELS if level != "team"}


class Subject(NamedTuple):
    """One thing of a level, in an organization."""

    organization: str
    level: str
    id: str


def subjects(
    cells: Iterable[Cell], level: str, teams: Callable[[Cell], str | None]
) -> Mapping[Subject, Collection[Cell]]:
    """Every subject of a level with its cells; a key or person that is not known is none."""
    groups: dict[Subject, list[Cell]] = {}
    for cell in cells:
        id_ = teams(cell) if level == "team" else str(getattr(cell, level))
        if id_ is None or (level in {*SPENDERS, "model"} and id_ in _NOBODY[level]):
            continue
        groups.setdefault(Subject(cell.organization, level, id_), []).append(cell)
    return groups
