"""Conditions: the small parts that queries of the ledger are made of, as SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from tallystick.core.select import conjunction, literal
from tallystick.core.time import Window, text

NEVER = "false"
"""The condition that no row meets."""


def equals(name: str, value: str) -> str:
    """The condition that a column has a text."""
    return f"{name} = {literal(value)}"


def among(column: str, values: Iterable[str]) -> str:
    """The condition that a column has one of several texts; never met where there are none."""
    listed = ", ".join(map(literal, values))
    return f"{column} IN ({listed})" if listed else NEVER


def on_days(days: Iterable[date]) -> str:
    """The condition that a row is of one of several UTC days; never met where there are none."""
    listed = ", ".join(map(day_of, days))
    return f"day IN ({listed})" if listed else NEVER


def day_of(day: date) -> str:
    """A UTC day as SQL has it."""
    return f"DATE '{day:%Y-%m-%d}'"


def instant_of(when: datetime) -> str:
    """A UTC instant as SQL has it."""
    return f"TIMESTAMPTZ '{text(when)}'"


def within(window: Window, *, months: bool = False) -> str:
    """The condition that a row's day lies in the window; with `months`, so said that other files stay shut."""
    days = f"day >= {day_of(window.start)} AND day < {day_of(window.end)}"
    return f"{in_months(window)} AND {days}" if months else days


def within_any(windows: Sequence[Window]) -> str:
    """The condition that a row's day lies in one of several windows, so said that other files stay shut."""
    return conjunction(" OR ".join(map(in_months, windows)), " OR ".join(map(within, windows)))


def in_months(window: Window) -> str:
    """The condition that a row's month is one of the window's."""
    last = (window.days() or [window.start.date()])[-1]
    return f"month >= '{window.start:%Y-%m}' AND month <= '{last:%Y-%m}'"
