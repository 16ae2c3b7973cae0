"""Tables that reports of the API fill."""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.core.breakdowns import BREAKDOWNS
from tallystick.core.table import (
    ACTOR_DIMS,
    COUNTS,
    HOUR,
    LIST_PRICE,
    REQUEST_COUNT,
    SMALL_DIMS,
    WHEN,
    Column,
    LedgerTable,
    Type,
    dims,
)

_USAGE_DIMS = dims("workspace", "key", "account", "service_account", "model", "tier", "context", "geo", "speed")
_USAGE = (*_USAGE_DIMS, *COUNTS)

USAGE_DAY = LedgerTable("usage", "tokens used, by UTC day", (*WHEN, *_USAGE), ("organization", "month"))
USAGE_HOUR = LedgerTable("usage_hour", "tokens used, by UTC hour", (*WHEN, HOUR, *_USAGE), ("organization", "month"))
COST = LedgerTable(
    "cost",
    "what was billed, by UTC day and line",
    (
        *WHEN,
        *dims("workspace", "description", "cost_type", "model", "kind", "tier", "context", "geo", "speed"),
        Column("currency", Type.TEXT, "currency of the bill; USD"),
        Column("billed", Type.MONEY, "amount billed, US dollars"),
    ),
    ("organization", "month"),
)
ANALYTICS_USAGE = LedgerTable(
    "analytics_usage",
    "tokens used, by UTC day, as the newer dialect reports it",
    (
        *WHEN,
        *dims(*ACTOR_DIMS, *SMALL_DIMS),
        *COUNTS,
        REQUEST_COUNT,
    ),
    ("organization", "month"),
)
ANALYTICS_COST = LedgerTable(
    "analytics_cost",
    "what was billed, by UTC day, key, actor and kind, as the newer dialect reports it",
    (
        *WHEN,
        *dims(*ACTOR_DIMS, "kind", *SMALL_DIMS),
        Column("currency", Type.TEXT, "currency of the bill; USD"),
        Column("billed", Type.MONEY, "amount billed, after contract discounts, before credits, US dollars"),
        LIST_PRICE,
    ),
    ("organization", "month"),
)
BREAKDOWN_TABLES: Mapping[str, LedgerTable] = {
    breakdown.name: LedgerTable(
        breakdown.name,
        breakdown.meaning,
        (
            *WHEN,
            *dims(*breakdown.dims, "kind"),
            Column("currency", Type.TEXT, "currency of the bill; USD"),
            Column("billed", Type.MONEY, "amount billed, after contract discounts, before credits, US dollars"),
            LIST_PRICE,
        ),
        ("organization", "month"),
    )
    for breakdown in BREAKDOWNS
}
"""The table of each breakdown, by its name."""
TOOLS = ("edit", "multi_edit", "write", "notebook_edit", "other")
"""The tools of Claude Code whose proposals people accept or reject; `other` is any that tallystick does not know."""
_TOLD = "null where it is not said"
ACTIVITY = LedgerTable(
    "activity",
    "Claude Code by UTC day, person and place: what was done in rows of model `none`, tokens in a row of each model",
    (
        *WHEN,
        Column("actor", Type.TEXT, "user id, `person_...` for one whom the directory does not list, or API key id"),
        Column("actor_type", Type.TEXT, "user_actor or api_actor"),
        Column("customer", Type.TEXT, "how it is paid: api or subscription"),
        Column("subscription", Type.TEXT, "enterprise or team; `none` where there is none"),
        Column("terminal", Type.TEXT, "vscode, iTerm.app, tmux, ..."),
        Column("remote", Type.TEXT, "whether it ran elsewhere: true, false or unknown"),
        Column("model", Type.TEXT, "model id in rows that count tokens; `none` in those that count all else"),
        Column("sessions", Type.COUNT, f"sessions; {_TOLD}, as in rows of a model"),
        Column("lines_added", Type.COUNT, f"lines of code added; {_TOLD}"),
        Column("lines_removed", Type.COUNT, f"lines of code removed; {_TOLD}"),
        Column("commits", Type.COUNT, f"commits by Claude Code; {_TOLD}"),
        Column("pull_requests", Type.COUNT, f"pull requests by Claude Code; {_TOLD}"),
        *(
            Column(f"{tool}_{decision}", Type.COUNT, f"proposals of the {tool} tool that were {decision}; {_TOLD}")
            for tool in TOOLS
            for decision in ("accepted", "rejected")
        ),
        Column("input", Type.COUNT, f"input tokens; {_TOLD}, as in rows of model `none`"),
        Column("output", Type.COUNT, f"tokens the model wrote; {_TOLD}"),
        Column("cache_read", Type.COUNT, f"tokens read from the cache; {_TOLD}"),
        Column("cache_write", Type.COUNT, f"tokens written to the cache, for whatever time; {_TOLD}"),
        Column(
            "estimated", Type.MONEY, f"Anthropic's estimate in US dollars, of which the bill holds its own; {_TOLD}"
        ),
    ),
    ("organization", "month"),
)
REPORT_TABLES = (USAGE_DAY, USAGE_HOUR, COST, ANALYTICS_USAGE, ANALYTICS_COST, *BREAKDOWN_TABLES.values(), ACTIVITY)
"""Every table that a report of the API fills."""
