"""The alarm for a drifting API: what the official SDK knows of the newer dialect, compared with what we know."""

from __future__ import annotations

from importlib import import_module
from typing import Any, get_args, get_type_hints

import pytest

from tallystick.api import analytics_pages
from tallystick.api.endpoints import ANALYTICS_COST, ANALYTICS_USAGE, USAGE_COST, Endpoint
from tallystick.core.dimensions import ANALYTICS, KINDS, NAMED

HOME = "anthropic.types.beta.organization"
PLAIN = {
    "starting_at",
    "ending_at",
    "time_bucket_width",
    "limit",
    "page",
    "group_by",
    "order",
    "order_by",
    "exclude_deleted_users",
    "betas",
}
"""Parameters that are not filters; `betas` is a header."""
WRITTEN_DOWN: dict[str, set[str]] = {
    # A row that names another organization is refused, in whichever report one should come.
    "usage row": {"organization_id"},
    "cost row": {"organization_id"},
}
"""Differences that we know of and live with, by what they concern, with the reason beside each."""


def known(name: str) -> set[str]:
    """The values of one of the SDK's enums: of a union with `str` its literals."""
    room, _, title = name.rpartition(".")
    alias = getattr(import_module(f"{HOME}.{room}"), title)
    return {literal for literal in _literals(alias) if isinstance(literal, str)}


def _literals(annotation: Any) -> set[Any]:
    inner = get_args(annotation)
    return {annotation} if not inner else set().union(*(_literals(argument) for argument in inner))


def differ(subject: str, ours: set[str], theirs: set[str]) -> None:
    """Fail, naming what only one side has, unless it is written down."""
    assert ours ^ theirs == WRITTEN_DOWN.get(subject, set()), (subject, sorted(ours - theirs), sorted(theirs - ours))


@pytest.mark.long
@pytest.mark.parametrize(
    ("endpoint", "kind"), [(ANALYTICS_USAGE, "usage"), (ANALYTICS_COST, "cost")], ids=["usage", "cost"]
)
def test_groupings_filters_and_orders_are_those_of_the_sdk(endpoint: Endpoint, kind: str) -> None:
    """What the SDK can group, filter and order by is what we can, no more and no less."""
    title = f"BetaAnalytics{kind.title()}"
    room = f"analytics.beta_analytics_{kind}"
    differ(f"{kind} group_by", set(endpoint.groups.values()), known(f"{room}_group_by.{title}GroupBy"))
    differ(f"{kind} order_by", set(endpoint.orders), known(f"{room}_order_by.{title}OrderBy"))
    parameters = getattr(import_module(f"{HOME}.analytics.{kind}_list_params"), f"{kind.title()}ListParams")
    differ(f"{kind} filters", set(endpoint.filters.values()), set(parameters.__annotations__) - PLAIN)


@pytest.mark.long
@pytest.mark.parametrize(
    ("dimension", "enum"),
    [
        ("actor_type", "beta_analytics_actor_type.BetaAnalyticsActorType"),
        ("tier", "beta_analytics_service_tier.BetaAnalyticsServiceTier"),
        ("context", "beta_analytics_context_window.BetaAnalyticsContextWindow"),
        ("geo", "beta_analytics_inference_geo_filter.BetaAnalyticsInferenceGeoFilter"),
        ("speed", "beta_analytics_speed.BetaAnalyticsSpeed"),
        ("product", "beta_analytics_usage_cost_product_filter.BetaAnalyticsUsageCostProductFilter"),
        ("claude_tag_category", "beta_analytics_claude_tag_category.BetaAnalyticsClaudeTagCategory"),
    ],
)
def test_the_values_of_a_filter_are_those_of_the_sdk(dimension: str, enum: str) -> None:
    """Each value that a filter of the SDK takes is one of ours, and the other way round."""
    differ(dimension, set(NAMED[dimension].values), known(enum))


def test_dimensions_without_an_enum_take_any_value() -> None:
    """Where the SDK has no enum for a filter, we have none."""
    listed = {"actor_type", "tier", "context", "geo", "speed", "product", "claude_tag_category"}
    assert {dimension.name for dimension in ANALYTICS if dimension.values} == listed


@pytest.mark.parametrize("kind", ["usage", "cost"])
def test_fields_of_a_row_are_those_of_the_sdk(kind: str) -> None:
    """Every field that the SDK models of a row, its group and its figures is one that we decode, and no other."""
    title = kind.title()
    group = getattr(import_module(f"{HOME}.analytics.beta_analytics_{kind}_group"), f"BetaAnalytics{title}Group")
    figures = getattr(import_module(f"{HOME}.analytics.beta_analytics_{kind}_metrics"), f"BetaAnalytics{title}Metrics")
    row = getattr(import_module(f"{HOME}.analytics.beta_analytics_{kind}_item"), f"BetaAnalytics{title}Item")
    ours = analytics_pages.CostRow if kind == "cost" else analytics_pages.UsageRow
    differ(f"{kind} row", set(ours.__struct_fields__), set(row.model_fields))
    of_cost = {"cost_type", "token_type"} if kind == "usage" else set()
    differ(f"{kind} group", set(analytics_pages.Group.__struct_fields__) - of_cost, set(group.model_fields))
    differ(f"{kind} figures", set(get_type_hints(ours)[kind].__struct_fields__), set(figures.model_fields))


def test_kinds_are_those_of_the_sdk() -> None:
    """Every token type and cost type of the SDK becomes a kind of its own."""
    group = import_module(f"{HOME}.analytics.beta_analytics_cost_group").BetaAnalyticsCostGroup
    theirs = {
        literal for name in ("token_type", "cost_type") for literal in _literals(group.model_fields[name].annotation)
    }
    differ("kinds", set(KINDS) | {"tokens"}, {value for value in theirs if isinstance(value, str)})


def test_the_beta_header_is_the_one_of_the_sdk() -> None:
    """The beta that we send is one that the SDK knows."""
    assert USAGE_COST in _literals(import_module("anthropic.types.anthropic_beta_param").AnthropicBetaParam)
