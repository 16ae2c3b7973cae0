"""The cube: all dimensions of a report, from the fewest queries that group by five at most.

Scouts tell which values exist. A dimension with one value needs no asking. What does not fit into the five groupings
is held fixed by a filter, one query for each combination of values that exists (design, section 3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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
class CubeQuery:
    """One query of the cube: what it groups by, what it filters on, and what is known without asking."""

    by: tuple[str, ...]
    where: Mapping[str, str]
    known: Mapping[str, str]

    @property
    def fixed(self) -> dict[str, str]:
        """Every dimension that is the same on all rows of the answer."""
        return {**self.known, **self.where}


def cube_queries(values_seen: Iterable[Seen], refused: Collection[str] = ()) -> tuple[list[CubeQuery], tuple[str, ...]]:
    """The queries that rebuild the cube, and the dimensions of which some values come as `unknown`.

    No usage needs no query. What the API refuses to group by is asked for by none. A value that no filter can name is
    had by leaving that filter out, as in the newer dialect, where there is no room for it among the five groupings.
    """
    values_seen = list(values_seen)
    if not values_seen:
        return [], ()
    values: dict[str, set[str]] = {name: set() for name in (*SMALL, *PEOPLE)}
    for combination in values_seen:
        for name, value in combination.items():
            values[name].add(value)
    known = {name: next(iter(seen_values), UNKNOWN) for name, seen_values in values.items() if len(seen_values) <= 1}
    varied = [name for name in values if name not in known]
    nameless = {name: values[name] - set(NAMED[name].values) for name in varied if name in SMALL}
    grouped = [name for name in (*ALWAYS, *(name for name in varied if name in PEOPLE)) if name not in refused]
    for name in sorted(nameless, key=lambda name: -len(nameless[name])):
        if nameless[name] and len(grouped) < MOST_GROUPS:
            grouped.append(name)
    rest = [name for name in varied if name not in grouped and name in SMALL]
    lost = tuple(name for name in rest if len(nameless[name]) > 1)
    merged = [
        {name: UNKNOWN if name in lost and combination[name] in nameless[name] else combination[name] for name in rest}
        for combination in values_seen
        if set(rest) <= set(combination)
    ]
    room = min(MOST_GROUPS - len(grouped), len(rest))
    filterable = [name for name in rest if not nameless[name]]
    best = min(
        (
            _combinations(merged, [name for name in rest if name not in filter_names])
            for filter_names in combinations(filterable, min(room, len(filterable)))
        ),
        key=len,
    )
    by = (*grouped, *(name for name in rest if name not in best[0]))
    queries = []
    for combination in best:
        where = {name: value for name, value in combination.items() if value in NAMED[name].values}
        queries.append(CubeQuery(by, where, known | combination))
    return queries, lost


def _combinations(values_seen: Iterable[Seen], names: list[str]) -> list[dict[str, str]]:
    tuples = {tuple(combination[name] for name in names) for combination in values_seen}
    return [dict(zip(names, values, strict=True)) for values in sorted(tuples)]


SPARSE = ("tier", "context", "geo", "speed", "product")
"""The small dimensions of the newer dialect: what its scout groups by."""
WHOSE = ("workspace", "key", "actor", "model")
"""What every query of the newer dialect's cube groups by."""


def sparse_queries(
    values_seen: Iterable[Seen], refused: Collection[str] = ()
) -> tuple[list[CubeQuery], tuple[str, ...]]:
    """The queries that rebuild the newer dialect's cube, and the dimensions of which some values come as `unknown`.

    A value that no filter can name is had by leaving that filter out: the answer less those of all queries with more
    filters. Where a dimension has two such values they cannot be told apart, unless it is the one that is grouped by.
    """
    values_seen = list(values_seen)
    if not values_seen:
        return [], ()
    values = {name: {combination[name] for combination in values_seen} for name in SPARSE if name not in refused}
    nameless = {name: seen_values - set(NAMED[name].values) for name, seen_values in values.items()}
    varied = [name for name in values if len(values[name]) > 1]

    def spared(name: str) -> tuple[int, int]:
        rest = [dimension for dimension in varied if dimension != name]
        return sum(len(nameless[dimension]) > 1 for dimension in rest), len(_combinations(values_seen, rest))

    grouped = min(varied, key=spared, default="")
    rest = [name for name in varied if name != grouped]
    lost = tuple(name for name in rest if len(nameless[name]) > 1)
    known = {name: next(iter(seen_values)) for name, seen_values in values.items() if len(seen_values) == 1}
    merged = [
        {name: UNKNOWN if name in lost and combination[name] in nameless[name] else combination[name] for name in rest}
        for combination in values_seen
    ]
    by = (*(name for name in WHOSE if name not in refused), *([grouped] if grouped else []))
    queries = []
    for combination in _combinations(merged, rest):
        where = {name: value for name, value in combination.items() if value in NAMED[name].values}
        queries.append(CubeQuery(by, where, known | combination))
    return queries, lost
