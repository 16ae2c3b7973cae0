"""Every dimension once: its name, what it means, what stands where the API gives no value.

The reports name a dimension by its id field; null there means a thing of its own (reports-api 1.2.2, 1.3.2, 1.5).
After parsing no value is null or empty: what is absent has the name in `absent`, and a dimension that was not
asked for is not there at all.
"""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN = "unknown"
"""Stands where the API did not say, though there is a true value (an optional field left out)."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A column one can group by.

    `usage` and `cost` are its fields in the older reports, None where a report does not know it; `filter` is the
    usage report's parameter. `small` dimensions have few, documented values and can be filtered on exhaustively.
    """

    name: str
    meaning: str
    absent: str
    usage: str | None = None
    cost: str | None = None
    filter: str | None = None
    small: bool = False
    named: bool = False


DIMENSIONS: tuple[Dimension, ...] = (
    Dimension("organization", "the organization's id", UNKNOWN, named=True),
    Dimension(
        "workspace",
        "workspace id; `default` is the default workspace, which the reports leave null",
        "default",
        usage="workspace_id",
        cost="workspace_id",
        filter="workspace_ids",
        named=True,
    ),
    Dimension(
        "key",
        "API key id; `playground` is use without a key: the Console's Playground, OAuth, workload identity",
        "playground",
        usage="api_key_id",
        filter="api_key_ids",
        named=True,
    ),
    Dimension("account", "user id of an OAuth request", "none", usage="account_id", filter="account_ids", named=True),
    Dimension(
        "service_account",
        "service account id of a workload-identity request",
        "none",
        usage="service_account_id",
        filter="service_account_ids",
        named=True,
    ),
    Dimension(
        "actor", "who asked: the account, else the service account, else `unattributed`", "unattributed", named=True
    ),
    Dimension(
        "model", "model id; `none` where a cost has no model", "none", usage="model", cost="model", filter="models"
    ),
    Dimension(
        "kind",
        "token kind or service: uncached_input, cache_write_5m, cache_write_1h, cache_read, output, web_search, "
        "code_execution, session_time",
        UNKNOWN,
        cost="token_type",
    ),
    Dimension(
        "tier",
        "service tier: standard, batch, priority, ...",
        UNKNOWN,
        usage="service_tier",
        cost="service_tier",
        filter="service_tiers",
        small=True,
    ),
    Dimension(
        "context",
        "context window: 0-200k or 200k-1M",
        UNKNOWN,
        usage="context_window",
        cost="context_window",
        filter="context_window",
        small=True,
    ),
    Dimension(
        "geo",
        "inference geography: global, us, not_available (models older than the 4.6 family)",
        UNKNOWN,
        usage="inference_geo",
        cost="inference_geo",
        filter="inference_geos",
        small=True,
    ),
    Dimension("speed", "standard or fast", UNKNOWN, usage="speed", cost="speed", filter="speeds", small=True),
    Dimension("team", "who owns it by the rules of the settings; `unowned` where no rule does", "unowned"),
    Dimension(
        "cost_center", "cost center of the team that owns it; `none` where it has none, `unowned` as team", "unowned"
    ),
    Dimension("description", "the text of the billed line; to show, never to parse", "none", cost="description"),
    Dimension("method", "how a billed amount reached its row: reported, allocated or none", "none"),
    Dimension("cause", "why a charge has one half only: priority tier, not billed yet, ...; else `none`", "none"),
    Dimension("cost_type", "tokens, web_search, code_execution, session_usage", UNKNOWN, cost="cost_type"),
)

NAMED = {dimension.name: dimension for dimension in DIMENSIONS}

USAGE = tuple(dimension for dimension in DIMENSIONS if dimension.usage)
"""The nine dimensions of `usage_report/messages`."""

TIMES = ("minute", "hour", "day", "week", "month")
"""Dimensions of time, finest first."""

KINDS = {
    "uncached_input_tokens": "uncached_input",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
    "cache_read_input_tokens": "cache_read",
    "output_tokens": "output",
    "web_search": "web_search",
    "code_execution": "code_execution",
    "session_usage": "session_time",
}
"""The cost report's `token_type`, or `cost_type` where that is not tokens, to `kind`; new ones keep their own name."""
