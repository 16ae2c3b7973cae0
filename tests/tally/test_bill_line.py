from __future__ import annotations

from collections.abc import Mapping

import pytest

from tallystick.tally.reconcile.bill_line import Judgement, Line


def judged(billed: int, coins: Mapping[int, int], **more: object) -> Judgement:
    """What becomes of a line of that amount and those tokens by rate, whose priced amount is that of all tokens."""
    units = sum(rate * tokens for rate, tokens in coins.items())
    made = Line(billed, billed - units, 2, units, 1, coins, **more).judgement()  # type: ignore[arg-type]
    parts = made.by_price + made.refused + made.large + made.unexplained + made.rest
    assert parts == billed - units, "the causes sum to the gap"
    return made


def test_what_fits_has_no_cause() -> None:
    """A line that was billed as it is priced has nothing to explain."""
    assert judged(30_000, {3_000: 10}) == Judgement()


@pytest.mark.parametrize(
    ("billed", "coins", "tokens"),
    [
        (27_000, {3_000: 10}, 1),
        (21_000, {3_000: 10}, 3),
        (0, {3_000: 10}, 10),
        (39_000, {3_000: 10, 5_000: 4}, 3),
        (3_000, {3_000: 10, 5_000: 4}, 13),
        (0, {3_000: 10, 5_000: 4}, 14),
    ],
)
def test_refused_tokens_are_what_is_missing(billed: int, coins: Mapping[int, int], tokens: int) -> None:
    """What was not billed is a whole number of tokens at the rates, none used more often than it was."""
    made = judged(billed, coins)
    assert (made.refused_tokens, made.large, made.unexplained, made.rest) == (tokens, 0, 0, 0)


@pytest.mark.parametrize("coins", [{3_000: 10}, {3_000: 10, 5_000: 4}, {3_000: 1, 5_000: 1, 7_000: 1}])
def test_what_no_tokens_make_up_is_unexplained(coins: Mapping[int, int]) -> None:
    """A gap that is no whole number of tokens, or of tokens at three rates, is unexplained."""
    billed = sum(rate * tokens for rate, tokens in coins.items()) - 1_500
    assert judged(billed, coins) == Judgement(unexplained=-1_500)


def test_more_than_was_used_is_not_refused() -> None:
    """No more tokens are called refused than were used: what is missing beyond them is unexplained."""
    assert judged(-3_000, {3_000: 10}).unexplained == -33_000
    assert judged(-3_000, {3_000: 10, 5_000: 4}).unexplained == -53_000


@pytest.mark.parametrize(("billed", "large", "refused"), [(17_000, 1, 0), (35_000, 10, 0), (15_500, 1, 1)])
def test_large_prompts_are_what_is_billed_beyond(billed: int, large: int, refused: int) -> None:
    """What was billed beyond the price is a whole number of tokens of large prompts, less some that were refused."""
    made = judged(billed, {1_500: 10}, steps={2_000: 10})
    assert (made.large_tokens, made.large, made.refused_tokens) == (large, 2_000 * large, refused)
    assert (made.refused, made.unexplained) == (-1_500 * refused, 0)


def test_more_than_all_large_prompts_is_unexplained() -> None:
    """What no tokens of large prompts make up, or more of them than were used, is unexplained."""
    assert judged(15_700, {1_500: 10}, steps={2_000: 10}).unexplained == 700
    assert judged(37_000, {1_500: 10}, steps={2_000: 10}).unexplained == 22_000
    assert judged(17_000, {1_500: 10}, steps={2_000: 10, 3_000: 10}).unexplained == 2_000
    assert judged(35_000, {1_500: 10, 3_000: 5}, steps={2_000: 10}).unexplained == 5_000


def test_a_changed_price_comes_first() -> None:
    """A factor that is a price makes up its part of the gap before tokens are counted; one that is none has no part."""
    doubled = judged(60_000, {3_000: 10}, factor=2, changed=True)
    assert doubled == Judgement(by_price=30_000)
    less = judged(42_000, {3_000: 10}, factor=2, changed=True)
    assert (less.by_price, less.refused, less.refused_tokens) == (21_000, -9_000, 3)
    assert judged(60_000, {3_000: 10}, factor=2) == Judgement(rest=30_000)


@pytest.mark.parametrize(("billed", "fits"), [(9_998, False), (9_999, True), (10_002, True), (10_003, False)])
def test_rounding_is_less_than_a_picodollar_a_charge(billed: int, fits: bool) -> None:
    """Where the price has a part of a picodollar, the bill may be off by less than one for each of the two charges."""
    made = Line(billed, billed - 10_000, 2, 30_001, 3).judgement()
    assert (made.unexplained == 0) == fits
    times = Line(2 * billed, 2 * billed - 10_000, 4, 30_001, 3, factor=10, base=5).judgement()
    assert (times.unexplained == 0) == fits


def test_a_price_that_explains_no_amount_is_its_part_of_the_price() -> None:
    """Where a changed price leaves what no tokens make up, its part is that of all use, and the rest is unexplained."""
    made = judged(74_999, {3_000: 10}, factor=5, base=2, changed=True)
    assert made == Judgement(by_price=45_000, unexplained=-1)


@pytest.mark.parametrize("rates", [(2, 3), (3, 2), (4, 6), (5, 7), (7, 3), (6, 15)])
@pytest.mark.parametrize("used", [(0, 5), (5, 0), (3, 4), (6, 2)])
def test_two_rates_are_counted_where_they_can_be(rates: tuple[int, int], used: tuple[int, int]) -> None:
    """Whatever is missing, it is so many tokens as can cost that, and unexplained where no number of them can."""
    (first, second), (most, limit) = rates, used
    units = first * most + second * limit
    possible: dict[int, set[int]] = {}
    for number in range(most + 1):
        for other in range(limit + 1):
            possible.setdefault(number * first + other * second, set()).add(number + other)
    for missing in range(1, units + 3):
        made = judged(units - missing, {first: most, second: limit})
        if missing in possible:
            assert made.refused_tokens in possible[missing]
        else:
            assert (made.refused_tokens, made.unexplained) == (None, -missing)
