"""Each endpoint as data: path, version, paging, limits and dimensions (reports-api 1.2 to 1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import quote

from tallystick.core.dimensions import ANALYTICS, DIMENSIONS, USAGE

FAST_MODE = "fast-mode-2026-02-01"
"""Beta header without which the older usage report does not know `speed` (reports-api 2.1)."""

USAGE_COST = "analytics-usage-cost-2026-08-24"
"""Beta header that every request of the newer dialect carries (analytics-api 1)."""

SPEND_READS = "spend-limit-reads-2026-09-26"
"""Beta header without which the list of spend limits is refused (analytics-api 3.3)."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the Admin API.

    `limits` gives, for each bucket width (or "" for lists), the largest `limit`; `groups` maps our dimension names to
    the API's `group_by[]` values and `filters` to its filter parameters; `betas` names the header a dimension needs,
    `beta` the one that every request does. `orders` are the values of `order_by`. An endpoint that is `paced` takes
    fewer than 60 requests a minute. Paging is by `report` (`has_more` and `next_page`), `id` (`has_more` and
    `last_id`), `token` (`next_page` alone).
    """

    name: str
    path: str
    paging: Literal["report", "id", "token", "none"] = "none"
    version: str = "2023-06-01"
    limits: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    betas: Mapping[str, str] = field(default_factory=dict)
    beta: str = ""
    orders: tuple[str, ...] = ()
    paced: bool = False


MOST_GROUPS = 5
"""More `group_by[]` values than this are a 400 (reports-api 1.2.1, trap 8)."""

WIDTHS = {"minute": "1m", "hour": "1h", "day": "1d"}
"""Our grains to the API's `bucket_width`."""

USAGE_REPORT = Endpoint(
    "usage",
    "/v1/organizations/usage_report/messages",
    paging="report",
    limits={"1m": 1440, "1h": 168, "1d": 31},
    groups={dimension.name: dimension.usage for dimension in USAGE if dimension.usage},
    filters={dimension.name: dimension.filter for dimension in DIMENSIONS if dimension.filter},
    betas={"speed": FAST_MODE},
)
COST_REPORT = Endpoint(
    "cost",
    "/v1/organizations/cost_report",
    paging="report",
    limits={"1d": 31},
    groups={"workspace": "workspace_id", "description": "description"},
)
CLAUDE_CODE_REPORT = Endpoint(
    "claude_code", "/v1/organizations/usage_report/claude_code", paging="report", limits={"1d": 1000}
)
_GROUPS = {dimension.name: str(dimension.analytics) for dimension in ANALYTICS}
_FILTERS = {dimension.name: str(dimension.analytics_filter) for dimension in ANALYTICS}
ANALYTICS_USAGE = Endpoint(
    "analytics_usage",
    "/v1/organizations/analytics/usage",
    paging="report",
    version="2026-10-21",
    limits={"": 1000, "1m": 1000, "1h": 1000, "1d": 1000},
    groups=_GROUPS,
    filters=_FILTERS,
    beta=USAGE_COST,
    orders=("total_tokens", "output_tokens", "uncached_input_tokens", "requests", "time"),
    paced=True,
)
ANALYTICS_COST = Endpoint(
    "analytics_cost",
    "/v1/organizations/analytics/cost",
    paging="report",
    version="2026-10-21",
    limits={"": 1000, "1m": 1000, "1h": 1000, "1d": 1000},
    groups=_GROUPS | {"cost_type": "cost_type", "token_type": "token_type"},
    filters=_FILTERS,
    beta=USAGE_COST,
    orders=("amount", "list_amount", "time"),
    paced=True,
)
ORGANIZATION = Endpoint("organization", "/v1/organizations/me")
WORKSPACES = Endpoint("workspaces", "/v1/organizations/workspaces", paging="id", limits={"": 1000})
API_KEYS = Endpoint("keys", "/v1/organizations/api_keys", paging="id", limits={"": 1000})
USERS = Endpoint("users", "/v1/organizations/users", paging="id", limits={"": 1000})
SERVICE_ACCOUNTS = Endpoint("service_accounts", "/v1/organizations/service_accounts", paging="token", limits={"": 1000})
SPEND_LIMITS = Endpoint(
    "spend_limits",
    "/v1/organizations/spend_limits",
    paging="token",
    version="2026-10-21",
    limits={"": 20},
    beta=SPEND_READS,
    paced=True,
)
SPEND_EFFECTIVE = Endpoint(
    "spend_effective",
    "/v1/organizations/spend_limits/effective",
    paging="token",
    version="2026-10-21",
    limits={"": 20},
    paced=True,
)
RATE_LIMITS = Endpoint("rate_limits", "/v1/organizations/rate_limits", paging="token", version="2026-10-21")

ENDPOINTS: tuple[Endpoint, ...] = (
    ORGANIZATION,
    USAGE_REPORT,
    COST_REPORT,
    CLAUDE_CODE_REPORT,
    ANALYTICS_USAGE,
    ANALYTICS_COST,
    WORKSPACES,
    API_KEYS,
    USERS,
    SERVICE_ACCOUNTS,
    SPEND_LIMITS,
    SPEND_EFFECTIVE,
    RATE_LIMITS,
)
"""Every endpoint that tallystick asks, but for the rate limits of a workspace, whose path holds its id."""


def rate_limits_of(workspace: str) -> Endpoint:
    """The rate limits that a workspace is held to in place of the organization's (reports-api 1.5)."""
    path = f"/v1/organizations/workspaces/{quote(workspace, safe='')}/rate_limits"
    return replace(RATE_LIMITS, name="workspace_rate_limits", path=path)
