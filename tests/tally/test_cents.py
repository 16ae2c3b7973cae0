"""Cents to post: each within a cent of its exact amount, together the rounded sum."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, strategies as st

from tallystick.core.money import rounded, total
from tallystick.tally.cents import CENT, cents

amounts = st.lists(st.integers(-(10**18), 10**18).map(lambda number: Decimal(number).scaleb(-12)), max_size=12)


@given(amounts)
def test_cents_sum_to_the_rounded_sum(exact: list[Decimal]) -> None:
    """Whatever the amounts, negative ones too, the cents sum to their rounded sum, and none is a whole cent off."""
    posted = cents(exact)
    assert total(posted) == rounded(total(exact))
    assert all(abs(to_post - amount) < CENT for to_post, amount in zip(posted, exact, strict=True))


@given(amounts)
def test_whole_cents_stay(exact: list[Decimal]) -> None:
    """Amounts in whole cents are posted as they are."""
    cent_amounts = [rounded(amount) for amount in exact]
    assert cents(cent_amounts) == cent_amounts
