from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, strategies as st

from tallystick.core.money import (
    PLACES,
    dollars,
    from_cents,
    nearest,
    nearest_quotient,
    picodollars,
    plain,
    ratio,
    rounded,
    total,
)
from tallystick.errors import InvalidAmount

AMOUNTS = st.decimals(-(10**15), 10**15, places=PLACES, allow_nan=False, allow_infinity=False)


@st.composite
def cents(draw: st.DrawFn) -> str:
    """An amount as the API may write it: digits, at most ten decimals of a cent, perhaps a minus sign."""
    dollars = draw(st.integers(0, 10**17 - 1))
    fraction = draw(st.text("0123456789", max_size=10))
    return f"{draw(st.sampled_from(['', '-']))}{dollars}{'.' if fraction else ''}{fraction}"


@pytest.mark.parametrize(
    ("amount", "per_million", "tokens"),
    [
        ("527.999760", "0.80", 6_599_997),
        ("50.241200", "4", 125_603),
        ("776.257875", "3.75", 2_070_021),
        ("381.724170", "0.30", 12_724_139),
        ("104.227500", "15", 69_485),
        ("251.958000", "3.75", 671_888),
        ("11.822080", "0.80", 147_776),
        ("1.000000", "10000", 1),
    ],
)
def test_amounts_are_cents(amount: str, per_million: str, tokens: int) -> None:
    """The proof of reports-api 1.3.6: amount / 100 / list price is a whole number of tokens, exactly."""
    dollars = from_cents(amount)
    assert dollars == Decimal(amount) / 100
    assert dollars * 1_000_000 == tokens * Decimal(per_million)


@pytest.mark.parametrize(
    ("amount", "dollars"),
    [
        ("0", "0.00"),
        ("0.0", "0.00"),
        ("-12.5", "-0.125"),
        ("83391.52823", "833.9152823"),
        ("94.662", "0.94662"),
        ("0.0000000001", "0.000000000001"),
        ("0.000000000100000", "0.000000000001"),
        ("100", "1.00"),
        ("999999999999999999", "9999999999999999.99"),
    ],
)
def test_amounts_read(amount: str, dollars: str) -> None:
    """Any plain decimal number of cents, of either sign, is read to the last place and written without idle zeros."""
    assert plain(from_cents(amount)) == dollars


@pytest.mark.parametrize(
    "amount",
    [
        *("", " ", "1e3", "1E3", "+5", "NaN", "nan", "Infinity", "-", ".", "1.", ".5", "1,5", "1_000", "0x10"),
        *(" 1", "1 ", "1\n", "--1", "1.2.3", "$1", "１２", "٣", "null"),  # noqa: RUF001 - digits of other scripts
    ],
)
def test_amounts_refused(amount: str) -> None:
    """Whatever is not a plain decimal number is InvalidAmount, never zero."""
    with pytest.raises(InvalidAmount):
        from_cents(amount)


@pytest.mark.parametrize("amount", ["0.00000000001", "-0.00000000001", "1.12345678901", "1000000000000000000"])
def test_amounts_that_do_not_fit(amount: str) -> None:
    """More than 12 decimal places of a dollar, or 16 digits before them, are InvalidAmount and not rounded."""
    with pytest.raises(InvalidAmount, match="12 places"):
        from_cents(amount)


@pytest.mark.parametrize(
    "amount", ["1" * 77, "1" * 5000, "0." + "1" * 90, "-" + "9" * 80 + ".5", "0." + "0" * 99 + "1"]
)
def test_amounts_of_any_length(amount: str) -> None:
    """However many digits an amount has, one that cannot be kept exactly is InvalidAmount and no other error."""
    with pytest.raises(InvalidAmount):
        from_cents(amount)


@pytest.mark.parametrize("currency", ["EUR", "", "US$", "ZAR"])
def test_one_currency(currency: str) -> None:
    """An amount in anything but USD is InvalidAmount that names the currency."""
    with pytest.raises(InvalidAmount, match=repr(currency).replace("$", r"\$")):
        from_cents("1", currency)


@given(cents())
def test_from_cents_is_exact(amount: str) -> None:
    """A hundred times the dollars are the cents, exactly; written plainly and read again they are the same."""
    dollars = from_cents(amount)
    assert Decimal(plain(dollars)) == dollars
    with localcontext(prec=60):
        assert dollars * 100 == Decimal(amount)
        assert from_cents(plain(dollars * 100)) == dollars


@given(st.text("0123456789.-+eE ", max_size=120))
def test_from_cents_reads_or_refuses(amount: str) -> None:
    """Any text is either an exact amount or InvalidAmount."""
    try:
        dollars = from_cents(amount)
    except InvalidAmount:
        return
    with localcontext(prec=200):
        assert dollars * 100 == Decimal(amount)


