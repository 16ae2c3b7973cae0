"""Spend: what was billed, from the charges, so by everything that the bill or the use knows (design, section 2)."""

from __future__ import annotations

from tallystick.core.question import Kind
from tallystick.reports.report import Measure, Report

_DAILY = "the cost report is by UTC day."

SPEND = Report(
    name="spend",
    meaning="What was billed, in US dollars, before credits and taxes",
    money=True,
    dimensions=(
        "organization",
        "workspace",
        "key",
        "actor",
        "description",
        "cost_type",
        "model",
        "kind",
        "tier",
        "context",
        "geo",
        "speed",
        "method",
        "team",
        "cost_center",
        "day",
        "week",
        "month",
    ),
    by=("workspace",),
    measures=(Measure("billed", Kind.MONEY, "USD", "billed"),),
    order="billed",
    refused={"hour": _DAILY, "minute": _DAILY},
)
