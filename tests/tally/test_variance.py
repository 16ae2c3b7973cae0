"""Variance: price, volume and mix of lines, on random worlds and on those where finance knows the answer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from support.charge_rows import PICO
from tallystick.core.money import total
from tallystick.tally.variance import Amount, Effects, Line, effects

POOL = ("org", "tokens")
amounts = st.builds(
    Amount,
    st.none() | st.integers(0, 10**15),
    st.integers(-(10**15), 10**22).map(lambda picodollars: Decimal(picodollars).scaleb(-12)),
)
lines = st.tuples(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["tokens", "searches"])),
    st.tuples(st.sampled_from(["opus", "sonnet", "haiku"]), st.sampled_from(["input", "output"])),
)
months = st.dictionaries(lines, amounts, max_size=12)
rated = st.lists(st.tuples(st.integers(1, 10**9), st.integers(1, 10**7)), min_size=1, max_size=8)
"""Lines of (units used, picodollars a unit)."""


def month(cells: list[tuple[int, int]]) -> dict[Line, Amount]:
    """A month of lines in one pool, each of (units, picodollars a unit)."""
    return {
        (POOL, (f"{number}",)): Amount(units, Decimal(units * rate).scaleb(-12))
        for number, (units, rate) in enumerate(cells)
    }


def total_effect(before: Mapping[Line, Amount], after: Mapping[Line, Amount]) -> Effects:
    """The effects of all lines together."""
    return Effects.sum(list(effects(before, after).values()))


def near(value: Decimal, wanted: Decimal | Fraction, lines: int = 1) -> bool:
    """Whether an amount is that, but for a picodollar of rounding for each line."""
    return abs(Fraction(value) - Fraction(wanted)) <= Fraction(PICO) * lines


@pytest.mark.long
@given(months, months)
def test_effects_add_up_to_the_change(before: dict[Line, Amount], after: dict[Line, Amount]) -> None:
    """Of each line and of all, before + price + volume + mix is after, to the picodollar, and no line is lost."""
    parts = effects(before, after)
    assert parts.keys() == {*before, *after}
    for line, effect in parts.items():
        assert effect.before == (before[line].billed if line in before else 0)
        assert effect.after == (after[line].billed if line in after else 0)
        assert total([effect.before, effect.price, effect.volume, effect.mix]) == effect.after
        assert all(
            (Fraction(amount) / Fraction(PICO)).denominator == 1 for amount in (effect.price, effect.volume, effect.mix)
        )
    all_ = Effects.sum(list(parts.values()))
    assert total([all_.before, all_.price, all_.volume, all_.mix]) == all_.after
    assert all_.after - all_.before == all_.change == total([effect.change for effect in parts.values()])


@given(rated, st.integers(1, 50))
def test_growth_is_volume(cells: list[tuple[int, int]], times: int) -> None:
    """Where every line is used so many times as much at its old rate, all of the change is volume."""
    before, after = month(cells), month([(units * times, rate) for units, rate in cells])
    for effect in effects(before, after).values():
        assert (effect.price, effect.volume, effect.mix) == (0, effect.change, 0)


@given(rated, st.data())
def test_other_rates_are_price(cells: list[tuple[int, int]], data: st.DataObject) -> None:
    """Where the same is used at other rates, a list price or a discount, all of the change is price."""
    after = month([(units, data.draw(st.integers(0, 10**7))) for units, _ in cells])
    for effect in effects(month(cells), after).values():
        assert (effect.price, effect.volume, effect.mix) == (effect.change, 0, 0)


@given(rated, st.data())
def test_another_share_of_the_same_quantity_is_mix(cells: list[tuple[int, int]], data: st.DataObject) -> None:
    """Where as much is used in all at the same rates, but of other lines, all of the change is mix."""
    units = data.draw(st.permutations([units for units, _ in cells]))
    after = month([(unit, rate) for unit, (_, rate) in zip(units, cells, strict=True)])
    for effect in effects(month(cells), after).values():
        assert (effect.price, effect.volume, effect.mix) == (0, 0, effect.change)


@given(rated, rated, st.integers(1, 999))
def test_a_discount_lands_in_price_whatever_else_moves(
    first: list[tuple[int, int]], second: list[tuple[int, int]], permille: int
) -> None:
    """A discount on what both months have lowers price by so much of the undiscounted bill, and nothing else."""
    size = min(len(first), len(second))
    before, listed = month(first[:size]), month([(units, rate * 1000) for units, rate in second[:size]])
    less = Decimal(1000 - permille) / 1000
    billed = {line: Amount(amount.quantity, amount.billed * less) for line, amount in listed.items()}
    without, discounted = effects(before, listed), effects(before, billed)
    for line, amount in discounted.items():
        assert (amount.volume, amount.mix) == (without[line].volume, without[line].mix)
        assert amount.price - without[line].price == -listed[line].billed * permille / 1000


def test_a_line_of_one_month_is_mix() -> None:
    """What was not used in one of two months was billed nothing there: what is new, and what went, is mix."""
    used, other, new = ((POOL, (name,)) for name in ("used", "other", "new"))
    before = {used: Amount(10, Decimal(10)), other: Amount(10, Decimal(30))}
    after = {used: Amount(20, Decimal(20)), new: Amount(10, Decimal(50))}
    parts = effects(before, after)
    assert parts[new] == Effects(Decimal(0), Decimal(50), Decimal(0), Decimal(0), Decimal(50))
    assert parts[other] == Effects(Decimal(30), Decimal(0), Decimal(0), Decimal(15), Decimal(-45))
    assert parts[used] == Effects(Decimal(10), Decimal(20), Decimal(0), Decimal(5), Decimal(5))


def test_a_line_of_unknown_quantity_changes_by_volume() -> None:
    """A line whose quantity is not known has its change as volume, and other lines of its pool keep their effects."""
    unknown, known = (POOL, ("a",)), (POOL, ("b",))
    before = {unknown: Amount(None, Decimal(7)), known: Amount(10, Decimal(10))}
    after = {unknown: Amount(None, Decimal(9)), known: Amount(20, Decimal(30))}
    parts = effects(before, after)
    assert parts[unknown] == Effects(Decimal(7), Decimal(9), Decimal(0), Decimal(2), Decimal(0))
    assert parts[known] == Effects(Decimal(10), Decimal(30), Decimal(10), Decimal(10), Decimal(0))


@pytest.mark.long
@given(rated, rated)
def test_the_effects_are_what_the_page_says(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> None:
    """Each effect is its formula in whole fractions, rounded to a picodollar; the formulas are written anew here."""
    before, after = month(first), month(second)
    old, new = sum(units for units, _ in first), sum(units for units, _ in second)
    for line, effect in effects(before, after).items():
        index = int(line[1][0])
        q0, p0 = first[index] if index < len(first) else (0, 0)
        q1, p1 = second[index] if index < len(second) else (0, 0)
        both = q0 and q1
        assert near(effect.volume, Fraction(q0 * p0, 10**12) * (Fraction(new, old) - 1))
        assert near(effect.price, Fraction(q1 * (p1 - p0), 10**12) if both else 0)
        share = (q1 - Fraction(q0 * new, old)) * p0 if both or not q1 else Fraction(q1 * p1)
        assert near(effect.mix, share / 10**12, 2)


def test_a_model_that_takes_the_place_of_another_is_mix() -> None:
    """As many tokens of a dearer model that is new: what it costs more is mix; nothing is price or volume."""
    before = {(POOL, ("sonnet",)): Amount(1000, Decimal(3))}
    after = {(POOL, ("opus",)): Amount(1000, Decimal(5))}
    total = total_effect(before, after)
    assert (total.price, total.volume, total.mix) == (0, 0, 2)


def test_free_use_that_is_billed_now_is_price() -> None:
    """What cost nothing and is billed now changed its price; what is billed no more likewise."""
    free, paid = {(POOL, ("flex",)): Amount(10, Decimal(0))}, {(POOL, ("flex",)): Amount(10, Decimal(4))}
    assert (total_effect(free, paid).price, total_effect(paid, free).price) == (4, -4)


def test_what_has_no_quantity_is_volume() -> None:
    """A line whose quantity is not known, in either span, changed in volume, and counts for no other line."""
    session = (("org", "session-hours"), ("none",))
    for old, new in ((None, None), (None, 5), (5, None)):
        effect = effects({session: Amount(old, Decimal(3))}, {session: Amount(new, Decimal(7))})[session]
        assert (effect.price, effect.volume, effect.mix) == (0, 4, 0)
    unknown_line = (POOL, ("unknown",))
    before, after = month([(10, 5)]), month([(10, 7)])
    parts = effects(before | {unknown_line: Amount(None, Decimal(1))}, after | {unknown_line: Amount(None, Decimal(2))})
    assert parts[POOL, ("0",)] == effects(before, after)[POOL, ("0",)]


def test_a_pool_that_is_new_or_gone_is_volume() -> None:
    """Where a side of the pool has no quantity there is nothing to grow from: all of the change is volume."""
    pool = month([(10, 5), (3, 7)])
    for before, after in (({}, pool), (pool, {})):
        total = total_effect(before, after)
        assert (total.price, total.volume, total.mix) == (0, total.change, 0)


@pytest.mark.long
@given(rated, rated, rated)
def test_pools_know_nothing_of_each_other(
    first: list[tuple[int, int]], second: list[tuple[int, int]], searches: list[tuple[int, int]]
) -> None:
    """The effects of a pool are the same whatever lies in another."""
    before, after = month(first), month(second)
    second_pool = {(("org", "searches"), line): amount for (_, line), amount in month(searches).items()}
    parts = effects(before | second_pool, after)
    assert {line: effect for line, effect in parts.items() if line[0] == POOL} == effects(before, after)
