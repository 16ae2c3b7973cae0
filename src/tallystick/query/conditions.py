"""Conditions: the small parts that queries of the ledger are made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlglot import exp


def equals(name: str, value: str) -> exp.Condition:
    """The condition that a column has a text."""
    return exp.column(name).eq(exp.Literal.string(value))


def among(column: exp.Expression | str, values: Iterable[str]) -> exp.Condition:
    """The condition that a column has one of several texts."""
    column = exp.column(column) if isinstance(column, str) else column
    return column.isin(*map(exp.Literal.string, values))


def day_of(day: date) -> exp.Expression:
    """A UTC day as SQL has it."""
    return exp.cast(exp.Literal.string(f"{day:%Y-%m-%d}"), "date")
