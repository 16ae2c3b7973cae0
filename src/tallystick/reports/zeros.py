"""Zeros: the rows of what is known to be nothing, so that in data it does not look like what is unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.core.money import total
from tallystick.core.question import Kind, Question
from tallystick.core.records import REQUESTS
from tallystick.reports.report import Report

_REPORTS = ("spend", "usage")
_UNKNOWN = ("not_billed_yet", "usage_unknown")
"""Parts of a coverage whose `days` are not, or not wholly, known."""


def zeros(
    report: Report,
    question: Question,
    dims: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    coverage: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """The rows that answers by day, or in one row, have for known days on which nothing was.

    A day that is absent, running or not billed yet has none.
    """
    if report.name not in _REPORTS or question.top is not None or question.zone:
        return []
    unknown = {*coverage["absent"], *coverage["running"]}
    unknown |= {day for part in _UNKNOWN for day in coverage.get(part, {}).get("days", ())}
    known = [f"{day}" for day in question.window.days() if f"{day}" not in unknown]
    counted = bool(rows) and all(row.get(REQUESTS) is not None for row in rows)
    nothing: dict[str, Any] = {
        measure.name: total([])
        if measure.kind is Kind.MONEY
        else None
        if measure.name == REQUESTS and not counted
        else 0
        for measure in report.measures
        if not measure.derived
    }
    if not dims:
        return [nothing] if known and not rows else []
    if list(dims) != ["day"]:
        return []
    present = {row["day"] for row in rows}
    return [{"day": day, **nothing} for day in known if day not in present]
