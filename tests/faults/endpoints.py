"""The endpoints of the contract, and what their answers are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
"""The time of the world that every cell is about."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Endpoint:
    """One path: its family (dense, sparse, code, ids, tokens, object) and the fields of a row, dotted, by class."""

    name: str
    path: str
    family: str
    counts: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    currency: str = ""
    texts: tuple[str, ...] = ()
    """What an entity or a dimension is called."""
    enums: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    command: tuple[str, ...] = ("sync",)
    source: str = "auto"

    @property
    def report(self) -> bool:
        """Whether figures are in it."""
        return self.family in ("dense", "sparse", "code")

    def buckets(self, body: Json) -> list[Json]:
        """What has the dates: buckets of a dense report, rows of any other."""
        data = body.get("data")
        return [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []

    def lists(self, body: Json) -> Iterator[list[Any]]:
        """The lists that rows are in."""
        if self.family == "dense":
            yield from (bucket["results"] for bucket in self.buckets(body) if isinstance(bucket.get("results"), list))
        elif isinstance(body.get("data"), list):
            yield body["data"]

    def rows(self, body: Json) -> list[Json]:
        """The rows, each an object; the body itself where it is one object."""
        if self.family == "object":
            return [body]
        return [row for rows in self.lists(body) for row in rows if isinstance(row, dict)]


_TOKENS = (
    "uncached_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens",
    "server_tool_use.web_search_requests",
)
_DIRECTORY = "/v1/organizations/"

ENDPOINTS = (
    Endpoint(
        "usage_report",
        _DIRECTORY + "usage_report/messages",
        "dense",
        counts=_TOKENS,
        texts=("workspace_id", "model", "api_key_id"),
        enums=("service_tier", "context_window", "inference_geo"),
        objects=("cache_creation", "server_tool_use"),
        dates=("starting_at", "ending_at"),
        source="reports",
    ),
    Endpoint(
        "cost_report",
        _DIRECTORY + "cost_report",
        "dense",
        amounts=("amount",),
        currency="currency",
        texts=("workspace_id", "model", "description"),
        enums=("cost_type", "token_type", "service_tier"),
        dates=("starting_at", "ending_at"),
        source="reports",
    ),
    Endpoint(
        "claude_code",
        _DIRECTORY + "usage_report/claude_code",
        "code",
        counts=("core_metrics.num_sessions", "model_breakdown.0.tokens.input", "core_metrics.lines_of_code.added"),
        amounts=("model_breakdown.0.estimated_cost.amount",),
        currency="model_breakdown.0.estimated_cost.currency",
        texts=("actor.email_address", "terminal_type", "model_breakdown.0.model"),
        enums=("customer_type", "subscription_type", "actor.type"),
        objects=("actor", "core_metrics", "model_breakdown", "tool_actions"),
        dates=("date",),
    ),
    Endpoint(
        "analytics_usage",
        _DIRECTORY + "analytics/usage",
        "sparse",
        counts=tuple(f"usage.{name}" for name in (*_TOKENS, "total_tokens", "requests")),
        texts=("group.workspace_id", "group.model", "group.api_key_id"),
        enums=("group.service_tier", "group.product", "group.context_window", "group.actor.type"),
        objects=("group", "usage", "usage.cache_creation", "usage.server_tool_use", "group.actor"),
        dates=("starting_at", "ending_at"),
        source="analytics",
    ),
    Endpoint(
        "analytics_cost",
        _DIRECTORY + "analytics/cost",
        "sparse",
        counts=("cost.requests",),
        amounts=("cost.amount", "cost.list_amount"),
        currency="cost.currency",
        texts=("group.workspace_id", "group.model", "group.api_key_id"),
        enums=("group.cost_type", "group.token_type", "group.service_tier", "group.product"),
        objects=("group", "cost", "group.actor"),
        dates=("starting_at", "ending_at"),
        source="analytics",
    ),
    Endpoint("me", _DIRECTORY + "me", "object", texts=("id", "name"), enums=("type",)),
    Endpoint(
        "workspaces",
        _DIRECTORY + "workspaces",
        "ids",
        texts=("name", "id"),
        enums=("type", "display_color"),
        objects=("tags", "data_residency"),
        dates=("created_at", "archived_at"),
    ),
    Endpoint(
        "api_keys",
        _DIRECTORY + "api_keys",
        "ids",
        texts=("name", "id", "workspace_id", "partial_key_hint"),
        enums=("status", "type", "created_by.type"),
        objects=("created_by", "scope"),
        dates=("created_at", "expires_at"),
    ),
    Endpoint(
        "users", _DIRECTORY + "users", "ids", texts=("name", "email", "id"), enums=("role", "type"), dates=("added_at",)
    ),
    Endpoint(
        "service_accounts",
        _DIRECTORY + "service_accounts",
        "tokens",
        texts=("name", "id"),
        enums=("organization_role",),
        dates=("created_at", "archived_at"),
    ),
    Endpoint(
        "spend_limits",
        _DIRECTORY + "spend_limits",
        "tokens",
        amounts=("amount",),
        currency="currency",
        texts=("id",),
        enums=("period", "scope.type"),
        objects=("scope",),
        dates=("created_at", "updated_at"),
        command=("limits",),
    ),
    Endpoint(
        "rate_limits",
        _DIRECTORY + "rate_limits",
        "tokens",
        counts=("limits.0.value",),
        texts=("id", "group.display_name"),
        enums=("group.type", "limits.0.type"),
        objects=("group", "limits", "models"),
        command=("limits", "--rates"),
    ),
    Endpoint(
        "workspace_rate_limits",
        _DIRECTORY + "workspaces/*/rate_limits",
        "tokens",
        counts=("limits.0.value",),
        texts=("workspace_id",),
        enums=("group.type", "limits.0.type"),
        objects=("group", "limits"),
        command=("limits", "--rates"),
    ),
    Endpoint(
        "spend_limits_effective",
        _DIRECTORY + "spend_limits/effective",
        "tokens",
        amounts=("amount", "period_to_date_spend"),
        currency="currency",
        enums=("period", "source.type", "actor.type"),
        objects=("actor", "scope", "source"),
        command=("limits",),
    ),
)
BY_NAME = {endpoint.name: endpoint for endpoint in ENDPOINTS}
_PATTERNS = [(re.compile(endpoint.path.replace("*", "[^/]+")), endpoint) for endpoint in ENDPOINTS]


def endpoint_of(path: str) -> Endpoint | None:
    """Which endpoint a path is of."""
    return next((endpoint for pattern, endpoint in _PATTERNS if pattern.fullmatch(path)), None)
