"""Plain lines: charges, and a line of the bill with all use that it may cover, in fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import ceil, gcd, lcm

import duckdb

from tallystick.core.money import EXACT, PLACES
from tallystick.core.price_entries import Rate, Unpriced
from tallystick.store.session import temp_table
from tallystick.tally.reconcile.price_factors import Change

_ODD = 10_000
_PAIR = 2


@dataclass(frozen=True, slots=True)
class Part:
    """The charges of one combination of dimensions on a day, summed; money in whole picodollars, null as there.

    `rows` counts the charges, `cause` is theirs; `wanted` is whether the answer shall hold it. `listed` is what it
    costs at the public list's prices, `priced` at those in force.
    """

    organization: str
    day: date
    workspace: str
    model: str
    kind: str
    tier: str
    context: str
    geo: str
    speed: str
    cause: str
    rows: int
    quantity: int | None
    billed: int | None
    priced: int | None
    wanted: bool = True
    listed: int | None = None

    @property
    def gap(self) -> int:
        """Billed less priced."""
        return (self.billed or 0) - (self.priced or 0)


@dataclass(frozen=True, slots=True)
class WholeRate:
    """A rate in whole picodollars for `per` units; `modifiers` are what each of them adds to it."""

    low: int
    high: int
    per: int
    modifiers: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, rate: Rate) -> WholeRate:
        """The rate of a price list."""
        lows = [
            int(EXACT.scaleb(span.low, PLACES)) for span in (rate.standard, *(step.rate for step in rate.modifiers))
        ]
        added = (after - before for before, after in pairwise(lows))
        modifiers = tuple(zip((step.name for step in rate.modifiers), added, strict=True))
        low, high = (int(EXACT.scaleb(dollars, PLACES)) for dollars in (rate.low, rate.high))
        return cls(low, high, rate.per, modifiers)


@dataclass
class Line:
    """A line of the bill, with all use that it may cover, at rates for `per` units.

    `coins` are the rates in picodollars and how many tokens were used at each, `steps` the same of what the range of a
    rate adds, `units` is all of it. `own` is whether it is priced otherwise than by the public list.
    """

    parts: list[Part] = field(default_factory=list)
    coins: dict[int, int] = field(default_factory=dict)
    steps: dict[int, int] = field(default_factory=dict)
    units: int = 0
    per: int = 1
    unpriced: str = ""
    change: Change | None = None
    own: bool = False

    def add(self, part: Part, rate: WholeRate | Unpriced) -> None:
        """Take a part in, at its rate."""
        self.parts.append(part)
        if part.quantity is None:
            return
        if isinstance(rate, Unpriced) or part.priced is None:
            self.unpriced = rate.reason if isinstance(rate, Unpriced) else "tallied by other price lists"
            return
        self.per = rate.per
        self.units += rate.low * part.quantity
        if rate.low:
            self.coins[rate.low] = self.coins.get(rate.low, 0) + part.quantity
        if step := rate.high - rate.low:
            self.steps[step] = self.steps.get(step, 0) + part.quantity

    @cached_property
    def exact(self) -> Fraction:
        """What its use costs at these rates, in picodollars."""
        return Fraction(self.units, self.per)

    @cached_property
    def billed(self) -> int:
        """What was billed."""
        return sum(part.billed or 0 for part in self.parts)

    @cached_property
    def rows(self) -> int:
        """How many charges it is."""
        return sum(part.rows for part in self.parts)

    @property
    def gap(self) -> int:
        """Billed less priced."""
        return sum(part.gap for part in self.parts)

    def fits(self, factor: Fraction, listed: Fraction) -> bool:
        """Whether so much at list price is what was billed, rounding within a picodollar a row where there is any."""
        price, base = factor.numerator * listed.numerator, factor.denominator * listed.denominator
        off = abs(self.billed * base - price)
        return not off or (price % base > 0 and off < self.rows * base)

    def missing(self, factor: Fraction) -> tuple[Fraction, int] | None:
        """What the tokens cost that were used and not billed, and how many; None where no whole number fits."""
        if len(self.coins) == 1:
            [(coin, used)] = self.coins.items()
            rate = Fraction(coin, self.per)
            count = round((self.exact - self.billed / factor) / rate)
            return (count * rate, count) if 0 < count <= used and self.fits(factor, self.exact - count * rate) else None
        less = self.exact - self.billed / factor
        tokens = _whole(less, self.coins, self.per) if less > 0 else None
        return None if tokens is None else (less, tokens)

    def larger(self, factor: Fraction) -> tuple[Fraction, int, Fraction, int] | None:
        """What large prompts cost above the range's lower end, and how many tokens; then the same of those refused."""
        if len(self.steps) != 1 or len(self.coins) != 1:
            return None
        [(more, used)], [coin] = self.steps.items(), self.coins
        step, rate = Fraction(more, self.per), Fraction(coin, self.per)
        excess = self.billed / factor - self.exact
        count = ceil(excess / step)
        refused = (count * step - excess) / rate
        fits = excess > 0 and refused.denominator == 1 and count + refused <= used
        return (count * step, count, refused * rate, int(refused)) if fits else None

    @cached_property
    def ratio(self) -> Fraction | None:
        """Billed to list price; None where large prompts can account for it."""
        if self.larger(Fraction(1)):
            return None
        ratio = self.billed / self.exact
        if ratio == 1:
            return ratio
        near = ratio.limit_denominator(_ODD)
        return near if near > 0 and self.fits(near, self.exact) else ratio


def _whole(amount: Fraction, coins: Mapping[int, int], per: int) -> int | None:
    """How many tokens cost exactly so much at two rates for `per`, at most those used of each; None where none do."""
    if len(coins) != _PAIR:
        return None
    (first, most), (second, limit) = coins.items()
    scale = lcm(per, amount.denominator)
    first_units, second_units, amount_units = first * scale // per, second * scale // per, int(amount * scale)
    shared = gcd(first_units, second_units)
    if amount_units % shared:
        return None
    first_units, second_units, amount_units = first_units // shared, second_units // shared, amount_units // shared
    least = max(0, -((most * first_units - amount_units) // second_units))
    count = least + (amount_units * pow(second_units, -1, first_units) - least) % first_units
    return (
        None
        if count > min(limit, amount_units // second_units)
        else count + (amount_units - count * second_units) // first_units
    )


def tables(
    duck: duckdb.DuckDBPyConnection,
    parts: Sequence[Part],
    coarse: Mapping[tuple[str, date, str, str, str], frozenset[str]],
) -> None:
    """Make the same charges, and where the bill is coarser, the tables that the engine's bridge reads."""
    rows = [tuple(getattr(part, name) for name in _CHARGES) for part in parts]
    temp_table(duck, "charges", _CHARGES, rows)
    lines = [(*key, *(name in free for name in _FREE)) for key, free in coarse.items()]
    temp_table(duck, "coarse", {**_LINE, **dict.fromkeys(_FREE, "BOOLEAN")}, lines)


_LINE = {"organization": "VARCHAR", "day": "DATE", **dict.fromkeys(("workspace", "model", "kind"), "VARCHAR")}
_FREE = ("tier", "context", "geo")
_CHARGES = {
    **_LINE,
    **dict.fromkeys((*_FREE, "speed", "cause"), "VARCHAR"),
    "wanted": "BOOLEAN",
    "rows": "BIGINT",
    **dict.fromkeys(("quantity", "billed", "priced", "listed"), "HUGEINT"),
}
