"""Money: US dollars as Decimal, kept at twelve places, rounded once, when written.

The API writes fractional cents as decimal strings (reports-api 1.3.2 and 1.3.6).
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from typing import TYPE_CHECKING

from tallystick.errors import InvalidAmount

if TYPE_CHECKING:
    from fractions import Fraction

PLACES = 12
"""Decimal places of every amount in the ledger: a picodollar."""

EXACT = Context(prec=76, traps=[Inexact, InvalidOperation])
"""Arithmetic that raises rather than rounds."""

_WIDE = Context(prec=76)
_WRITTEN = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def from_cents(cents: str, currency: str = "USD") -> Decimal:
    """US dollars from the API's decimal string of fractional US cents.

    Raises InvalidAmount for a blank, an exponent, a plus sign, NaN, finer than a picodollar, another currency.
    """
    if currency.upper() != "USD":
        raise InvalidAmount(f"{cents!r} is an amount in {currency!r}; amounts of two currencies cannot be added")
    if not _WRITTEN.fullmatch(cents):
        raise InvalidAmount(f"{cents!r} is not an amount: a plain decimal number of US cents was expected")
    units, _, fraction = cents.lstrip("-").partition(".")
    if len(fraction.rstrip("0")) > PLACES - 2 or len(units.lstrip("0")) > 30 - PLACES:
        raise InvalidAmount(
            f"{cents!r} cents does not fit dollars with {PLACES} places and {28 - PLACES} digits before them"
        )
    sign = "-" if cents.startswith("-") else ""
    return EXACT.scaleb(Decimal(f"{sign}{units.lstrip('0') or '0'}.{fraction.rstrip('0')}"), -2)


def total(amounts: list[Decimal]) -> Decimal:
    """The exact sum."""
    result = Decimal(0)
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result


def plain(amount: Decimal) -> str:
    """The exact amount in digits: no exponent, at least two places, no idle zeros after them."""
    units, _, fraction = format(amount, "f").partition(".")
    return f"{units}.{fraction.rstrip('0').ljust(2, '0')}"


def rounded(amount: Decimal, places: int = 2) -> Decimal:
    """The amount to show, half to even; for writers only, never for further arithmetic."""
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN, context=_WIDE)


def nearest(amount: Fraction) -> Decimal:
    """US dollars to twelve places from an exact fraction of them, half to even."""
    return EXACT.scaleb(Decimal(round(amount * 10**PLACES)), -PLACES)


def picodollars(amount: Decimal) -> int:
    """US dollars as a whole number of picodollars, exactly."""
    return int(EXACT.scaleb(amount, PLACES))


def dollars(amount: int) -> Decimal:
    """US dollars from a whole number of picodollars, exactly."""
    return EXACT.scaleb(Decimal(amount), -PLACES)


def nearest_quotient(numerator: int, denominator: int) -> int:
    """The whole number nearest to a fraction whose denominator is above zero, half to even."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return quotient + (twice > denominator or (twice == denominator and quotient % 2 == 1))


def ratio(part: Decimal | int, base: Decimal | int, places: int = PLACES) -> Decimal | None:
    """`part / base` from two exact sums, rounded half to even; None where the base is zero."""
    if not base:
        return None
    return rounded(_WIDE.divide(Decimal(part), Decimal(base)), places)
