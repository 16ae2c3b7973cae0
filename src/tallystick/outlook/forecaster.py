"""Forecaster: forecasts of one version of a ledger, with the events and price lists of its settings.

Every face asks it, so that a period has one forecast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tallystick.core.money import total
from tallystick.core.prices import PriceList
from tallystick.core.time import DAY, Window
from tallystick.outlook.daily_spend import Daily, Day, Where
from tallystick.outlook.expected_changes import ExpectedChanges
from tallystick.outlook.forecast import KNOWN, Forecast, forecast, history, known_days
from tallystick.query.context import Context
from tallystick.store.engine import Engine
from tallystick.tally.events import Events
from tallystick.tally.owners import Owners

RECENT = 28
"""Days that say which values of a dimension are the largest."""


@dataclass(frozen=True)
class Forecaster:
    """What forecasts need to know: the days of all periods, read once, and what is expected to change."""

    daily: Daily
    events: Events = field(default_factory=Events)
    prices: PriceList | None = None

    @property
    def now(self) -> datetime:
        """The instant at which is forecast."""
        return self.daily.now

    def of(self, where: Where, period: Window, days: Sequence[Day] | None = None) -> Forecast:
        """Return the forecast of a period, of what `where` holds to; `days` are its days where they are read already.

        InvalidQuestion for a value that neither ledger nor rules know.
        """
        known = self.daily.of(where) if days is None else days
        return self._forecast(self._changes(where, period, ""), "", known, period)

    def largest(self, where: Where, periods: Sequence[Window], by: str, most: int) -> dict[str, list[Forecast]]:
        """Return the forecasts of periods of the values of a dimension that spent most in the last four weeks."""
        parts = self.daily.parts(where, by)
        values = sorted(parts, key=lambda value: (-total([day.spent for day in parts[value][-RECENT:]]), value))[:most]
        changes = [self._changes(where, period, by) for period in periods]
        return {
            value: [
                self._forecast(change, value, parts[value], period)
                for change, period in zip(changes, periods, strict=True)
            ]
            for value in values
        }

    def parts(self, where: Where, period: Window, by: str, names: Sequence[str] = ()) -> dict[str, Forecast]:
        """Return the forecast of each value of a dimension; `names` are those of values, which events may use."""
        changes = self._changes(where, period, by)
        parts = self.daily.parts(where, by)
        total_days = self.daily.of(where)
        for value in sorted(changes.planned() - {*parts} - {*names}):
            parts[value] = [replace(day, billed=day.billed * 0, used=day.used * 0) for day in total_days]
        return {value: self._forecast(changes, value, days, period) for value, days in parts.items()}

    def _changes(self, where: Where, period: Window, by: str) -> ExpectedChanges:
        return ExpectedChanges(self.daily, where, by, (period.end - DAY).date(), self.events, self.prices)

    def _forecast(self, changes: ExpectedChanges, value: str, days: Sequence[Day], period: Window) -> Forecast:
        if period.end <= self.now:
            return forecast(days, period, self.now)
        judged = known_days(days, self.now)
        effects = changes.of(value, {day: float(amount) for day, amount in judged.items()})
        return forecast(days, period, self.now, effects, judged)


def forecaster(context: Context, periods: Sequence[Window]) -> Forecaster:
    """Return what forecasts these periods."""
    return of_engine(context.engine, periods, context.now, context.owners, context.events, context.prices.in_force)


def of_period(context: Context, where: Where, period: Window) -> tuple[Forecast, Daily, list[Day]]:
    """Return the forecast of a period, and the days that were looked at: its own where it has ended and all are known.

    InvalidQuestion for a value that neither ledger nor rules know.
    """
    if period.end <= context.now:
        daily = Daily(context.engine, period, context.now, context.owners)
        days = daily.of(where)
        if all(day.basis in KNOWN for day in days):
            return forecast(days, period, context.now), daily, days
    forecasts = forecaster(context, [period])
    days = forecasts.daily.of(where)
    return forecasts.of(where, period, days), forecasts.daily, days


def of_engine(
    engine: Engine, periods: Sequence[Window], now: datetime, owners: Owners, events: Events, prices: PriceList | None
) -> Forecaster:
    """Return what forecasts these periods of a version of a ledger."""
    past = history(now)
    window = Window(min((past.start, *(period.start for period in periods))), past.end)
    return Forecaster(Daily(engine, window, now, owners), events, prices)
