"""The month so far beside the same days of the last."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tallystick.core.time import Grain
from tallystick.outlook.daily_spend import Basis, Day
from tallystick.outlook.month_so_far import MonthSoFar


def test_days_that_the_last_month_lacks_are_not_compared() -> None:
    """On 31 March, 28 days of it stand against the 28 of February: what is spent alike each day did not grow."""
    days = (date(2026, 1, 1) + timedelta(days=number) for number in range(89))
    known = [Day(day, Decimal(1), Decimal(0), Basis.BILLED) for day in days]
    so_far = MonthSoFar(Grain.MONTH.around(datetime(2026, 3, 1, tzinfo=UTC)), known)
    assert so_far.headline.startswith("March so far: as much as on the same days of February")
    assert so_far.against == "+0.0 % against 1 to 28 Feb (28.00), usual"


def test_a_whole_month_says_what_it_came_to() -> None:
    """Of a month whose days are all billed the sentence has its bill, and whether that is in the usual range."""
    days = (date(2026, 1, 1) + timedelta(days=number) for number in range(90))
    known = [Day(day, Decimal(3 if day.month == 3 else 1), Decimal(0), Basis.BILLED) for day in days]
    february, march = (
        MonthSoFar(Grain.MONTH.around(datetime(2026, month, 1, tzinfo=UTC)), known).headline for month in (2, 3)
    )
    assert february == "February came to 28.00 USD, within the usual range (28 to 28 USD)."
    assert march == "March came to 93.00 USD, above the usual range (31 to 31 USD)."


def test_before_its_first_bill_a_month_says_what_the_last_came_to() -> None:
    """While no day is billed the bill of the month before stands there, where all of it is known."""
    days = [date(2026, 2, 1) + timedelta(days=number) for number in range(28)]
    known = [Day(day, Decimal(1), Decimal(0), Basis.BILLED) for day in days]
    march = Grain.MONTH.around(datetime(2026, 3, 1, tzinfo=UTC))
    assert MonthSoFar(march, known).against == "no day is billed yet; February: 28.00"
    assert MonthSoFar(march, known[1:]).against == "no day is billed yet"
