"""Cycles: periods of budgets."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from tallystick.core.time import DAY, Window
from tallystick.tally.cycles import LAST_DAY, Cycle, Every

STARTS = st.dates(date(2020, 1, 1), date(2030, 12, 31)).filter(lambda day: day.day <= LAST_DAY)


@given(st.sampled_from(Every), STARTS, st.dates(date(2019, 1, 1), date(2035, 12, 31)))
def test_periods_follow_each_other(every: Every, start: date, day: date) -> None:
    """Each day is in exactly one period, and the next period begins where one ends."""
    cycle = Cycle(every, start)
    period = cycle.around(day)
    assert period.start.date() <= day < period.end.date()
    assert all(cycle.around(inside) == period for inside in (period.start.date(), (period.end - DAY).date()))
    assert cycle.around(period.end.date()).start == period.end


@given(st.sampled_from(Every), STARTS)
def test_a_period_begins_at_its_start(every: Every, start: date) -> None:
    """The day that a cycle starts on is the first of a period."""
    assert Cycle(every, start).around(start).start.date() == start


@given(st.sampled_from(Every), STARTS, st.integers(0, 900))
def test_earlier_periods_leave_no_gap(every: Every, first: date, days: int) -> None:
    """The periods since a day end where the period at hand begins, none twice."""
    cycle = Cycle(every, first)
    period = cycle.around((cycle.around(first).start + DAY * days).date())
    windows: list[Window] = [*cycle.since(first, period), period]
    assert windows[0] == cycle.around(first)
    assert all(before.end == after.start for before, after in pairwise(windows))


@pytest.mark.parametrize(
    ("every", "start", "day", "label"),
    [
        (Every.DAY, None, date(2026, 10, 5), "2026-10-05"),
        (Every.WEEK, None, date(2026, 11, 28), "2026-W48"),
        (Every.WEEK, date(2026, 11, 1), date(2026, 11, 28), "2026-11-22 to 2026-11-28"),
        (Every.MONTH, None, date(2026, 12, 31), "2026-12"),
        (Every.MONTH, date(2026, 1, 15), date(2026, 12, 31), "2026-12-15 to 2027-01-14"),
        (Every.QUARTER, None, date(2026, 12, 31), "2026-Q4"),
        (Every.QUARTER, date(2026, 2, 1), date(2026, 12, 31), "2026-11-01 to 2027-01-31"),
        (Every.YEAR, None, date(2026, 12, 31), "2026"),
        (Every.YEAR, date(2026, 7, 1), date(2026, 6, 30), "2025-07-01 to 2026-06-30"),
    ],
)
def test_a_period_has_a_name(every: Every, start: date | None, day: date, label: str) -> None:
    """A calendar period goes by its short name, any other by its first and last day."""
    cycle = Cycle(every, start) if start else Cycle(every)
    assert cycle.label(cycle.around(day)) == label
