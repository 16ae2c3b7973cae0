"""Discount: what a contract takes off the list price from a day on (analytics-api 1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

_WHOLE = 1000


@dataclass(frozen=True, slots=True)
class Discount:
    """So many thousandths off everything from `since` on, up to the day `until`, not included.

    Raises ValueError for a share that is odd or not between 0 and 1000: every discounted rate is whole picodollars.
    """

    permille: int
    since: date
    until: date = date.max

    def __post_init__(self) -> None:
        if not 0 <= self.permille <= _WHOLE or self.permille % 2:
            raise ValueError(f"a discount is an even number of thousandths from 0 to 1000, not {self.permille}")

    def off(self, picodollars: int, day: date) -> int:
        """What is left of a list amount of a day, exactly; ValueError where that would be finer than a picodollar."""
        if not self.since <= day < self.until:
            return picodollars
        discounted, rest = divmod(picodollars * (_WHOLE - self.permille), _WHOLE)
        if rest:
            raise ValueError(f"{picodollars} picodollars less {self.permille} permille is finer than a picodollar")
        return discounted


NO_DISCOUNT = Discount(0, date.max)
