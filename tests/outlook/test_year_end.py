"""Year end: the days from 24 December to 1 January, on days written by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from support.organization import days
from tallystick.core.time import DAY, Window, midnight
from tallystick.outlook.daily_spend import Basis, Day
from tallystick.outlook.forecast import Forecast, forecast
from tallystick.outlook.forecast_effects import Effects, of_event
from tallystick.outlook.year_end import is_year_end
from tallystick.tally.events import Events

WORKDAY, WEEKEND = Decimal(100), Decimal(25)
DECEMBER = Window(datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
REST = days(date(2026, 12, 24), date(2026, 12, 31))


def usual(day: date) -> Decimal:
    """What a day costs but for the year end."""
    return WEEKEND if day.weekday() >= 5 else WORKDAY


def ahead(today: date, factor: str, window: Window, effects: Effects | None = None) -> Forecast:
    """The forecast of a window on a day, where the year end costs so much of usual days."""
    past = days(date(2026, 7, 1), today - DAY)
    spent = {day: usual(day) * (Decimal(factor) if is_year_end(day) else 1) for day in past}
    known = [Day(day, amount, Decimal(0), Basis.BILLED) for day, amount in spent.items()]
    return forecast([*known, Day(today, Decimal(0), Decimal(0), Basis.PART)], window, midnight(today), effects)


def of_rest(made: Forecast) -> float:
    """What a forecast makes of the year end, to usual days."""
    return float(sum(amount for day, amount in made.days if day in REST)) / float(sum(map(usual, REST)))


def test_before_it_is_known() -> None:
    """A year end that is not known is expected half way to weekends; its 95 % range holds usual days and weekends."""
    made = ahead(date(2026, 12, 10), "1", DECEMBER)
    assert of_rest(made) == pytest.approx(0.5, abs=0.03)
    low, high = made.ranges[95]
    whole = sum(map(usual, days(date(2026, 12, 1), date(2026, 12, 31))))
    assert low < whole - sum(map(usual, REST)) * Decimal("0.75")
    assert high > whole
    assert any("24 Dec" in reason for reason in made.effects)


@pytest.mark.parametrize("factor", ["0.1", "1"])
def test_its_days_say_what_it_costs(factor: str) -> None:
    """Four known days of a year end say most of what the rest of it costs, be it little or as much as usual."""
    made = ahead(date(2026, 12, 28), factor, DECEMBER)
    rest = [(float(amount), float(usual(day))) for day, amount in made.days if day >= date(2026, 12, 28)]
    share = sum(amount for amount, _ in rest) / sum(amount for _, amount in rest)
    assert abs(share - float(factor)) < abs(0.5 - float(factor)) / 2


def test_the_weeks_after_it_are_usual_ones() -> None:
    """A year end that costs next to nothing does not lower what January is expected to cost."""
    january = Window(datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
    made = ahead(date(2027, 1, 4), "0.05", january)
    assert [float(amount) for day, amount in made.days if day >= date(2027, 1, 4)] == pytest.approx(
        [float(usual(day)) for day in days(date(2027, 1, 4), date(2027, 1, 31))], rel=0.02
    )


def test_an_event_speaks_in_its_place() -> None:
    """Days of which an event of everything says the size are no part of the year end, in middle and range."""
    [event] = Events.read([{"reason": "Open as usual", "day": REST, "factor": "1"}]).rows
    made = ahead(date(2026, 12, 10), "1", DECEMBER, Effects((of_event(event, {}, None),)))
    assert of_rest(made) == pytest.approx(1, abs=0.02)
    assert made.low is not None
    assert made.low > sum(map(usual, days(date(2026, 12, 1), date(2026, 12, 31)))) * Decimal("0.95")
