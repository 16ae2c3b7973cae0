"""Forecast effects: known changes of spend, and how a forecast takes them in.

History is made usual, the days ahead are not. Events come from the settings, price changes from the price lists,
retirements from the list of models. A price that changed in the last weeks is one too: the days before it are judged as
if it had held.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median

from tallystick.tally.events import Event

_RECENT = 28
"""Days of history that say which share of spend an effect is of."""
LONGEST = 31
"""An event of everything that is of no more days says all that they cost."""
_AROUND = (-14, -7, 7, 14)
"""A marked day is compared with the same weekday so many days away."""


@dataclass(frozen=True)
class Effect:
    """One change: on the days that `holds` names spend is `factor` times the usual, or `dollars` a day more.

    `part` is what was spent each day of what it is of; None where that is all that is forecast. Without factor and
    dollars the days are out of the ordinary and of unknown size.
    """

    reason: str
    holds: Callable[[date], bool]
    factor: float | None = None
    dollars: float | None = None
    part: Mapping[date, float] | None = None
    endless: bool = False
    whole: bool = False
    """Whether it says all that some days cost, as a holiday of everything does, and a launch does not."""

    def usual(self, day: date, amount: float) -> float | None:
        """Return what a past day would have cost without it; None where that cannot be said."""
        if not self.holds(day):
            return amount
        if self.dollars is not None:
            return max(0.0, amount - self.dollars)
        if self.factor is None:
            return amount if self.endless else None
        affected = amount if self.part is None else min(amount, self.part.get(day, 0.0))
        return amount - affected + affected / self.factor if self.factor else None

    def on(self, day: date, amount: float, share: float) -> float:
        """Return what a usual day costs with it; `share` is the part of spend that it is of."""
        if not self.holds(day):
            return amount
        if self.dollars is not None:
            return max(0.0, amount + self.dollars)
        return amount if self.factor is None else amount * (1 + share * (self.factor - 1))


@dataclass(frozen=True)
class Effects:
    """The effects that a forecast takes in, one after the other."""

    rows: Sequence[Effect] = ()
    _shares: dict[int, float] = field(default_factory=dict)

    def usual(self, history: Mapping[date, float]) -> dict[date, float]:
        """Return history as it would have been without them, days that cannot be told left out."""
        days: dict[date, float] = {}
        for day, spent in history.items():
            amount: float | None = spent
            for effect in self.rows:
                amount = None if amount is None else effect.usual(day, amount)
            if amount is not None:
                days[day] = amount
        recent = sorted(days)[-_RECENT:]
        recent_total = sum(days[day] for day in recent)
        for index, effect in enumerate(self.rows):
            if effect.part is not None:
                affected = [effect.usual(day, effect.part.get(day, 0.0)) or 0.0 for day in recent]
                self._shares[index] = min(1.0, sum(affected) / recent_total) if recent_total > 0 else 0.0
        return days

    def on(self, day: date, amount: float) -> float:
        """Return what a day ahead costs that usually costs this; after `usual`."""
        for index, effect in enumerate(self.rows):
            amount = effect.on(day, amount, self._shares.get(index, 1.0))
        return amount

    def whole_days(self, days: Sequence[date]) -> frozenset[date]:
        """Return the days of which an effect says all that they cost."""
        rows = [effect for effect in self.rows if effect.whole]
        return frozenset(day for day in days if any(effect.holds(day) for effect in rows))

    def reasons(self, days: Sequence[date]) -> list[str]:
        """Return what changes any of these days, each once."""
        return list(dict.fromkeys(effect.reason for effect in self.rows if any(map(effect.holds, days))))


def of_event(event: Event, history: Mapping[date, float], part: Mapping[date, float] | None) -> Effect:
    """Return the effect of an event; one of single days without a size has that of its past days, if any."""
    factor = None if event.factor is None else float(event.factor)
    dollars = None if event.dollars is None else float(event.dollars)
    endless = any(end == date.max for _, end in event.spans)
    reason = f"{event.reason} ({event.scope_label}"
    if factor is None and dollars is None and not endless:
        factor = _learned(event, history if part is None else part)
        reason += f", as its past days: times {factor:.2f}" if factor is not None else ", size unknown: not counted"
    elif factor is not None:
        reason += f", times {event.factor}"
    elif dollars is not None:
        reason += f", {event.dollars:+} USD a day"
    else:
        reason += ", size unknown: not counted"
    is_sized = factor is not None or dollars is not None
    is_once = is_sized and not event.scope and not endless and event.days <= LONGEST
    return Effect(f"{reason})", event.holds, factor, dollars, part, endless, is_once)


def _learned(event: Event, history: Mapping[date, float]) -> float | None:
    """What the past days of an event cost of the same weekdays around them; None where none can be compared."""
    shares = []
    for day in history:
        if event.holds(day):
            near = [day + timedelta(days=distance) for distance in _AROUND]
            around = [history[other_day] for other_day in near if other_day in history and not event.holds(other_day)]
            if around and (usual := median(around)) > 0:
                shares.append(history[day] / usual)
    return median(shares) if shares else None
