"""Select: a query as a value."""

from __future__ import annotations

import duckdb

from tallystick.core.select import Select, identifier, literal, select


def asked(query: Select) -> list[tuple[object, ...]]:
    """The rows of a query."""
    return duckdb.execute(str(query)).fetchall()


def test_a_condition_of_alternatives_stays_one_condition() -> None:
    """Conditions are met together, though one of them is met in two ways."""
    numbers = select("n").from_("range(6) AS numbers(n)")
    assert asked(numbers.where("n = 1 OR n = 4", "n > 2")) == [(4,)]


def test_what_is_unknown_comes_first() -> None:
    """Rows without a value come first, and last where the largest are first."""
    numbers = select("n").from_("(VALUES (2), (NULL), (1)) AS numbers(n)")
    assert asked(numbers.order_by("n")) == [(None,), (1,), (2,)]
    assert asked(numbers.order_by("n DESC")) == [(2,), (1,), (None,)]


def test_a_query_is_a_value() -> None:
    """A method returns another query, and leaves the one it is asked of as it was."""
    days = select("day").from_("charges")
    assert days.where("billed > 0").distinct().limit(1) != days == select("day").from_("charges")


def test_words_are_quoted() -> None:
    """Texts and names are written so that SQL takes no part of them for its own."""
    odd = """it's "odd" """
    assert asked(select(f"{literal(odd)} AS {identifier(odd)}").from_("range(1)")) == [(odd,)]
    assert select(f"1 AS {identifier('of day')}").names == ["of day"]


def test_the_shown_query_is_the_asked_one() -> None:
    """What is shown to be read says the same as what is asked."""
    query = select("n", "count(*) AS rows").from_("range(3) AS numbers(n)").where("n > 0", "n < 9").group_by("n")
    query = query.having("count(*) > 0").order_by("n").limit(5)
    assert query.pretty.split() == str(query).split()
