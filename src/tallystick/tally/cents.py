"""Cents: exact amounts as cents to post, whose sum is the rounded sum of the exact ones."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Context, Decimal

from tallystick.core.money import EXACT, rounded, total

CENT = Decimal("0.01")
_WIDE = Context(prec=76)


def cents(amounts: Sequence[Decimal]) -> list[Decimal]:
    """US dollars to the cent, each within a cent of its exact amount, that sum to their sum, rounded half to even.

    Each is rounded down; the cents that are left go to the largest remainders, the first of equal ones first.
    """
    floors = [amount.quantize(CENT, rounding=ROUND_FLOOR, context=_WIDE) for amount in amounts]
    leftover_cents = int(EXACT.scaleb(EXACT.subtract(rounded(total(list(amounts))), total(floors)), 2))
    order = sorted(range(len(amounts)), key=lambda index: EXACT.subtract(floors[index], amounts[index]))
    for index in order[:leftover_cents]:
        floors[index] = EXACT.add(floors[index], CENT)
    return floors
