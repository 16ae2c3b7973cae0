from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tallystick.core.price_entries import Rate
from tallystick.tally.prices_in_force import Prices
from tallystick.tally.unit_prices import units


@pytest.fixture
def hour() -> Rate:
    """What an hour of code execution costs by the list: 0.05 USD."""
    rate = Prices.with_own().listed.rate(
        "none", "code_execution", date(2026, 10, 1), tier="none", context="none", geo="none", speed="none"
    )
    assert isinstance(rate, Rate)
    return rate


def test_what_was_reported_is_divided(hour: Rate) -> None:
    """Of a quantity that was reported both prices are amounts for a priced unit, whatever the list says."""
    known = units(1_500_000, 1_000_000, Decimal("4.5"), Decimal(3), hour)
    assert (known.used, known.priced) == (1_500_000, Decimal("1.5"))
    assert (known.list_price, known.price, known.derived) == (3, 2, False)


def test_what_is_listed_at_no_price_has_none() -> None:
    """Without an amount at list price the list price is unknown, and the price is that of the bill."""
    known = units(1_500_000, 1_000_000, None, Decimal(3), None)
    assert (known.priced, known.list_price, known.price) == (Decimal("1.5"), None, 2)


def test_a_quantity_is_what_the_amount_buys(hour: Rate) -> None:
    """Without a quantity it is what the list amount buys at the list price, else what the billed amount buys."""
    bought = units(None, 2, Decimal("0.15"), Decimal("0.12"), hour)
    assert (bought.used, bought.priced) == (6, 3)
    assert (bought.list_price, bought.price, bought.derived) == (Decimal("0.05"), Decimal("0.04"), True)
    billed = units(None, 1, None, Decimal("0.10"), hour)
    assert (billed.used, billed.list_price, billed.price) == (2, Decimal("0.05"), Decimal("0.05"))


@pytest.mark.parametrize("free", [False, True])
def test_without_a_price_it_is_unknown(hour: Rate, free: bool) -> None:
    """Where there is no price, or it is zero, nothing is bought: what was used is unknown, not zero."""
    rate = replace(hour, low=Decimal(0)) if free else None
    unknown = units(None, 1, Decimal("0.15"), Decimal("0.12"), rate)
    assert (unknown.used, unknown.priced, unknown.list_price, unknown.price) == (None, None, None, None)
    assert not unknown.derived
