from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from tallystick.tally import allocate
from tallystick.tally.picodollars import WHOLE, dollars, whole_picodollars
from tallystick.tally.split import split

MOST = 10**28 - 1
"""The most picodollars that an amount of the ledger can have."""
BITS_64 = 2**63 - 1


class User(NamedTuple):
    """One user of a line; `priced` is what its use costs, None where that is not known."""

    name: str
    quantity: int
    priced: int | None


class Line(NamedTuple):
    """A billed line and its users."""

    total: int
    users: tuple[User, ...]

    def weights(self) -> list[int]:
        """By price; by use where a price is missing, or where all are zero."""
        priced = [user.priced for user in self.users if user.priced is not None]
        known = len(priced) == len(self.users) and sum(priced) > 0
        return priced if known else [user.quantity for user in self.users]


def lines(largest: int, dearest: int) -> st.SearchStrategy[list[Line]]:
    """Lines of one to seven users whose names differ."""
    quantity = st.integers(1, BITS_64 // 8)
    priced = st.one_of(st.integers(0, dearest), st.integers(0, 5), st.just(7))
    maybe = st.one_of(priced, priced, priced, st.none())
    names = st.lists(st.text("abcdefgh", min_size=1, max_size=3), min_size=1, max_size=7, unique=True)
    users = names.flatmap(
        lambda names: st.tuples(*(st.builds(User, st.just(name), quantity, maybe) for name in sorted(names)))
    )
    total = st.one_of(st.integers(-largest, largest), st.integers(-20, 20))
    return st.lists(st.builds(Line, total, users), min_size=1, max_size=4)


BITS_OF_A_COUNT = 63
ORDINARY = lines(10**15, 10**18)
HUGE = lines(MOST, 10**33)


def in_sql(bill_lines: list[Line], shuffle: int = 0) -> dict[tuple[int, str], int]:
    """The shares that the split in SQL gives, by line and user; rows handed in in another order for each `shuffle`."""
    drawn = Random(shuffle)  # noqa: S311 - repeatable, not secret
    users = [(number, user) for number, bill_line in enumerate(bill_lines) for user in bill_line.users]
    drawn.shuffle(users)
    totals = list(enumerate(bill_lines))
    drawn.shuffle(totals)
    alike = ("actor", "product", "model", "tier", "context", "geo", "speed")
    used = {
        "id": pa.array(range(len(users)), pa.int64()),
        "key": [user.name for _, user in users],
        **{name: ["none"] * len(users) for name in alike},
        "quantity": pa.array([user.quantity for _, user in users], pa.int64()),
        "priced": pa.array([None if user.priced is None else Decimal(user.priced) for _, user in users], WHOLE),
    }
    pairs = list(range(len(users)))
    drawn.shuffle(pairs)
    pairing = {
        "line": pa.array([users[index][0] for index in pairs], pa.int64()),
        "id": pa.array(pairs, pa.int64()),
        "relaxed": [0] * len(pairs),
    }
    amounts = {
        "line": pa.array([number for number, _ in totals], pa.int64()),
        "total": pa.array([Decimal(bill_line.total) for _, bill_line in totals], WHOLE),
    }
    with duckdb.connect() as duck:
        for name, table in (("given_used", used), ("pairs", pairing), ("given_lines", amounts)):
            duck.register(name, pa.table(table))
        duck.execute("CREATE TEMP TABLE used AS SELECT * REPLACE (priced::HUGEINT AS priced) FROM given_used")
        duck.execute("CREATE TEMP VIEW uses AS SELECT id, quantity, priced FROM used")
        duck.execute("CREATE TEMP TABLE lines AS SELECT * REPLACE (total::HUGEINT AS total) FROM given_lines")
        allocate.shares(duck)
        rows = duck.sql("SELECT line, key, share FROM shares JOIN used USING (id)").fetchall()
    assert len(rows) == len(users)
    return {(number, name): int(share) for number, name, share in rows}


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(st.one_of(ORDINARY, HUGE))
def test_the_split_in_sql_is_the_split_in_python(bill_lines: list[Line]) -> None:
    """SQL and Python give every user the same picodollars, negative totals and lines beyond 128 bits included."""
    shares = in_sql(bill_lines)
    for number, bill_line in enumerate(bill_lines):
        expected = split(bill_line.total, bill_line.weights())
        assert [shares[number, user.name] for user in bill_line.users] == expected


@pytest.mark.long
@settings(max_examples=40, deadline=None)
@given(st.one_of(ORDINARY, HUGE), st.integers(1, 1000))
def test_the_split_in_sql_does_not_depend_on_the_order_of_rows(bill_lines: list[Line], shuffle: int) -> None:
    """The same lines and users in another order have the same shares."""
    assert in_sql(bill_lines, shuffle) == in_sql(bill_lines)


@pytest.mark.parametrize("bits", [63, 127])
def test_the_widths_of_sql_are_left_in_time(bits: int) -> None:
    """Lines with amounts, weights or products about the largest number of 64 or 128 bits are split as any other."""
    most = 2**bits
    heavy = 2 ** (bits - bits // 3 - 2)
    around = range(-3, 4)
    products = [(most // heavy + off, (heavy, 1)) for off in around]
    sums = [(3, (most // 2 + off - 7, 7)) for off in around]
    amounts = [(most + off, (3, 4)) for off in around] if bits == BITS_OF_A_COUNT else []
    bill_lines = [
        Line(sign * total, tuple(User(name, 1, weight) for name, weight in zip("ab", weights, strict=True)))
        for total, weights in (*products, *sums, *amounts)
        for sign in (1, -1)
    ]
    shares = in_sql(bill_lines)
    for number, bill_line in enumerate(bill_lines):
        assert [shares[number, user.name] for user in bill_line.users] == split(bill_line.total, bill_line.weights())


@given(st.integers(-(10**45), 10**45), st.lists(st.integers(0, 10**40), min_size=1, max_size=40))
def test_a_split_conserves_and_is_proportional(total: int, weights: list[int]) -> None:
    """Parts sum to the whole; each is its proportion to less than one picodollar, and has the whole's sign."""
    if not sum(weights):
        weights = [*weights, 1]
    parts = split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert part * total >= 0
        assert weight or not part


@given(st.integers(0, 10**12), st.lists(st.integers(1, 10**9), min_size=1, max_size=20))
def test_credits_are_split_like_charges(total: int, weights: list[int]) -> None:
    """A negative line is split as its positive is, with the signs turned."""
    assert split(-total, weights) == [-part for part in split(total, weights)]


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=20), st.integers(1, 10**6))
def test_a_bill_at_list_price_is_split_to_what_each_costs(weights: list[int], factor: int) -> None:
    """Where the line is what its users cost together, or a whole multiple, each gets just that."""
    assert split(factor * sum(weights), weights) == [factor * weight for weight in weights]


def test_what_is_left_goes_to_the_largest_remainder_then_to_the_earlier() -> None:
    """Picodollars that no share has whole go out one each: the largest remainder first, then in order."""
    assert split(10, [1, 1, 1]) == [4, 3, 3]
    assert split(11, [1, 1, 1]) == [4, 4, 3]
    assert split(10, [1, 2, 4]) == [1, 3, 6]
    assert split(10, [5, 3]) == [6, 4]
    assert split(10, [3, 5]) == [4, 6]
    assert split(-1, [1, 1, 1]) == [-1, 0, 0]
    assert split(0, [3, 4]) == [0, 0]


@pytest.mark.parametrize("weights", [[], [0, 0], [3, -1], [-1, 2]])
def test_there_is_no_split_by_nothing(weights: list[int]) -> None:
    """No weights, all zero, or one below zero: refused, never a guess."""
    with pytest.raises(ValueError, match="weights"):
        split(10, weights)


def test_where_one_price_is_unknown_all_weigh_by_use() -> None:
    """One user without a known rate makes the whole line be split by use, of others too."""
    bill_lines = [
        Line(900, (User("a", 1, 50), User("b", 2, None))),
        Line(900, (User("a", 1, 50), User("b", 2, 10))),
        Line(900, (User("a", 1, 0), User("b", 2, 0))),
    ]
    shares = in_sql(bill_lines)
    assert [shares[0, name] for name in "ab"] == [300, 600]
    assert [shares[1, name] for name in "ab"] == [750, 150]
    assert [shares[2, name] for name in "ab"] == [300, 600]


def test_a_line_beyond_128_bits_is_split_exactly() -> None:
    """A line and a weight whose product needs more than 128 bits are split to the picodollar, credits too."""
    users = (User("a", 10, 10**33), User("b", 10, 2 * 10**33), User("c", 10, 10**33 + 1))
    for total in (MOST, -MOST):
        assert MOST * users[0].priced >= 2**127  # type: ignore[operator]
        shares = in_sql([Line(total, users), Line(7, users)])
        assert [shares[0, user.name] for user in users] == split(total, [user.priced or 0 for user in users])
        assert sum(shares[0, user.name] for user in users) == total
        assert sum(shares[1, user.name] for user in users) == 7


MONEY = st.one_of(st.none(), st.integers(-MOST, MOST))


@given(st.lists(MONEY, max_size=20), st.integers(0, 3))
def test_dollars_and_picodollars_are_the_same_money(amounts: list[int | None], skip: int) -> None:
    """Dollars to picodollars and back is the same, nulls, signs, slices and chunks included, to the largest amount."""
    dollar_amounts = [None if amount is None else Decimal(amount).scaleb(-12) for amount in amounts]
    money = pa.chunked_array(
        [pa.array(dollar_amounts[:skip], pa.decimal128(28, 12)), pa.array(dollar_amounts, pa.decimal128(28, 12))]
    )
    expected = [*amounts[:skip], *amounts]
    assert [None if value is None else int(value) for value in whole_picodollars(money).to_pylist()] == expected
    assert [
        None if value is None else int(value) for value in whole_picodollars(money.combine_chunks()[skip:]).to_pylist()
    ] == expected[skip:]
    assert dollars(whole_picodollars(money)).equals(money.combine_chunks())


def test_an_amount_that_does_not_fit_is_refused() -> None:
    """Picodollars beyond DECIMAL(28,12) are an error, never cut."""
    with pytest.raises(pa.ArrowInvalid):
        dollars(pa.array([Decimal(MOST + 1)], WHOLE))
