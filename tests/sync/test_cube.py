from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from hypothesis import given, strategies as st

from tallystick.sync.cube import SCOUTS, CubeQuery, cube_queries

Row = tuple[str | None, ...]
"""One request: its nine dimensions, None where the API has no value."""

NAMES = ("workspace", "key", "model", "account", "service_account", "tier", "context", "geo", "speed")
ABSENT = dict.fromkeys(NAMES, "unknown") | {
    "workspace": "default",
    "key": "playground",
    "model": "none",
    "account": "none",
    "service_account": "none",
}
FILTERABLE = ("tier", "context", "geo", "speed")

_values = {
    "workspace": st.sampled_from([None, "w1", "w2"]),
    "key": st.sampled_from([None, "k1", "k2"]),
    "model": st.sampled_from(["m1", "m2"]),
    "account": st.sampled_from([None, "u1"]),
    "service_account": st.sampled_from([None, "s1"]),
    "tier": st.sampled_from(["standard", "batch", "priority"]),
    "context": st.sampled_from(["0-200k", "200k-1M"]),
    "geo": st.sampled_from(["global", "us", "not_available"]),
    "speed": st.sampled_from(["standard", "fast"]),
}
filterable = st.lists(st.tuples(*(_values[name] for name in NAMES)), max_size=25)
anything = st.lists(
    st.tuples(*(st.one_of(_values[name], st.none()) if name in FILTERABLE else _values[name] for name in NAMES)),
    max_size=25,
)


def _value(name: str, value: str | None) -> str:
    return value or ABSENT[name]


def _scouted(rows: list[Row], *, speed: bool = True) -> list[dict[str, str]]:
    """What the two scouts say of the rows."""
    groupings = [tuple(name for name in by if speed or name != "speed") for by in SCOUTS]
    groups = {(by, tuple(_value(name, row[NAMES.index(name)]) for name in by)) for by in groupings for row in rows}
    return [dict(zip(by, values, strict=True)) for by, values in sorted(groups)]


def _answer(rows: list[Row], query: CubeQuery) -> Counter[tuple[str, ...]]:
    """The rows that the API gives for a query; a filter names no absent value."""
    counts: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        values = dict(zip(NAMES, row, strict=True))
        if all(values[name] == value for name, value in query.where.items()):
            counts[tuple(_value(name, values[name]) if name in query.by else query.fixed[name] for name in NAMES)] += 1
    return counts


def _together(rows: list[Row], queries: list[CubeQuery]) -> Counter[tuple[str, ...]]:
    """The answers of all queries: of one with fewer filters what those with more of them do not hold."""
    rests: list[tuple[CubeQuery, Counter[tuple[str, ...]]]] = []
    for query in sorted(queries, key=lambda query: -len(query.where)):
        rest = _answer(rows, query)
        for finer, finer_rest in rests:
            if query.where.items() < finer.where.items():
                for values, count in finer_rest.items():
                    pairs = zip(NAMES, values, strict=True)
                    rest[tuple(value if name in query.by else query.fixed[name] for name, value in pairs)] -= count
        rests.append((query, +rest))
    return sum((rest for _, rest in rests), Counter())


def _cube(rows: list[Row], unknown: tuple[str, ...] = ()) -> Counter[tuple[str, ...]]:
    return Counter(
        tuple("unknown" if name in unknown else _value(name, value) for name, value in zip(NAMES, row, strict=True))
        for row in rows
    )


@pytest.mark.long
@given(filterable)
def test_the_queries_rebuild_every_row(rows: list[Row]) -> None:
    """Grouped and filtered as told, the answers together are all rows by nine dimensions, none twice or missing."""
    queries, lost = cube_queries(_scouted(rows))
    assert lost == ()
    assert _together(rows, queries) == _cube(rows)


@pytest.mark.long
@given(anything)
def test_a_dimension_that_cannot_be_cut_out_is_unknown_and_nothing_else_suffers(rows: list[Row]) -> None:
    """With absent values that no filter can name, all counts stay, and only the dimensions given up are unknown."""
    queries, lost = cube_queries(_scouted(rows))
    assert _together(rows, queries) == _cube(rows, lost)
    assert set(lost) <= {name for name in FILTERABLE if any(row[NAMES.index(name)] is None for row in rows)}
    if lost:
        assert all(len(query.by) == 5 for query in queries), "given up though there was room"


@pytest.mark.long
@given(anything)
def test_no_query_groups_by_more_than_five(rows: list[Row]) -> None:
    """Each query names at most five groupings, each once, and no dimension both as grouping and as filter."""
    for query in cube_queries(_scouted(rows))[0]:
        assert len(query.by) <= 5
        assert len(set(query.by)) == len(query.by)
        assert not set(query.by) & set(query.fixed)
        assert set(query.by) | set(query.fixed) == set(NAMES)


@pytest.mark.long
@given(anything)
def test_no_query_is_for_nothing(rows: list[Row]) -> None:
    """No query asks for a combination that does not exist, no two ask for the same, no rows need no query."""
    queries, _ = cube_queries(_scouted(rows))
    assert all(_answer(rows, query) for query in queries)
    assert len({tuple(sorted(query.where.items())) for query in queries}) == len(queries)
    assert bool(queries) == bool(rows)


@pytest.mark.long
@given(filterable)
def test_the_queries_are_few(rows: list[Row]) -> None:
    """There are never more queries than combinations of the four small dimensions, and one where five suffice."""
    queries, _ = cube_queries(_scouted(rows))
    places = [NAMES.index(name) for name in FILTERABLE]
    assert len(queries) <= len({tuple(row[index] for index in places) for row in rows})
    varied = [name for name in NAMES[3:] if len({row[NAMES.index(name)] for row in rows}) > 1]
    if rows and len(varied) <= 2:
        assert len(queries) == 1


@pytest.mark.long
@given(anything)
def test_without_speed_speed_is_unknown(rows: list[Row]) -> None:
    """Where the scouts may not ask for speed, it is unknown on every row, neither grouped by nor filtered on."""
    queries, lost = cube_queries(_scouted(rows, speed=False))
    assert _together(rows, queries) == _cube(rows, (*lost, "speed"))


def test_all_that_exists_of_everything_is_found() -> None:
    """With every combination of the six dimensions present, the people are grouped by and the rest is filtered."""
    six = product(
        [None, "u1"], [None, "s1"], ["standard", "batch"], ["0-200k", "200k-1M"], ["us"], ["fast", "standard"]
    )
    rows: list[Row] = [("w", "k", "m", *rest) for rest in six]
    queries, lost = cube_queries(_scouted(rows))
    assert (len(queries), lost) == (8, ())
    assert {query.by for query in queries} == {("workspace", "key", "model", "account", "service_account")}
    assert sum((_answer(rows, query) for query in queries), Counter()) == _cube(rows)
