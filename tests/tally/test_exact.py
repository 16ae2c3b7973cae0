"""The charges of whole days against the split in Python, line by line: whatever path a line takes through SQL."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings, strategies as st

from support.charge_rows import DAY, HAIKU, OPUS, PUBLIC, SONNET, Row, line, only, tallied, use
from tallystick.core.price_entries import UNITS, Rate
from tallystick.tally.prices_in_force import Prices
from tallystick.tally.split import split

ODD = Prices.with_own(
    f'[[price]]\nfor = "{OPUS}"\nfrom = 2026-01-01\nusd = {{ uncached_input = "4.1234567", output = "25.000001" }}\n'
    f'[[price]]\nfor = "{SONNET}"\nfrom = 2026-01-01\nspeed = "fast"\nusd = {{ output = "0.000001" }}\n'
)
"""Rates that a million does not divide."""
SMALL = Prices.with_own('[[price]]\nfor = "claude-own"\nfrom = 2026-01-01\nusd = { uncached_input = "0.0000009999" }\n')
"""A rate of less than a picodollar a token, nearly all of it a rest, of a model that no public list has."""
LIKE = ("model", "kind", "tier", "context", "geo")
MOST = 10**28 - 1
"""The most picodollars of an amount in the ledger."""


def tokens(most: int) -> st.SearchStrategy[int]:
    """A count that is often nothing."""
    return st.one_of(st.just(0), st.integers(1, 9), st.integers(1, most))


def days(most: int) -> st.SearchStrategy[list[Row]]:
    """Usage records of a day: few keys, so that they share lines, in places that a bill tells apart or does not."""
    drawn = st.builds(
        use,
        st.sampled_from(("a", "b", "c")),
        account=st.sampled_from(("none", "user_1")),
        model=st.sampled_from((OPUS, SONNET, "claude-unheard-of")),
        speed=st.sampled_from(("standard", "fast")),
        geo=st.sampled_from(("global", "us")),
        uncached_input=tokens(most),
        cache_read=tokens(most),
        output=tokens(most),
    )
    return st.lists(drawn, min_size=1, max_size=12)


BILLS = st.one_of(
    st.tuples(st.just("times"), st.integers(-3, 3)),  # a whole multiple of what it costs, or of its use: no rest
    st.tuples(st.just("tenths"), st.integers(1, 9)),  # a discount
    st.tuples(st.just("odd"), st.integers(-(10**6), 10**15)),
    st.tuples(st.just("odd"), st.sampled_from((MOST, -MOST))),
)


def priced(row: Row, prices: Prices) -> int | None:
    """What a charge must cost in picodollars, half up, by fractions."""
    where = {name: row[name] for name in ("tier", "context", "geo", "speed")}
    rate = prices.in_force.rate(row["model"], row["kind"], DAY, **where)
    if not isinstance(rate, Rate):
        return None
    return int(Fraction(rate.low) * 10**12 * row["quantity"] / UNITS[row["kind"]][1] + Fraction(1, 2))


@pytest.mark.long
@settings(max_examples=25, deadline=None)
@given(
    st.one_of(days(10**7), days(10**7), days(10**13), days(2**59)), BILLS, st.booleans(), st.sampled_from((PUBLIC, ODD))
)
def test_each_line_is_split_as_in_python(
    used: list[Row], bill: tuple[str, int], geo_known: bool, prices: Prices
) -> None:
    """Every charge has its price by fractions, and its share of its line by `split`, to the picodollar.

    Credits, lines with and without a rest, amounts and counts beyond 64 bits and beyond 128, users without a price,
    rates that a million does not divide: a line for each model and kind, told apart by geography or not.
    """
    shared = defaultdict(list)
    for row in tallied(used, [], prices=prices):
        cost = priced(row, prices)
        assert (None if row["priced"] is None else int(row["priced"].scaleb(12))) == cost
        shared[tuple(row[name] if geo_known or name != "geo" else "unknown" for name in LIKE)].append((row, cost))
    lines, expected = [], {}
    for line_key, users in shared.items():
        users.sort(key=lambda pair: [pair[0][name] for name in ("key", "actor", *LIKE[2:], "speed")])
        costs = [cost for _, cost in users if cost is not None]
        weights = costs if len(costs) == len(users) and sum(costs) else [row["quantity"] for row, _ in users]
        unit, much = bill
        total = {"times": much * sum(weights), "tenths": sum(weights) * much // 10, "odd": much}[unit]
        total = max(-MOST, min(MOST, total))
        lines.append(line(Decimal(total).scaleb(-12), **dict(zip(LIKE, line_key, strict=True))))
        for (row, _), share in zip(users, split(total, weights), strict=True):
            expected[caller(row)] = share, "allocated" if len(users) > 1 else "reported"
    rows = tallied(used, lines, prices=prices)
    assert {caller(row): (int(row["billed"].scaleb(12)), row["method"]) for row in rows} == expected


def caller(row: Row) -> tuple[str, ...]:
    """What tells the charges of a day apart."""
    return tuple(row[name] for name in ("key", "actor", "speed", "geo", *LIKE[:4]))


def test_half_a_picodollar_is_one_more() -> None:
    """A price is rounded half up, once: 1.5 picodollars a token are 2 for one token and 3 for two."""
    own = Prices.with_own(f'[[price]]\nfor = "{OPUS}"\nfrom = 2026-01-01\nusd = {{ output = "0.0000015" }}\n')
    rows = tallied([use("a", model=OPUS, output=1), use("b", model=OPUS, output=2)], [], prices=own)
    assert [int(only(rows, key=key)["priced"].scaleb(12)) for key in "ab"] == [2, 3]


@pytest.mark.parametrize("quantity", [2**42, 8 * 10**12, 10**13, 2**60])
@pytest.mark.parametrize("prices", [PUBLIC, ODD, SMALL], ids=["even", "uneven", "small"])
def test_a_product_that_64_bits_do_not_hold_is_exact(quantity: int, prices: Prices) -> None:
    """Much use beside little has its price to the picodollar, wherever a product of 64 bits would end."""
    used = [
        use("a", model=OPUS, uncached_input=quantity),
        use("b", model=SONNET, uncached_input=quantity + 1),
        use("c", model=HAIKU, uncached_input=1),
    ]
    own = use("d", model="claude-own", uncached_input=quantity)
    for row in (*tallied(used, [], prices=prices), *tallied([own], [], prices=prices)):
        assert (row["priced"] and int(row["priced"].scaleb(12))) == priced(row, prices)
