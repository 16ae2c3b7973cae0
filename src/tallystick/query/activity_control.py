"""Activity control: the tokens of Claude Code's report beside those that the usage report has of Claude Code.

The report has no total of its own to be checked by. What people and keys use by the token is in the usage as well: on
days of the newer dialect as the product `claude_code`, whatever the workspace (analytics-api 5); on others as all of
the workspace "Claude Code", which the API makes by itself (reports-api 1.3.3 and 1.4). A row that the report leaves out
shows there. Service accounts are in usage alone; what has neither key nor workspace may be of a seat, which the report
often leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tallystick.core.message import Message, warning
from tallystick.core.question import Question
from tallystick.core.records import TOKENS
from tallystick.core.text import day_spans
from tallystick.query.conditions import within
from tallystick.store.engine import Engine

LEAST = 95
"""Percent of the tokens used that the report must have: the two are read at different times, and days are restated."""
_TOKENS = """
WITH known AS (
    SELECT organization, day FROM ledger.days WHERE source = 'claude_code' AND state <> 'running' AND {days}
), newer AS (
    SELECT organization, day FROM ledger.days WHERE source = 'analytics_usage' AND grain = 'day' AND {days}
), usage AS (
    SELECT organization, day, sum({kinds}) AS tokens
    FROM ledger.analytics_usage SEMI JOIN newer USING (organization, day)
    WHERE product = 'claude_code' AND NOT (workspace = 'default' AND key = 'playground') AND {window}
        AND (organization, actor) NOT IN (SELECT (organization, id) FROM names WHERE type = 'service_account')
    GROUP BY ALL
    UNION ALL
    SELECT organization, day, sum({kinds}) AS tokens FROM ledger.usage ANTI JOIN newer USING (organization, day)
    WHERE (organization, workspace) IN (
        SELECT (organization, id) FROM names WHERE type = 'workspace' AND name = 'Claude Code'
    ) AND service_account = 'none' AND {window} GROUP BY ALL
), report AS (
    SELECT organization, day, sum(input + output + cache_read + cache_write) AS tokens FROM ledger.activity
    WHERE customer <> 'subscription' AND model <> 'none' AND {window} GROUP BY ALL
)
SELECT day, coalesce(report.tokens, 0) AS reported, usage.tokens AS used
FROM known JOIN usage USING (organization, day) LEFT JOIN report USING (organization, day)
WHERE coalesce(report.tokens, 0) * 100 < usage.tokens * {least}
ORDER BY day
"""


def lacking(engine: Engine, question: Question, now: datetime) -> Iterator[Message]:
    """Yield what to say where the report has fewer tokens than were used, on ended days that both tell of."""
    if question.where:
        return
    window = within(question.window, months=True)
    kinds = " + ".join(TOKENS)
    days = engine.rows(_TOKENS.format(kinds=kinds, days=within(question.window), window=window, least=LEAST))
    if days:
        reported, used = (sum(int(day[name]) for day in days) for name in ("reported", "used"))
        yield warning(
            f"The report of {day_spans([day['day'] for day in days], now.year)} has {reported:,} of {used:,} tokens "
            "that Claude Code used by the usage report: rows are missing, or others used its keys."
        )
