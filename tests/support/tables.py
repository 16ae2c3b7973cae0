"""Cells, sums and messages of an answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tallystick.core.question import Table
from tallystick.reports.cache import CACHE
from tallystick.reports.spend import SPEND
from tallystick.reports.usage import USAGE

REPORTS = (SPEND, USAGE, CACHE)
"""The reports that sum and group."""


def column(table: Table, name: str) -> list[Any]:
    """One column of an answer."""
    return [row[name] for row in table.rows]


def summed(table: Table, name: str) -> Any:
    """The exact sum of a column; summed as integers, so that nothing rounds."""
    cells = column(table, name)
    if any(isinstance(cell, Decimal) for cell in cells):
        return Decimal(sum(int(cell.scaleb(12)) for cell in cells)).scaleb(-12)
    return sum(cells)


def total(table: Table, name: str) -> Any:
    """A total, which must be known."""
    amount = table.totals[name]
    assert amount is not None, (*table.warnings, *table.notes)
    return amount


def message(table: Table, *words: str) -> str:
    """The one message that has all these words."""
    matches = [text for text in (*table.warnings, *table.notes) if all(word in text for word in words)]
    assert len(matches) == 1, (words, (*table.warnings, *table.notes))
    return matches[0]
