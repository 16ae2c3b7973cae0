"""Plants: facts put into a world so that they can be found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tallystick.sim.world.organization import Organization


class Plant(StrEnum):
    """The kinds of planted facts."""

    LAUNCH = "launch"
    LOOP = "runaway loop"
    CACHE = "broken cache"
    REFUSALS = "refusals"
    RETIREMENT = "retired model"
    SWAP = "model swap"
    LEAK = "leaked key"
    GROWTH = "slow growth"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Planted:
    """A fact about the key `subject` on the days from `first` to `last`, both included; `last` is None if it lasts.

    What ends comes again every `SEASON` days, so that a later clock has something to find too, unless it comes `once`.
    A holiday is of the organization `subject`. `size` is how many times its usual requests a loop or a leaked key
    makes, and by how many thousandths a day a growing key grows.
    """

    kind: Plant
    first: date
    last: date | None
    subject: str
    what: str
    once: bool = False
    size: int = 0

    def on(self, day: date) -> bool:
        """Whether the fact holds on a day."""
        if day < self.first or self.last is None:
            return day >= self.first
        if self.once:
            return day <= self.last
        return (day - self.first) % SEASON <= self.last - self.first


LOOP_HOURS = range(1, 6)
"""The UTC hours of the runaway loop."""

LOOP_FACTOR = 100
"""How many times its usual requests the loop makes in these hours."""

REFUSED_PERMILLE = 350
"""How many of a thousand requests are refused on the day of refusals."""

AGE = 60
"""Days that a world must have before its anchor, so that every plant falls inside."""


SEASON = timedelta(days=63)
"""After so many days, whole weeks, a fact that ended holds again."""

EARLIEST = date(2026, 6, 1)
"""The first anchor day that will do: by then the retired model has had a successor for long enough."""


def plant(organization: Organization, end: date) -> tuple[Planted, ...]:
    """The planted facts, in the 60 days before `end`, each on a key of its own."""

    def ago(days: int) -> date:
        return end - timedelta(days=days)

    loop, cache, refusals, retirement, launch = (key.id for key in organization.keys[:5])
    return (
        Planted(Plant.RETIREMENT, ago(45), None, retirement, "Claude Sonnet 4.5 is replaced by the current Sonnet"),
        Planted(Plant.LAUNCH, ago(33), None, launch, "the key's first day of use"),
        Planted(Plant.REFUSALS, ago(27), ago(27), refusals, f"{REFUSED_PERMILLE} of 1,000 requests are refused"),
        Planted(Plant.CACHE, ago(20), ago(17), cache, "no cache reads or writes: every prompt is uncached"),
        Planted(
            Plant.LOOP,
            ago(12),
            ago(12),
            loop,
            f"{LOOP_FACTOR} times the usual requests from {LOOP_HOURS.start:02}:00 to {LOOP_HOURS.stop:02}:00 UTC",
        ),
    )