@given(AMOUNTS)
def test_plain_round_trip(amount: Decimal) -> None:
    """`plain` writes every digit, no exponent, at least two places and no idle zero after them."""
    written = plain(amount)
    assert Decimal(written) == amount
    assert "E" not in written.upper()
    fraction = written.partition(".")[2]
    assert len(fraction) >= 2
    assert len(fraction) == 2 or not fraction.endswith("0")


@pytest.mark.parametrize(
    ("amount", "written"),
    [("1E+3", "1000.00"), ("5", "5.00"), ("0E-12", "0.00"), ("1E-12", "0.000000000001"), ("-2.50", "-2.50")],
)
def test_plain(amount: str, written: str) -> None:
    """Amounts with exponents are written in digits."""
    assert plain(Decimal(amount)) == written


@given(st.lists(AMOUNTS, max_size=20), st.randoms(use_true_random=False))
def test_totals_meet(amounts: list[Decimal], order: Random) -> None:
    """A total is exact: in any order it is the same, and its picodollars are the sum of theirs."""
    shuffled = list(amounts)
    order.shuffle(shuffled)
    assert total(amounts) == total(shuffled)
    assert int(total(amounts).scaleb(PLACES)) == sum(int(amount.scaleb(PLACES)) for amount in amounts)
    assert total([]) == 0


@pytest.mark.parametrize(
    ("amount", "places", "shown"),
    [
        ("0.125", 2, "0.12"),
        ("0.135", 2, "0.14"),
        ("-0.125", 2, "-0.12"),
        ("2.5", 0, "2"),
        ("1.999999999999", 2, "2.00"),
    ],
)
def test_rounded_half_to_even(amount: str, places: int, shown: str) -> None:
    """What is shown is rounded once, half to even."""
    assert str(rounded(Decimal(amount), places)) == shown


@given(AMOUNTS, AMOUNTS.filter(bool))
def test_ratio_of_exact_sums(part: Decimal, total: Decimal) -> None:
    """A ratio is the quotient rounded half to even at as many places as asked."""
    with localcontext(prec=76):
        expected = (part / total).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)
    assert ratio(part, total, 4) == expected


def test_no_ratio_to_nothing() -> None:
    """There is no ratio to zero, and a ratio of nothing is zero: unknown is not zero."""
    assert ratio(5, 0) is None
    assert ratio(Decimal(5), Decimal("0.00")) is None
    assert ratio(0, 5) == 0
    assert ratio(1, 3) == Decimal("0.333333333333")


@given(st.integers(-(10**20), 10**20), st.integers(1, 50))
def test_the_nearest_picodollar(numerator: int, denominator: int) -> None:
    """A fraction of dollars becomes the nearest twelve places; of two as near, the even one."""
    exact = Fraction(numerator, denominator * 10**PLACES)
    amount = nearest(exact)
    assert amount.as_tuple().exponent == -PLACES
    distance = abs(Fraction(amount) - exact) * 10**PLACES
    assert distance < Fraction(1, 2) or (distance == Fraction(1, 2) and picodollars(amount) % 2 == 0)


@given(st.integers(-(10**20), 10**20), st.integers(1, 50))
def test_dollars_are_the_nearest_picodollar(numerator: int, denominator: int) -> None:
    """Whole numbers give what the exact fraction gives, of either sign and at every half."""
    assert dollars(nearest_quotient(numerator, denominator)) == nearest(Fraction(numerator, denominator * 10**PLACES))


@pytest.mark.parametrize(
    ("numerator", "denominator", "whole"),
    [(1, 2, 0), (3, 2, 2), (5, 2, 2), (-1, 2, 0), (7, 4, 2), (3 * 10**9, 2 * 10**9, 2)],
)
def test_halves_go_to_the_even_picodollar(numerator: int, denominator: int, whole: int) -> None:
    """Half a picodollar goes to the even one, three quarters up."""
    assert nearest_quotient(numerator, denominator) == whole


@given(AMOUNTS)
def test_picodollars_are_exact(amount: Decimal) -> None:
    """An amount as picodollars, and they as an amount again, is the amount."""
    assert dollars(picodollars(amount)) == amount


def test_an_amount_is_shown_in_cents() -> None:
    """Where no places are said it is two, half to even."""
    assert [f"{rounded(Decimal(text))}" for text in ("1.005", "1.015", "-1.005", "2")] == [
        "1.00",
        "1.02",
        "-1.00",
        "2.00",
    ]


def test_what_does_not_fit_says_what_fits() -> None:
    """The refusal counts the places after the point and the digits before it."""
    with pytest.raises(InvalidAmount, match="12 places and 16 digits before them"):
        from_cents("1234567890123456789")
