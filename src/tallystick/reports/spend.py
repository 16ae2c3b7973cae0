"""Spend: what was billed, by what the cost report knows (reports-api 1.3)."""

from __future__ import annotations

from tallystick.core.question import Kind
from tallystick.reports.report import Measure, Report

_MATCH = (
    "the cost report does not say who used what it bills. That needs the match of cost with usage, "
    "which this version does not have yet; `tallystick usage` counts tokens by it."
)
_DAILY = "the cost report is by UTC day."

SPEND = Report(
    name="spend",
    meaning="What was billed, in US dollars, before credits and taxes",
    money=True,
    dimensions=(
        "organization",
        "workspace",
        "description",
        "cost_type",
        "model",
        "kind",
        "tier",
        "context",
        "geo",
        "speed",
        "day",
        "week",
        "month",
    ),
    by=("workspace",),
    measures=(Measure("billed", Kind.MONEY, "USD", "billed"),),
    order="billed",
    refused={"key": _MATCH, "actor": _MATCH, "hour": _DAILY, "minute": _DAILY},
)
