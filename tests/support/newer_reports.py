"""The reports of the newer dialect, asked of a simulator."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from support.simulator_api import HEADERS, Api
from tallystick.sim import Answer, World
from tallystick.sim.newer.axes import AXES
from tallystick.sim.world.requests import KINDS

NEW = HEADERS | {"anthropic-version": "2026-10-21", "anthropic-beta": "analytics-usage-cost-2026-08-24"}
USAGE, COST = "analytics/usage", "analytics/cost"
FIRST, DAYS = date(2026, 11, 8), 5
SPAN = [("starting_at", "2026-11-08T00:00:00Z"), ("ending_at", "2026-11-13T00:00:00Z")]
DAILY = [*SPAN, ("time_bucket_width", "1d"), ("limit", "1000")]
FANNED = [("group_by[]", "cost_type"), ("group_by[]", "token_type")]
MONTH = [("starting_at", "2026-10-20T00:00:00Z"), ("ending_at", "2026-11-20T00:00:00Z")]
Params = list[tuple[str, str]]
Row = dict[str, Any]
FOREIGN = {"claude_tag_category", "claude_tag_user_id", "organization_id", "rbac_group_id", "slack_channel_id"}
OWN = sorted(AXES.keys() - FOREIGN)


def grouped(*names: str) -> Params:
    """The parameters that group by these dimensions."""
    return [("group_by[]", name) for name in names]


def refusal(answer: Answer) -> tuple[int, str | None]:
    """The status of an answer and its error code."""
    error = json.loads(answer.body).get("error", {})
    return answer.status, error.get("details", {}).get("error_code")


def pages(api: Api, path: str, params: Params) -> Iterator[dict[str, Any]]:
    """Every page of a report."""
    page = api.get(path, params, NEW)
    yield page
    while page["has_more"]:
        page = api.get(path, [*params, ("page", page["next_page"])], NEW)
        yield page


def rows(api: Api, path: str, params: Params) -> list[Row]:
    """Every row of a report."""
    return [row for page in pages(api, path, params) for row in page["data"]]


def counts(row: Row) -> Counter[str]:
    """The counts of a usage row, by kind."""
    usage = row["usage"]
    return Counter(
        {
            KINDS[0]: usage["uncached_input_tokens"],
            KINDS[1]: usage["cache_creation"]["ephemeral_5m_input_tokens"],
            KINDS[2]: usage["cache_creation"]["ephemeral_1h_input_tokens"],
            KINDS[3]: usage["cache_read_input_tokens"],
            KINDS[4]: usage["output_tokens"],
            "searches": usage["server_tool_use"]["web_search_requests"],
            "requests": usage["requests"],
        }
    )


def used(lines: Iterable[Row]) -> Counter[str]:
    """What usage rows sum to."""
    return sum(map(counts, lines), Counter())


def cents(lines: Iterable[Row], name: str = "amount") -> Decimal:
    """What cost rows sum to."""
    return sum((Decimal(row["cost"][name]) for row in lines), Decimal(0))


def days(first: date = FIRST, count: int = DAYS) -> list[date]:
    """So many days from the first one on."""
    return [first + timedelta(days=number) for number in range(count)]


def requests(world: World) -> Iterator[Any]:
    """Every request of the span."""
    for day in days():
        yield from world.requests(day)


def spans(world: World) -> int:
    """The spans of code execution in the span."""
    return sum(s.tenths for day in days() for s in world.services(day) if s.cost_type == "code_execution")


def named(row: Row, *names: str) -> tuple[Any, ...]:
    """What a row is of."""
    return tuple(row["group"][name] for name in names)
