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

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from tallystick.core.money import EXACT, dollars, nearest_quotient, picodollars, total

Pool = tuple[str, ...]
"""What quantities are added up over: a scope and a unit."""
Line = tuple[Pool, tuple[str, ...]]
"""A line of the bill: its pool, and what tells it from others in there."""

Name = TypeVar("Name", bound=Hashable)


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
    def of(cls, before: int, after: int, price: int, volume: int) -> Effects:
        """Effects of picodollars; mix is what the others leave of the change."""
        return cls(*map(dollars, (before, after, price, volume, after - before - price - volume)))

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


@dataclass(frozen=True, slots=True)
class Pair(Generic[Name]):
    """A line in both spans: its pool, what it is summed by, quantities, and picodollars billed.

    A quantity is None where it is not known, and 0 where the line was not used.
    """

    pool: Pool
    name: Name
    old_quantity: int | None
    new_quantity: int | None
    old: int
    new: int


_NOTHING = Amount(0, Decimal(0))


def effects(before: Mapping[Line, Amount], after: Mapping[Line, Amount]) -> dict[Line, Effects]:
    """The effects of every line of either span."""
    pairs = []
    for line in {**before, **after}:
        old, new = before.get(line, _NOTHING), after.get(line, _NOTHING)
        amounts = (picodollars(amount.billed) for amount in (old, new))
        pairs.append(Pair(line[0], line, old.quantity, new.quantity, *amounts))
    return {line: Effects.of(*sums) for line, sums in summed(pairs).items()}


def summed(pairs: Sequence[Pair[Name]]) -> dict[Name, list[int]]:
    """Return the effects of lines, summed by their names: picodollars before and after, of price and volume.

    Fractions are exact, and of each line rounded once, to a picodollar; mix takes what rounding leaves.
    """
    pools: dict[Pool, list[int]] = {}
    for pair in pairs:
        sums = pools.setdefault(pair.pool, [0, 0])
        sums[0] += pair.old_quantity or 0
        sums[1] += pair.new_quantity or 0
    results: dict[Name, list[int]] = {}
    for pair in pairs:
        was, now = pools[pair.pool]
        result = results.setdefault(pair.name, [0, 0, 0, 0])
        result[0] += pair.old
        result[1] += pair.new
        if pair.old_quantity is None or pair.new_quantity is None or not was or not now:
            result[3] += pair.new - pair.old
            continue
        result[3] += nearest_quotient(pair.old * (now - was), was)
        if pair.old_quantity and pair.new_quantity:
            change = pair.new * pair.old_quantity - pair.old * pair.new_quantity
            result[2] += nearest_quotient(change, pair.old_quantity)
    return results
