"""Year end: what the days from 24 December to 1 January cost of usual ones, as many rest then and some do not.

Where people rest, a holiday costs about what a weekend day does. Until its days are known, the year end is expected
half way between usual days and weekends, and its 95 % range holds both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist, fmean

FIRST, LAST = (12, 24), (1, 1)
"""Its first and its last day, as month and day."""
AROUND = 14
"""Days before and after it that say what is usual."""
_EARLIER = 2
"""What is expected beforehand counts as so many known days."""
_LEAST = 0.35
"""The least deviation of a year end that is not known yet, in logarithms: one in ten falls by over a third."""
_SURE = 1.645
"""So many deviations hold nine in ten year ends: so many lie between usual days and weekends."""
_FLOOR = 0.02
"""No year end and no weekend counts as less of usual days."""
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class YearEnd:
    """What a day of it costs of a usual one of its weekday, how far that may be off in logarithms, and by what days."""

    factor: float
    deviation: float
    known: int

    @property
    def reason(self) -> str:
        """What is expected of it and why, in words."""
        days = f"24 Dec to 1 Jan, times {self.factor:.2f}"
        if self.known:
            return f"{days}, by {self.known} of its days"
        return f"{days}, half way to weekends; an [[event]] of everything says it better"

    def stray(self, part: float, chance: float) -> float:
        """Return how far a sum strays by it at a chance, in logarithms, where it is so large a part of the sum."""
        return math.log1p(part * math.expm1(NormalDist().inv_cdf(chance) * self.deviation))


def is_year_end(day: date) -> bool:
    """Return whether a day is of the year end."""
    return (day.month, day.day) >= FIRST or (day.month, day.day) <= LAST


def year_end(weekdays: Sequence[float], spent: float, usual: float, known: int) -> YearEnd:
    """Return the year end of shares of weekdays, of which so many days are known that cost this, and usually that."""
    rest = max(fmean(weekdays[_SATURDAY:]), _FLOOR) / max(fmean(weekdays[:_SATURDAY]), _FLOOR)
    middle = min(0.0, math.log(rest) / 2)
    deviation = max(_LEAST, -middle / _SURE)
    if not known or usual <= 0:
        return YearEnd(math.exp(middle), deviation, 0)
    own = math.log(max(spent / usual, _FLOOR))
    weight = known / (known + _EARLIER)
    return YearEnd(math.exp(weight * own + (1 - weight) * middle), deviation * math.sqrt(1 - weight), known)
