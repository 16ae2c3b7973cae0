"""Variance: why what was billed changed between two spans, split into price, volume and mix that add up exactly.

Within a pool, whose quantities can be added up (one unit, one scope), with Q0 and Q1 the pool's quantities and q0, q1,
b0, b1 a line's quantity and bill before and after:

    volume = b0 x (Q1/Q0 - 1)               all lines grown as the pool grew
    price  = b1 - b0 x q1/q0                what is used now, at the effective rate of now instead of that of before
    mix    = b0 x (q1/q0 - Q1/Q0)           the line's share of the pool, at the effective rate of before

A line that is new or gone has no rate to compare with: its price effect is zero, and what is not volume is mix. Where
the quantity of a line or of one side of the pool is not known or zero, nothing tells these apart: all is volume.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tallystick.core.money import EXACT, dollars, picodollars, total

Pool = tuple[str, ...]
"""What quantities are added up over: a scope and a unit."""
Line = tuple[Pool, tuple[str, ...]]
"""A line of the bill: its pool, and what tells it from others in there."""


@dataclass(frozen=True, slots=True)
class Amount:
    """What a line was in one span: how much was used, None where that is not known, and US dollars billed for it.

    `quantity` is a whole number of whatever all lines of the pool are counted in.
    """

    quantity: int | None
    billed: Decimal


@dataclass(frozen=True, slots=True)
class Effects:
    """What a line was billed before and after, and the three effects, in exact US dollars to 12 places.

    `before + price + volume + mix = after`, always.
    """

    before: Decimal
    after: Decimal
    price: Decimal
    volume: Decimal
    mix: Decimal

    @property
    def change(self) -> Decimal:
        """After less before."""
        return EXACT.subtract(self.after, self.before)

    @classmethod
    def sum(cls, lines: list[Effects]) -> Effects:
        """Several lines as one."""
        return cls(
            total([line.before for line in lines]),
            total([line.after for line in lines]),
            total([line.price for line in lines]),
            total([line.volume for line in lines]),
            total([line.mix for line in lines]),
        )


_ZERO = Decimal(0)
_NOTHING = Amount(0, _ZERO)


def effects(before: Mapping[Line, Amount], after: Mapping[Line, Amount]) -> dict[Line, Effects]:
    """The effects of every line of either span.

    Fractions are exact and rounded once, to a picodollar; mix takes what rounding leaves.
    """
    sums: dict[Pool, tuple[int, int]] = {}
    pairs = {line: (before.get(line, _NOTHING), after.get(line, _NOTHING)) for line in {**before, **after}}
    for (pool, _), (old, new) in pairs.items():
        was, now = sums.get(pool, (0, 0))
        sums[pool] = (was + (old.quantity or 0), now + (new.quantity or 0))
    return {line: _split(old, new, *sums[line[0]]) for line, (old, new) in pairs.items()}


def _split(old: Amount, new: Amount, was: int, now: int) -> Effects:
    change = EXACT.subtract(new.billed, old.billed)
    if old.quantity is None or new.quantity is None or not was or not now:
        return Effects(old.billed, new.billed, _ZERO, change, _ZERO)
    b0 = picodollars(old.billed)
    volume = dollars(b0 * (now - was), was)
    price = _ZERO
    if old.quantity and new.quantity:
        price = dollars(picodollars(new.billed) * old.quantity - b0 * new.quantity, old.quantity)
    return Effects(old.billed, new.billed, price, volume, EXACT.subtract(EXACT.subtract(change, price), volume))
