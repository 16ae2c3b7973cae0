"""Listing: every tool, at most ten; what has none of its own is asked by `ask`."""

from __future__ import annotations

from tallystick.catalog import CATALOG
from tallystick.mcp.tool import AskTool, Tool

DAYS = ("since", "until", "month")
LEFT_OUT = {
    "limits": "asks the API",
    "sql": "is held to no team, and its figures have no warnings",
    "verify": "reads every page of the archive",
}
"""Reports that no tool asks, and why."""
OWN = (
    Tool("status", "One screen: month to date, forecast, top spenders, what needs attention.", "status", ("where",)),
    Tool(
        "spend",
        "What was billed, US dollars, before credits and taxes.",
        "spend",
        ("by", *DAYS, "where", "compare", "top"),
    ),
    Tool("usage", "Tokens used, a column for each kind.", "usage", ("by", *DAYS, "where", "compare", "top")),
    Tool("cache", "Hit rate of the cache, and what it saved net.", "cache", ("by", *DAYS, "where", "top")),
    Tool(
        "keys",
        "Every API key: spend, owner, last use, what is odd (where attention is deleted, idle, no owner).",
        "keys",
        (*DAYS, "where", "top"),
    ),
    Tool(
        "why",
        "Why the bill changed: price, volume and mix add up to the change.",
        "variance",
        ("month", "against", "since", "until", "by", "where", "top"),
    ),
    Tool("anomalies", "What costs more than usual, one finding for each cause.", "anomalies", ("since", "where")),
    Tool("forecast", "What the month or a period comes to, with ranges.", "forecast", ("by", "until", "where")),
    Tool("budgets", "Spent, left and forecast of each budget.", "budget", ("month", "where")),
)
TOOLS: tuple[Tool, ...] = (
    *OWN,
    AskTool(
        "ask",
        "Any other question: reconcile, whatif (other models or prices), charges, prices, months, days, ...",
        "",
        (),
        tuple(listed.name for listed in CATALOG if listed.name not in {*LEFT_OUT, *(tool.report for tool in OWN)}),
    ),
)
