"""Conditions: the small parts that queries of the ledger are made of, as SQL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from tallystick.core.select import literal
from tallystick.core.time import text

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
