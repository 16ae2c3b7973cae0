"""Finding: one cause of spend that stands out, with exact dollars and what explains them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tallystick.core.money import EXACT, total
from tallystick.outlook.anomalies.cells import Cell
from tallystick.outlook.anomalies.episode import CERTAIN, FAR
from tallystick.outlook.anomalies.series import Measure
from tallystick.outlook.anomalies.subjects import Subject
from tallystick.tally.variance import Effects

EXPECTED = "expected"
"""The state of a finding that somebody planned, or acknowledged."""


LARGE = 5
"""So many times the minimum is much money: one day far above that costs less may be chance, of thousands of days."""
SEVERAL = 2
"""So many days on which a rate is far above are no chance, whatever they cost; spend comes in bursts of days."""


class Cause(StrEnum):
    """What a finding's dollars come from, most of them."""

    VOLUME = "volume"
    MODEL = "model"
    CACHE = "cache"
    MIX = "mix"
    PRICE = "price"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a finding that a key, or a person without one, a model and a kind of token have."""

    workspace: str
    key: str
    actor: str
    model: str
    kind: str
    effects: Effects


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a finding: US dollars spent, and what was expected."""

    day: date
    spent: Decimal
    expected: Decimal


@dataclass(frozen=True, slots=True)
class Rates:
    """Before and since: the cache hit rate, and US dollars per million tokens; None where there were no tokens."""

    hit_rate: Decimal | None
    price: Decimal | None


@dataclass(frozen=True)
class Finding:
    """What stands out: `above` is `spent` less `expected`, and its parts and effects add up to it exactly.

    `model` is what came from another mix of models, `mix` from another mix of the kinds of tokens of one model. `known`
    is how many days the expectation comes from, `deviations` those of its furthest day, `far_days` on how many
    days a rate was far above, `minimum` the US dollars below which nothing is a finding. With `goes_on` it began before
    the running day, which goes on with it. `reason` says who expected it, where somebody did.
    """

    id: str
    subject: Subject
    since: date
    until: date
    seen: date
    state: str
    measure: Measure
    new: bool
    rate: bool
    running: bool
    together: int
    cells: Sequence[Cell]
    days: Sequence[Day]
    parts: Sequence[Part]
    model: Decimal
    before: Rates
    after: Rates
    known: int
    deviations: float
    far_days: int
    minimum: Decimal
    goes_on: bool
    reason: str = ""

    @property
    def spent(self) -> Decimal:
        """What was spent, US dollars."""
        return total([day.spent for day in self.days])

    @property
    def expected(self) -> Decimal:
        """What was expected, US dollars."""
        return total([day.expected for day in self.days])

    @property
    def above(self) -> Decimal:
        """What was spent above that."""
        return EXACT.subtract(self.spent, self.expected)

    @property
    def is_clear(self) -> bool:
        """Whether it is hardly chance: of no scatter, far above by much money or days of a rate, or still once seen."""
        is_large = self.deviations >= FAR and self.above >= EXACT.multiply(self.minimum, LARGE)
        is_far = is_large or self.far_days >= SEVERAL or self.deviations >= CERTAIN
        return is_far or self.until > self.seen or self.goes_on

    @property
    def shares(self) -> Mapping[Cause, Decimal]:
        """What each cause comes to, US dollars; together they are what is above expectation."""
        effects = Effects.sum([part.effects for part in self.parts])
        mix = EXACT.subtract(effects.mix, self.model)
        return {Cause.VOLUME: effects.volume, Cause.MODEL: self.model, self._kinds: mix, Cause.PRICE: effects.price}

    @property
    def cause(self) -> Cause:
        """The first cause: the largest."""
        if self.new:
            return Cause.NEW
        if self.rate:
            return Cause.PRICE
        return max(self.shares.items(), key=lambda share: share[1])[0]

    @property
    def _kinds(self) -> Cause:
        """What another mix of kinds of tokens is called: less read from the cache, where it is that."""
        before, after = self.before.hit_rate, self.after.hit_rate
        fell = before is not None and after is not None and before - after > CACHE_FELL
        return Cause.CACHE if fell else Cause.MIX


CACHE_FELL = Decimal("0.03")
"""A hit rate that fell by more than so much is why more tokens were not read from the cache."""


def finding_id(subject: Subject, since: date, *, rate: bool) -> str:
    """The id of a finding: a hash of what it is of and since when."""
    text = "|".join((*subject, str(since), "price" if rate else ""))
    return hashlib.sha256(text.encode()).hexdigest()[:8]
