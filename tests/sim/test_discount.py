from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from support.newer_reports import COST, DAILY, FANNED, OWN, SPAN, cents, days, grouped, rows
from support.simulator_api import api_of
from tallystick.sim import Behavior, Discount, World

SINCE = date(2026, 11, 10)


@pytest.fixture(scope="module")
def discounted() -> World:
    """A small world with 12.6% off from a day in the middle of the span on."""
    return World(start=date(2026, 8, 1), end=date(2026, 11, 22), requests_per_key_day=20, discount=Discount(126, SINCE))


def test_a_discount_lowers_the_amount_from_its_day_on(discounted: World) -> None:
    """Amount and list amount are the same before the discount, and so far apart from its first day on."""
    for row in rows(api_of(discounted), COST, DAILY):
        amount, listed = Decimal(row["cost"]["amount"]), Decimal(row["cost"]["list_amount"])
        day = date.fromisoformat(row["starting_at"][:10])
        assert (amount, listed) == (100 * discounted.billed(day), 100 * discounted.listed(day))
        assert amount == (listed if day < SINCE else listed * 874 / 1000)


def test_every_row_is_discounted(discounted: World) -> None:
    """Any grouping and any component keeps both totals to the last place."""
    api = api_of(discounted)
    report = rows(api, COST, [*SPAN, ("limit", "1000"), *grouped(*OWN[:4]), *FANNED])
    (total,) = rows(api, COST, SPAN)
    assert cents(report) == cents([total]) == 100 * sum(discounted.billed(day) for day in days())
    assert cents(report, "list_amount") == cents([total], "list_amount") == 100 * sum(map(discounted.listed, days()))


@pytest.mark.parametrize("switch", [True, False])
def test_the_older_report_is_discounted_or_not(discounted: World, *, switch: bool) -> None:
    """The older cost report tells the discounted amount, or the list price by a switch."""
    api = api_of(discounted, behavior=Behavior(discounted=switch))
    for bucket in api.buckets("cost_report", SPAN):
        day = date.fromisoformat(bucket["starting_at"][:10])
        truth = discounted.billed(day) if switch else discounted.listed(day)
        assert sum(Decimal(row["amount"]) for row in bucket["results"]) == 100 * truth


def test_ranking_by_list_amount(discounted: World) -> None:
    """The list amount ranks as it reads, not as it is billed."""
    report = rows(api_of(discounted), COST, [*DAILY, *grouped("model"), ("order_by", "list_amount")])
    listed = [Decimal(row["cost"]["list_amount"]) for row in report]
    billed = [Decimal(row["cost"]["amount"]) for row in report]
    assert listed == sorted(listed, reverse=True)
    assert billed != sorted(billed, reverse=True)


@pytest.mark.parametrize("permille", [-2, 125, 1002])
def test_a_discount_that_cannot_be_exact_is_refused(permille: int) -> None:
    """An odd number of thousandths, or one out of range, is a ValueError."""
    with pytest.raises(ValueError, match="thousandths"):
        Discount(permille, SINCE)
