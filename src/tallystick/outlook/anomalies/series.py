"""Series: one measure of one subject, day by day, and the dollars that it moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Measure(StrEnum):
    """What is watched: spend at constant prices, the mixed price per token, the cache hit rate."""

    SPEND = "spend"
    PRICE = "price"
    CACHE = "cache"


WEEKLY = {Measure.SPEND}
"""Measures whose size depends on the weekday; the two others are rates."""
FLOORS = {Measure.PRICE: 0.04, Measure.CACHE: 0.04}
"""The least scatter that a measure is taken to have, in logs."""
FLOOR = 0.08
"""The same of amounts."""


@dataclass(frozen=True, slots=True)
class Series:
    """A value for each day, and the US dollars that the day cost; None where nothing is known of the day.

    A value that is `1 + x` times the expected one cost `x / (1 + x)` of the day's dollars too much.
    """

    measure: Measure
    values: Sequence[float | None]
    dollars: Sequence[float]
    weekday: int
    """The weekday of the first day, 0 for Monday."""
    offset: float
    """What is added to a value before its log is taken: amounts far below it do not matter."""

    @property
    def floor(self) -> float:
        """The least scatter that it is taken to have, in logs."""
        return FLOORS.get(self.measure, FLOOR)

    def usual(self, day: int, expected: float) -> float:
        """The US dollars that a day would have cost at the expected value."""
        value = self.values[day] or 0.0
        if self.measure is Measure.SPEND:
            return expected
        return self.dollars[day] * expected / value if value else 0.0
