"""Every dimension once: its name, what it means, what stands where the API gives no value.

The reports name a dimension by its id field; null there means a thing of its own (reports-api 1.2.2, 1.3.2, 1.5).
After parsing no value is null or empty: what is absent has the name in `absent`, and a dimension that was not
asked for is not there at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

UNKNOWN = "unknown"
"""Stands where the API did not say, though there is a true value (an optional field left out)."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A column one can group by.

    `usage` and `cost` are its fields in the older reports, None where a report does not know it; `filter` is the
    usage report's parameter. `analytics` is its field in the newer dialect and `analytics_filter` the parameter there;
    both are the field with an s unless named, and none where they are empty. `null` is what null means there, `values`
    what the filter takes where it is an enum. `small` dimensions have few values and can be filtered on exhaustively;
    groups of one that `overlaps` do not add up to the total.
    """

    name: str
    meaning: str
    absent: str
    usage: str | None = None
    cost: str | None = None
    filter: str | None = None
    analytics: str | None = None
    analytics_filter: str | None = None
    null: str = "none"
    values: tuple[str, ...] = ()
    overlaps: bool = False
    small: bool = False

    def __post_init__(self) -> None:
        for name, column in (("filter", self.usage), ("analytics_filter", self.analytics)):
            parameter = getattr(self, name)
            if column and parameter is None:
                parameter = f"{column}s"
            object.__setattr__(self, name, parameter or None)


DIMENSIONS: tuple[Dimension, ...] = (
    Dimension("organization", "the organization's id", UNKNOWN, analytics="organization_id"),
    Dimension(
        "workspace",
        "workspace id; `default` is the default workspace, which the older reports leave null",
        "default",
        usage="workspace_id",
        cost="workspace_id",
        analytics="workspace_id",
    ),
    Dimension(
        "key",
        "API key id; `playground` is use without a key: the Console's Playground, OAuth, workload identity",
        "playground",
        usage="api_key_id",
        analytics="api_key_id",
        null="playground",
    ),
    Dimension("account", "user id of an OAuth request", "none", usage="account_id"),
    Dimension(
        "service_account",
        "service account id of a workload-identity request",
        "none",
        usage="service_account_id",
    ),
    Dimension(
        "actor",
        "who asked: user, service account, federated identity or key; `unattributed` where no one is known",
        "unattributed",
        analytics="actor",
        analytics_filter="actor_ids",
        null="unattributed",
    ),
    Dimension(
        "actor_type",
        "what sort of actor asked",
        "none",
        analytics="actor_type",
        values=("user_actor", "service_account_actor", "federated_actor", "api_actor"),
    ),
    Dimension(
        "model", "model id; `none` where a cost has no model", "none", usage="model", cost="model", analytics="model"
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
        analytics="service_tier",
        values=("standard", "batch", "priority", "priority_on_demand", "flex", "flex_discount"),
        small=True,
    ),
    Dimension(
        "context",
        "context window: 0-200k or 200k-1M",
        UNKNOWN,
        usage="context_window",
        cost="context_window",
        filter="context_window",
        analytics="context_window",
        values=("0-200k", "200k-1M"),
        small=True,
    ),
    Dimension(
        "geo",
        "inference geography: global, us, not_available (models older than the 4.6 family)",
        UNKNOWN,
        usage="inference_geo",
        cost="inference_geo",
        analytics="inference_geo",
        null="not_available",
        values=("global", "us", "not_available"),
        small=True,
    ),
    Dimension(
        "speed",
        "standard or fast",
        UNKNOWN,
        usage="speed",
        cost="speed",
        analytics="speed",
        values=("fast", "standard"),
        small=True,
    ),
    Dimension(
        "product",
        "the surface it was used through: messages_api, claude_code, ...; `unknown` where only the older reports were "
        "read, which do not say",
        UNKNOWN,
        analytics="product",
        values=(
            "messages_api",
            "message_batches_api",
            "managed_agents_api",
            "claude_console",
            "claude_code",
            "chat",
            "cowork",
            "chat_cowork_unified",
            "claude_design",
            "claude_in_chrome",
            "claude_tag",
            "office_agent",
        ),
    ),
    Dimension("session", "managed agent session", "none", analytics="session_id"),
    Dimension("agent", "managed agent", "none", analytics="agent_id"),
    Dimension("deployment", "deployment that started a managed agent session", "none", analytics="deployment_id"),
    Dimension("environment", "environment of a managed agent session", "none", analytics="environment_id"),
    Dimension("user_profile", "user profile that a request named", "none", analytics="user_profile_id"),
    Dimension(
        "rbac_group",
        "group of the user on that day; a user counts fully in each",
        "none",
        analytics="rbac_group_id",
        overlaps=True,
    ),
    Dimension(
        "claude_tag_category",
        "why Claude spoke in Slack",
        "none",
        analytics="claude_tag_category",
        analytics_filter="claude_tag_categories",
        values=("engaged", "proactive", "scheduled", "monitoring", "dm"),
    ),
    Dimension(
        "claude_tag_user",
        "Slack user that Claude spoke for, where it was one",
        "none",
        analytics="claude_tag_user_id",
        overlaps=True,
    ),
    Dimension("slack_channel", "Slack channel", "none", analytics="slack_channel_id"),
    Dimension("team", "who owns it by the rules of the settings; `unowned` where no rule does", "unowned"),
    Dimension(
        "cost_center", "cost center of the team that owns it; `none` where it has none, `unowned` as team", "unowned"
    ),
    Dimension("description", "the text of the billed line; to show, never to parse", "none", cost="description"),
    Dimension("method", "how a billed amount reached its row: reported, allocated or none", "none"),
    Dimension("cause", "why a charge has one half only: priority tier, not billed yet, ...; else `none`", "none"),
    Dimension(
        "cost_type",
        "tokens, web_search, code_execution, session_usage",
        UNKNOWN,
        cost="cost_type",
        analytics="cost_type",
        analytics_filter="",
    ),
)

NAMED = {dimension.name: dimension for dimension in DIMENSIONS}

USAGE = tuple(dimension for dimension in DIMENSIONS if dimension.usage)
"""The nine dimensions of `usage_report/messages`."""

ANALYTICS = tuple(dimension for dimension in DIMENSIONS if dimension.analytics and dimension.name != "cost_type")
"""The twenty dimensions of the newer dialect (analytics-api 1.2)."""

TIMES = ("minute", "hour", "day", "week", "month")
"""Dimensions of time, finest first."""

SUBJECTS = ("organization", "workspace", "key", "actor", "product")
"""Dimensions that say whose use it is."""
TERMS = ("model", "kind", "tier", "context", "geo", "speed")
"""Dimensions that decide a price."""
OWNED = ("team", "cost_center")
"""Dimensions that follow from the settings."""

SYNONYMS = {
    "organization": ("org", "organisation"),
    "key": ("api_key", "apikey"),
    "actor": ("user", "person", "people", "member"),
    "day": ("date",),
    "product": ("service", "surface"),
    "geo": ("geography", "region"),
    "cost_center": ("costcenter", "cost_centre"),
    "rbac_group": ("group",),
    "slack_channel": ("channel",),
}
"""Everyday words for dimensions."""
ALIASES = {
    alias: name
    for name, dimension in NAMED.items()
    for alias in (dimension.usage, dimension.cost, dimension.analytics)
    if alias
} | {alias: name for name, aliases in SYNONYMS.items() for alias in aliases}
"""Every other word for a dimension, fields of the API among them, and its name."""


NAMES = (*NAMED, *TIMES)


def canonical(word: str, known: Iterable[str] = NAMES) -> str:
    """Return the known name that a word means: in either case, with hyphens, in the plural, or by an alias.

    A word that means none stays as it is.
    """
    names = tuple(known)
    plain = word.strip().casefold().replace("-", "_")
    if word in names or plain in names:
        return word if word in names else plain
    for spelling in (plain, plain.removesuffix("s")):
        target = ALIASES.get(spelling, spelling)
        for name in names:
            if target == ALIASES.get(name, name):
                return name
    return word


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
