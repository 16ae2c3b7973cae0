"""Bill line: one that needs more than sums of 128 bits to be judged: tokens at two rates, or very large numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd

_PAIR = 2


@dataclass(slots=True)
class Judgement:
    """What makes up a line's gap, in picodollars: by a changed price, refused tokens, large prompts, neither of these.

    `rest` is what is left of the gap.
    """

    by_price: int = 0
    refused: int = 0
    refused_tokens: int | None = None
    large: int = 0
    large_tokens: int | None = None
    unexplained: int = 0
    rest: int = 0


@dataclass(slots=True)
class Line:
    """A line of the bill beside all use that it may cover, at `factor / base` of rates for `per` units.

    `coins` are the rates in picodollars and how many tokens were used at each, `steps` the same of what the range of a
    rate adds, `units` is all of it; `charges` is how many there are, `changed` whether the factor is a price.
    """

    billed: int
    gap: int
    charges: int
    units: int
    per: int
    coins: Mapping[int, int] = field(default_factory=dict)
    steps: Mapping[int, int] = field(default_factory=dict)
    factor: int = 1
    base: int = 1
    changed: bool = False

    def judgement(self) -> Judgement:
        """The causes of the gap; they sum to it."""
        causes = Judgement()
        by_price = self.billed - round(Fraction(self.billed * self.base, self.factor))
        if self.units and self._fits(self.units):
            pass
        elif missing := self._missing():
            units, causes.refused_tokens = missing
            causes.refused = -round(Fraction(units, self.per))
        elif larger := self._larger():
            [coin], [step] = self.coins, self.steps
            causes.large_tokens, refused = larger
            causes.large = round(Fraction(causes.large_tokens * step, self.per))
            causes.refused, causes.refused_tokens = -round(Fraction(refused * coin, self.per)), refused
        else:
            by_price = round(Fraction((self.factor - self.base) * self.units, self.base * self.per))
            causes.unexplained = self.billed - round(Fraction(self.factor * self.units, self.base * self.per))
        causes.by_price = by_price if self.changed else 0
        causes.rest = self.gap - causes.by_price - causes.refused - causes.large - causes.unexplained
        return causes

    @property
    def _excess(self) -> int:
        """Billed less the price, both times `base * per`."""
        return self.billed * self.base * self.per - self.units * self.factor

    def _fits(self, units: int) -> bool:
        """Whether so much at list price is what was billed, rounding within a picodollar a row where there is any."""
        price, base = self.factor * units, self.base * self.per
        off = abs(self.billed * base - price)
        return not off or (price % base > 0 and off < self.charges * base)

    def _missing(self) -> tuple[int, int] | None:
        """What the tokens cost that were used and not billed, and how many; None where no whole number fits."""
        if len(self.coins) == 1:
            [(coin, used)] = self.coins.items()
            count = round(Fraction(-self._excess, self.factor * coin))
            return (count * coin, count) if 0 < count <= used and self._fits(self.units - count * coin) else None
        less, part = divmod(-self._excess, self.factor)
        tokens = _count(less, self.coins) if less > 0 and not part else None
        return None if tokens is None else (less, tokens)

    def _larger(self) -> tuple[int, int] | None:
        """How many tokens of large prompts make up the excess, and how many of them were refused."""
        if len(self.steps) != 1 or len(self.coins) != 1 or self._excess <= 0:
            return None
        [(step, used)], [coin] = self.steps.items(), self.coins
        count = -(-self._excess // (self.factor * step))
        refused, part = divmod(count * step * self.factor - self._excess, self.factor * coin)
        return None if part or count + refused > used else (count, refused)


def _count(amount: int, coins: Mapping[int, int]) -> int | None:
    """How many tokens cost exactly so much at two rates, at most those used of each; None where none do."""
    if len(coins) != _PAIR:
        return None
    (first, most), (second, limit) = coins.items()
    shared = gcd(first, second)
    if amount % shared:
        return None
    first, second, amount = first // shared, second // shared, amount // shared
    least = max(0, -((most * first - amount) // second))
    count = least + (amount * pow(second, -1, first) - least) % first
    return None if count > min(limit, amount // second) else count + (amount - count * second) // first
