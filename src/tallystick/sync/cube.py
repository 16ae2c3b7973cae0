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
    nameless = {name: _nameless(name, values[name]) for name in varied if name in SMALL}
    grouped = [name for name in (*ALWAYS, *(name for name in varied if name in PEOPLE)) if name not in refused]
    most_nameless = sorted((name for name in nameless if nameless[name]), key=lambda name: -len(nameless[name]))
    grouped += most_nameless[: MOST_GROUPS - len(grouped)]
    rest = [name for name in varied if name not in grouped and name in SMALL]
    lost = tuple(name for name in rest if len(nameless[name]) > 1)
    merged = _merged((combination for combination in values_seen if set(rest) <= set(combination)), rest, lost)
    filterable = [name for name in rest if not nameless[name]]
    room = min(MOST_GROUPS - len(grouped), len(filterable))
    best = min(
        (
            _combinations(merged, [name for name in rest if name not in added_groups])
            for added_groups in combinations(filterable, room)
        ),
        key=len,
    )
    by = (*grouped, *(name for name in rest if name not in best[0]))
    return _fixed_queries(by, best, known), lost


def _nameless(name: str, seen_values: Collection[str]) -> set[str]:
    """The values of a dimension that no filter can name."""
    return {*seen_values} - {*NAMED[name].values}


def _merged(values_seen: Iterable[Seen], names: Iterable[str], lost: Collection[str]) -> list[dict[str, str]]:
    """The combinations by some dimensions; of one that is lost, values that no filter can name are one, `unknown`."""
    return [
        {
            name: UNKNOWN if name in lost and combination[name] not in NAMED[name].values else combination[name]
            for name in names
        }
        for combination in values_seen
    ]


def _combinations(values_seen: Iterable[Seen], names: list[str]) -> list[dict[str, str]]:
    tuples = {tuple(combination[name] for name in names) for combination in values_seen}
    return [dict(zip(names, values, strict=True)) for values in sorted(tuples)]


def _fixed_queries(
    by: tuple[str, ...], fixed_values: Iterable[dict[str, str]], known: dict[str, str]
) -> list[CubeQuery]:
    """A query for each combination that is held fixed, by a filter on each of its values that one can name."""
    return [
        CubeQuery(
            by,
            {name: value for name, value in combination.items() if value in NAMED[name].values},
            known | combination,
        )
        for combination in fixed_values
    ]


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
    nameless = {name: _nameless(name, seen_values) for name, seen_values in values.items()}
    varied = [name for name in values if len(values[name]) > 1]

    def cost_of_grouping(name: str) -> tuple[int, int]:
        rest = [dimension for dimension in varied if dimension != name]
        return sum(len(nameless[dimension]) > 1 for dimension in rest), len(_combinations(values_seen, rest))

    grouped = min(varied, key=cost_of_grouping, default="")
    rest = [name for name in varied if name != grouped]
    lost = tuple(name for name in rest if len(nameless[name]) > 1)
    known = {name: next(iter(seen_values)) for name, seen_values in values.items() if len(seen_values) == 1}
    fixed_values = _combinations(_merged(values_seen, rest, lost), rest)
    by = (*(name for name in WHOSE if name not in refused), *([grouped] if grouped else []))
    return _fixed_queries(by, fixed_values, known), lost
