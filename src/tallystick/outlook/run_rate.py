"""Run rate: each day costs the mean of its weekday, with a range by how known days strayed; for a few weeks of days.

Exact fractions, rounded once. The range holds the drift of the known days, as long as it was seen.
"""

from __future__ import annotations

import decimal
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import dropwhile

from tallystick.core.money import EXACT, nearest

FREEDOM = 3
"""A range needs so many known days beyond one for each weekday among them and one for the drift."""
NORMAL = {50: Fraction("0.6744897502"), 80: Fraction("1.2815515655"), 95: Fraction("1.9599639845")}
"""So many percent of a normal distribution lie within so many deviations."""
_ROUGH = decimal.Context(prec=50)


@dataclass(frozen=True, slots=True)
class RunRate:
    """What a day costs: the mean of its weekday over known days, how that drifted, and how far days stray from both.

    `drift` is US dollars a day, by least squares; `middle` is the day number at which it is zero, `leverage` the sum of
    squared distances from there, `reach` how far from there it is believed: as long as it was seen, past the last day.
    """

    means: Mapping[int, Fraction]
    counts: Mapping[int, int]
    of_all: Fraction
    middle: Fraction
    leverage: Fraction
    reach: Fraction
    drift: Fraction
    variance: Fraction
    freedom: int

    @classmethod
    def of(cls, known: Mapping[date, Fraction]) -> RunRate | None:
        """The rate of these days, from the first on which anything was spent; None where there are none."""
        days = list(dropwhile(lambda day: not known[day], sorted(known))) or sorted(known)
        if not days:
            return None
        by: dict[int, list[Fraction]] = {}
        for day in days:
            by.setdefault(day.weekday(), []).append(known[day])
        means = {weekday: _mean(amounts) for weekday, amounts in by.items()}
        middle = _mean([Fraction(day.toordinal()) for day in days])
        off = [(day.toordinal() - middle, known[day] - means[day.weekday()]) for day in days]
        leverage = sum((distance * distance for distance, _ in off), Fraction(0))
        drift = sum((distance * stray for distance, stray in off), Fraction(0)) / leverage if leverage else Fraction(0)
        freedom = len(days) - len(by) - 1
        squares = sum(((stray - distance * drift) ** 2 for distance, stray in off), Fraction(0))
        return cls(
            means,
            {weekday: len(amounts) for weekday, amounts in by.items()},
            _mean([known[day] for day in days]),
            middle,
            leverage,
            off[-1][0] + len(days),
            drift,
            squares / freedom if freedom > 0 else Fraction(0),
            freedom,
        )

    def mean(self, day: date) -> Fraction:
        """What a day is expected to cost: the mean of its weekday, of all days where that was never seen."""
        return self.means.get(day.weekday(), self.of_all)

    def margins(self, days: Sequence[date], percent: int = 80) -> tuple[Decimal, Decimal] | None:
        """How far the sum of these days may come out below and above the means; None where too few days are known.

        Wider by (1 + z^2) / 4n where n days say how far.
        """
        if self.freedom < FREEDOM:
            return None
        ahead = sum(
            (max(-self.reach, min(day.toordinal() - self.middle, self.reach)) for day in days), start=Fraction(0)
        )
        drifted = nearest(ahead * self.drift)
        weekdays = Counter(day.weekday() for day in days)
        unsure = sum(
            (Fraction(count * count, self.counts.get(weekday, 1)) for weekday, count in weekdays.items()), Fraction(0)
        )
        spread = self.variance * (len(days) + unsure + ahead * ahead / self.leverage)
        root = _ROUGH.sqrt(_ROUGH.divide(Decimal(spread.numerator), Decimal(spread.denominator)))
        deviations = NORMAL[percent]
        strays = nearest(deviations * (1 + (deviations * deviations + 1) / (4 * self.freedom)) * Fraction(root))
        zero = Decimal(0)
        return EXACT.subtract(strays, min(drifted, zero)), EXACT.add(strays, max(drifted, zero))


def _mean(amounts: Sequence[Fraction]) -> Fraction:
    return sum(amounts, Fraction(0)) / len(amounts)
