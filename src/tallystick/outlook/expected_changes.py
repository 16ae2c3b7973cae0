"""Expected changes: the events, price changes and retirements that a forecast of some charges has to take in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from math import fsum
from typing import Any

from tallystick.core.dimensions import OWNED
from tallystick.core.filter import Filter, pattern
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.models import same
from tallystick.core.price_entries import Rate
from tallystick.core.prices import PriceList
from tallystick.core.question import Question
from tallystick.core.time import DAY, Window
from tallystick.outlook.daily_spend import Daily, Where
from tallystick.outlook.forecast_effects import Effect, Effects, of_event
from tallystick.query.filters import ids_of, named_ids
from tallystick.tally.events import Event, Events

_RECENT = 28
"""Days before today whose charges say what a price change comes to, and whose prices a history is moved to."""
_REQUEST = ("tier", "context", "geo", "speed")


@dataclass(frozen=True)
class ExpectedChanges:
    """The changes up to the last day of a forecast, of what `where` holds to, by the values of a dimension or all."""

    daily: Daily
    where: Where
    by: str
    last: date
    events: Events = field(default_factory=Events)
    prices: PriceList | None = None
    _scopes: dict[int, tuple[Mapping[str, Mapping[date, Any]], Mapping[date, Any]]] = field(default_factory=dict)
    _mixes: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    def planned(self) -> set[str]:
        """Return the values of the dimension that events inside `where` are of, whether anything was spent or not."""
        if not self.by:
            return set()
        events = (event for event in self._events if event.dollars is not None and self._inside(event))
        parts = (event.scope.get(self.by, Filter()) for event in events)
        return {value for part in parts if part.single for value in part.values}

    def of(self, value: str, history: Mapping[date, float]) -> Effects:
        """Return the effects on the days of a value, or on all under an empty text."""
        effects = [effect for event in self._events if (effect := self._of_event(event, value, history))]
        return Effects((*effects, *self._price_changes(value), *self._retirements(value)))

    @property
    def _events(self) -> list[Event]:
        return self.events.during(self.daily.window.start.date(), self.last)

    @property
    def _today(self) -> date:
        return self.daily.now.date()

    def _of_event(self, event: Event, value: str, history: Mapping[date, float]) -> Effect | None:
        """The effect of an event on a value; None where that has no part in it."""
        if not event.scope and not value and not self.where:
            return of_event(event, history, None)
        parts, scope_days = self._scope(event)
        days = {day: float(amount) for day, amount in parts.get(value, {}).items()}
        affected, scope_total = (fsum(float(amount) for amount in side.values()) for side in (days, scope_days))
        if event.dollars is None:
            return of_event(event, history, days) if affected else None
        of_value = event.scope.get(self.by, Filter())
        if self.by and value and of_value.single and value in of_value.values and self._inside(event):
            share = 1.0
        else:
            share = affected / scope_total if scope_total else float(not value and self._inside(event))
        effect = of_event(event, history, days)
        return Effect(effect.reason, effect.holds, None, float(event.dollars) * share, days) if share else None

    def _inside(self, event: Event) -> bool:
        """Whether an event is of nothing but what `where` holds to; one that names no organization is of each."""
        return all(
            all(self._takes(name, part, value) for value in event.scope[name].values)
            if name in event.scope
            else name == "organization"
            for name, part in self.where.items()
        )

    def _takes(self, name: str, part: Filter, value: str) -> bool:
        """Whether a filter takes all that a value of an event names, each by its id or its name."""
        ids = set() if name in OWNED else ids_of(self.daily.engine, name, value)
        if not ids:
            return pattern(value) is None and part.takes(value)
        wanted_ids, left_out = named_ids(self.daily.engine, CHARGES, name, part, strict=False)
        return (not part.values or ids <= wanted_ids) and not ids & left_out

    def _scope(self, event: Event) -> tuple[Mapping[str, Mapping[date, Any]], Mapping[date, Any]]:
        """What was spent in the scope of an event, by value, and all of it."""
        key = id(event)
        if key not in self._scopes:
            parts = self.daily.spent(self.where, event.scope, self.by)
            self._scopes[key] = parts, self.daily.spent({}, event.scope).get("", {})
        return self._scopes[key]

    def _price_changes(self, value: str) -> Iterator[Effect]:
        """What each change of the price lists around today and up to the last day does to recent charges."""
        if self.prices is None:
            return
        for turn in self._turns():
            amounts: list[tuple[float, float]] = []
            changed = set()
            for row in self._mix(value):
                old, new = (self._rate(row, day) for day in (turn - timedelta(days=1), turn))
                billed = float(row["billed"])
                amounts.append((billed, billed * new / old if old and new else billed))
                changed |= {row["model"]} if old and new and old != new else set()
            before, after = (fsum(side) for side in zip(*amounts, strict=True)) if amounts else (0.0, 0.0)
            if changed and before > 0:
                factor = after / before
                reason = f"prices of {', '.join(sorted(changed))} change on {turn} (times {factor:.3f} in all)"
                yield Effect(reason, partial(_from, turn), factor, endless=True)

    def _turns(self) -> list[date]:
        """The days on which a price of the lists begins or ends, from the recent ones to the last."""
        turns: list[date] = []
        day = self.last
        while self.prices and (turn := self.prices.since(day)) > self._today - timedelta(days=_RECENT):
            turns.append(turn)
            day = turn - timedelta(days=1)
        return turns[::-1]

    def _rate(self, row: Mapping[str, Any], day: date) -> float | None:
        request = {name: row[name] for name in _REQUEST}
        rate = self.prices.rate(row["model"], row["kind"], day, **request) if self.prices else None
        return (float(rate.low) + float(rate.high)) / 2 if isinstance(rate, Rate) else None

    def _retirements(self, value: str) -> Iterator[Effect]:
        """The models that retire up to the last day: alone they cost nothing from then on, else others take over."""
        for model in sorted({row["model"] for row in self._mix(value) if self.prices}):
            retires = self.prices.retires(model) if self.prices else None
            if retires and self._today < retires <= self.last:
                models = self.where.get("model", Filter())
                alone = (self.by == "model" and value) or (models.single and same(models.values[0], model))
                reason = f"{model} retires on {retires}"
                reason += "" if alone else "; its use is expected to go on by other models at the same cost"
                yield Effect(reason, partial(_from, retires), 0.0 if alone else None, endless=True)

    def _mix(self, value: str) -> list[Mapping[str, Any]]:
        """What the last weeks were billed by model, kind and request, of a value."""
        if not self._mixes:
            today = Window.of_day(self._today).start
            by = tuple(dict.fromkeys((*([self.by] if self.by else []), "model", "kind", *_REQUEST)))
            for row in self.daily.billed(Question("forecast", Window(today - DAY * _RECENT, today), by, self.where)):
                if row["billed"] > 0:
                    self._mixes.setdefault(row[self.by] or "" if self.by else "", []).append(row)
            self._mixes.setdefault("", [])
        return self._mixes.get(value, [])


def _from(first: date, day: date) -> bool:
    return day >= first
