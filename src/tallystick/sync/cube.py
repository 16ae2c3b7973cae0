"""The cube: all dimensions of a report, from the fewest queries that group by five at most.

Scouts tell which values exist. A dimension with one value needs no asking. What does not fit into the five groupings
is held fixed by a filter, one query for each combination of values that exists (design, section 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from tallystick.api.endpoints import MOST_GROUPS
from tallystick.core.dimensions import NAMED, UNKNOWN, USAGE

SMALL = tuple(dimension.name for dimension in USAGE if dimension.small)
PEOPLE = ("account", "service_account")
ALWAYS = tuple(dimension.name for dimension in USAGE if not dimension.small and dimension.name not in PEOPLE)
SCOUTS: tuple[tuple[str, ...], ...] = (SMALL, PEOPLE)
"""What the scouts group by."""

Seen = Mapping[str, str]
"""One combination of values that a scout saw, by dimension."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One query of the cube: what it groups by, what it filters on, and what is known without asking."""

    by: tuple[str, ...]
    where: Mapping[str, str]
    known: Mapping[str, str]

    @property
    def fixed(self) -> dict[str, str]:
        """Every dimension that is the same on all rows of the answer."""
        return {**self.known, **self.where}


def cuts(seen: Iterable[Seen]) -> tuple[list[Cut], tuple[str, ...]]:
    """The queries that rebuild the cube, and the dimensions that had to be given up (they come out as `unknown`).

    No usage needs no query. A dimension is given up only where an absent value, which no filter can name, leaves
    no room for it among the five groupings.
    """
    seen = list(seen)
    values: dict[str, set[str]] = {name: set() for name in (*SMALL, *PEOPLE)}
    for combination in seen:
        for name, value in combination.items():
            values[name].add(value)
    if not any(values.values()):
        return [], ()
    known = {name: next(iter(found), UNKNOWN) for name, found in values.items() if len(found) <= 1}
    varied = [name for name in values if name not in known]
    grouped = [*ALWAYS, *(name for name in varied if name in PEOPLE)]
    lost: list[str] = []
    for name in varied:
        if name in SMALL and values[name] & {UNKNOWN, NAMED[name].absent}:
            (grouped if len(grouped) < MOST_GROUPS else lost).append(name)
    rest = [name for name in varied if name not in (*grouped, *lost)]
    room = min(MOST_GROUPS - len(grouped), len(rest))
    scouted = [combination for combination in seen if set(rest) <= set(combination)]
    best = min(
        (_combinations(scouted, [name for name in rest if name not in chosen]) for chosen in combinations(rest, room)),
        key=len,
    )
    known |= dict.fromkeys(lost, UNKNOWN)
    by = (*grouped, *(name for name in rest if name not in best[0]))
    return [Cut(by, where, known) for where in best], tuple(lost)


def _combinations(seen: Iterable[Seen], names: list[str]) -> list[dict[str, str]]:
    found = {tuple(combination[name] for name in names) for combination in seen}
    return [dict(zip(names, values, strict=True)) for values in sorted(found)]


SPARSE = ("tier", "context", "geo", "speed", "product")
"""The small dimensions of the newer dialect: what its scout groups by."""
WHOSE = ("workspace", "key", "actor", "model")
"""What every query of the newer dialect's cube groups by."""


def sparse_cuts(seen: Iterable[Seen]) -> tuple[list[Cut], tuple[str, ...]]:
    """The queries that rebuild the newer dialect's cube, and the dimensions of which some values come as `unknown`.

    A value that no filter can name is had by leaving that filter out: the answer less those of all queries with more
    filters. Where a dimension has two such values they cannot be told apart, unless it is the one that is grouped by.
    """
    seen = list(seen)
    if not seen:
        return [], ()
    values = {name: {it[name] for it in seen} for name in SPARSE}
    nameless = {name: found - set(NAMED[name].values) for name, found in values.items()}
    varied = [name for name in SPARSE if len(values[name]) > 1]

    def spared(name: str) -> tuple[int, int]:
        rest = [other for other in varied if other != name]
        return sum(len(nameless[other]) > 1 for other in rest), len(_combinations(seen, rest))

    grouped = min(varied, key=spared, default="")
    rest = [name for name in varied if name != grouped]
    lost = tuple(name for name in rest if len(nameless[name]) > 1)
    known = {name: next(iter(found)) for name, found in values.items() if len(found) == 1}
    merged = [
        {name: UNKNOWN if name in lost and it[name] in nameless[name] else it[name] for name in rest} for it in seen
    ]
    by = (*WHOSE, *([grouped] if grouped else []))
    cuts = []
    for combination in _combinations(merged, rest):
        where = {name: it for name, it in combination.items() if it in NAMED[name].values}
        cuts.append(Cut(by, where, known | combination))
    return cuts, lost
