"""Unit prices: a charge as so many priced units at a price each, as price lists and bills write it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tallystick.core.money import EXACT, ratio
from tallystick.core.price_entries import Rate


@dataclass(frozen=True, slots=True)
class Units:
    """How much was used, and the same in units of the price (a million tokens); None where that is not known.

    `derived` where it was not reported: it is what the list amount buys at the list price. `list_price` and `price`
    are US dollars for one such unit, before and after discounts, to 12 places.
    """

    used: Decimal | None
    priced: Decimal | None
    list_price: Decimal | None
    price: Decimal | None
    derived: bool = False


def units(quantity: int | None, per: int, listed: Decimal | None, billed: Decimal, rate: Rate | None) -> Units:
    """The units of a charge of `quantity`, priced for `per` of it: listed and billed at so much, US dollars.

    `rate` is its list price, where there is one; what was listed is what was billed where the API does not say.
    """
    if quantity is not None:
        priced = EXACT.divide(Decimal(quantity), Decimal(per))
        list_price = None if listed is None else ratio(listed, priced)
        return Units(Decimal(quantity), priced, list_price, ratio(billed, priced))
    amount = billed if listed is None else listed
    if rate is None or (bought := ratio(amount, rate.low)) is None:
        return Units(None, None, None, None)
    return Units(EXACT.multiply(bought, Decimal(per)), bought, rate.low, ratio(billed, bought), derived=True)
