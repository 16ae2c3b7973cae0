"""Effects query: DuckDB says of lines what `variance.summed` does, to the picodollar."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import example, given, strategies as st

from tallystick.store.session import rows, scratch, temp_table
from tallystick.tally.effects_query import effects_query
from tallystick.tally.variance import Pair, summed

LARGE = 2**126
"""The largest product that the query works out."""
quantities = st.integers(0, 12) | st.integers(0, 10**15)
amounts = st.integers(-30, 30) | st.integers(-(10**15), 10**22)
lines = st.builds(
    Pair,
    st.tuples(st.sampled_from(["a", "b"])),
    st.sampled_from(["opus", "haiku"]),
    quantities,
    quantities,
    amounts,
    amounts,
)
uncounted = st.builds(lambda pair: Pair(pair.pool, pair.name, None, None, pair.old, pair.new), lines)
_COLUMNS = {
    "scope": "VARCHAR",
    "model": "VARCHAR",
    "kind": "VARCHAR",
    "counted": "BOOLEAN",
    "asked": "BOOLEAN",
    **dict.fromkeys(("quantity_0", "quantity_1", "billed_0", "billed_1"), "HUGEINT"),
}


def answer(pairs: Sequence[Pair[str]], asked: Sequence[str] = ("opus", "haiku")) -> dict[str, dict[str, object]]:
    """The answer to the query of these lines, by model."""
    cells = [
        (
            *pair.pool,
            pair.name,
            f"kind {index}",
            pair.old_quantity is not None,
            pair.name in asked,
            pair.old_quantity or 0,
            pair.new_quantity or 0,
            pair.old,
            pair.new,
        )
        for index, pair in enumerate(pairs)
    ]
    with scratch() as duck:
        temp_table(duck, "lines_of_test", _COLUMNS, cells)
        query = effects_query("FROM lines_of_test", ("scope",), "asked", ("model",))
        return {str(row["model"]): row for row in rows(duck, query)}


@given(st.lists(lines | uncounted, max_size=8))
@example([Pair(("a",), "opus", 2, 3, 1, 1), Pair(("a",), "haiku", 2, 3, 3, -3)])  # halves, to even
def test_the_query_says_what_the_formula_does(pairs: list[Pair[str]]) -> None:
    """Effects of any lines are those of the formula in Python, rounded as there, half to even on both sides of zero."""
    parts = answer(pairs)
    assert all(part["fits"] for part in parts.values())
    effects = {
        name: [part[column] for column in ("billed_0", "billed_1", "price", "volume")] for name, part in parts.items()
    }
    assert effects == summed(pairs)


def test_lines_that_are_not_asked_for_count_in_their_pool() -> None:
    """The volume of a line is that of its pool, whose other lines need not be in the answer."""
    pairs = [Pair(("a",), "opus", 10, 10, 100, 100), Pair(("a",), "haiku", 10, 30, 5, 15)]
    parts = answer(pairs, ["opus"])
    assert parts.keys() == {"opus"}
    assert (parts["opus"]["price"], parts["opus"]["volume"]) == (0, 100)


def test_what_is_not_counted_is_told() -> None:
    """The change of lines of unknown quantity is summed, and the kinds of those that changed are named."""
    parts = answer([Pair(("a",), "opus", None, None, 1, 3), Pair(("a",), "opus", None, None, 7, 7)])
    assert (parts["opus"]["uncounted"], parts["opus"]["uncounted_kinds"]) == (2, ["kind 0"])


def test_what_does_not_fit_is_told() -> None:
    """A line whose products could take more than 128 bits does not fit; one at the edge does, and is exact."""
    edge = [Pair(("a",), "opus", 2**62, 2**62 - 1, 2**64, -(2**64))]
    assert answer(edge)["opus"]["fits"]
    assert [answer(edge)["opus"][name] for name in ("billed_0", "billed_1", "price", "volume")] == summed(edge)["opus"]
    assert not answer([Pair(("a",), "opus", 2**62, 1, 2**64 + 1, 0)])["opus"]["fits"]
