"""Sources: every report of the API that a sync reads, in the order in which one window of it is read.

To add one: its reader in `api/`, its batch, its value here.
"""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.api import analytics_query, claude_code, endpoints
from tallystick.core.breakdowns import BREAKDOWNS
from tallystick.core.records import COUNTERS, REQUESTS
from tallystick.core.report_tables import (
    ACTIVITY,
    ANALYTICS_COST as ANALYTICS_COST_TABLE,
    ANALYTICS_USAGE as ANALYTICS_USAGE_TABLE,
    BREAKDOWN_TABLES,
    COST as COST_TABLE,
    USAGE_DAY,
    USAGE_HOUR,
)
from tallystick.core.time import Grain
from tallystick.sync.analytics_batch import AnalyticsBatch
from tallystick.sync.claude_code_batch import ClaudeCodeBatch
from tallystick.sync.queries import AnalyticsCube, AnalyticsGroups, Daily, ReportsCost, ReportsUsage
from tallystick.sync.reports_batch import CostBatch, UsageBatch
from tallystick.sync.source import Excuse, Persons, RequestCost, Source

ONE_QUERY = 3
"""Queries of what one query reads whole: the query, and a control total before and after it."""
OLDER_COST = RequestCost(queries=16.5, pages=0, size=36_000)
"""Of the older dialect: two control totals, two scouts, a dozen combinations of filters; bytes of a day of the demo."""
NEWER_COST = RequestCost(queries=17, pages=0, size=80_000)
"""Of the newer one: two control totals, one scout, fourteen combinations, each month on one page."""
KIND = "organization_type_not_supported"
"""The code of a 400 of what this kind of organization does not have (analytics-api 1.12)."""
NOT_READABLE = Excuse(
    "The older reports may not be read, so days that only they know are left out.",
    frozenset({403, 404}),
    frozenset({KIND}),
    beside_newer=True,
)
UNPUBLISHED = Excuse(
    # By the API's clock no day of the window has ended yet; the one known 400 of the cost report (reports-api 1.3.4).
    "{task}: not published yet, so left out.",
    frozenset({400}),
    phrase="Invalid date range",
)
CLAUDE_CODE_WORD = "claude-code"
"""Asks for the activity of Claude Code."""

COST = Source(
    "cost",
    endpoints.COST_REPORT,
    "reports",
    {Grain.DAY: COST_TABLE},
    ReportsCost(),
    CostBatch,
    RequestCost(ONE_QUERY, OLDER_COST.pages, OLDER_COST.size),
    half="bill",
    measures=("billed",),
    dense=True,
    excuses=(UNPUBLISHED, NOT_READABLE),
)
USAGE = Source(
    "usage",
    endpoints.USAGE_REPORT,
    "reports",
    {Grain.DAY: USAGE_DAY, Grain.HOUR: USAGE_HOUR},
    ReportsUsage(),
    UsageBatch,
    OLDER_COST,
    half="usage",
    measures=COUNTERS,
    ended=False,
    dense=True,
    excuses=(NOT_READABLE,),
)
ANALYTICS_COST = Source(
    "analytics_cost",
    endpoints.ANALYTICS_COST,
    "analytics",
    {Grain.DAY: ANALYTICS_COST_TABLE},
    AnalyticsCube(analytics_query.cost_query),
    AnalyticsBatch,
    RequestCost(NEWER_COST.queries, NEWER_COST.pages, size=190_000),
    half="bill",
    measures=("billed", "list"),
    persons=Persons.ACTORS,
)
ANALYTICS_USAGE = Source(
    "analytics_usage",
    endpoints.ANALYTICS_USAGE,
    "analytics",
    {Grain.DAY: ANALYTICS_USAGE_TABLE},
    AnalyticsCube(analytics_query.usage_query),
    AnalyticsBatch,
    NEWER_COST,
    half="usage",
    measures=(*COUNTERS, REQUESTS),
    ended=False,
    persons=Persons.ACTORS,
)
BREAKDOWN_SOURCES = tuple(
    Source(
        breakdown.name,
        endpoints.ANALYTICS_COST,
        "analytics",
        {Grain.DAY: BREAKDOWN_TABLES[breakdown.name]},
        AnalyticsGroups(analytics_query.cost_query, (*breakdown.dims, "kind")),
        AnalyticsBatch,
        RequestCost(ONE_QUERY, NEWER_COST.pages, NEWER_COST.size),
        measures=("billed", "list"),
        word=breakdown.word,
        breakdown=breakdown,
    )
    for breakdown in BREAKDOWNS
)
CLAUDE_CODE = Source(
    "claude_code",
    endpoints.CLAUDE_CODE_REPORT,
    "reports",
    {Grain.DAY: ACTIVITY},
    Daily(claude_code.query),
    ClaudeCodeBatch,
    RequestCost(0, 1, OLDER_COST.size),
    steady=True,  # only what is an hour old is served
    excuses=(
        Excuse(
            "The Claude Code report may not be read, so there is no activity.",
            frozenset({400, 403, 404}),
            final=True,
        ),
    ),
    persons=Persons.EMAILS,
    word=CLAUDE_CODE_WORD,
)

SOURCES: Mapping[str, Source] = {
    source.name: source for source in (COST, USAGE, ANALYTICS_COST, ANALYTICS_USAGE, *BREAKDOWN_SOURCES, CLAUDE_CODE)
}
"""Every source by its name; a bill is read before the use that it is for."""
NAMES = "names"
"""The source, in the archive's index, of the pages of the directory."""


def persons_of(source: str, purpose: str) -> Persons | None:
    """How an archived page of a source names persons; None where it does not."""
    if source == NAMES:
        return Persons.USERS if purpose == "users" else None
    return SOURCES[source].persons if source in SOURCES else None
