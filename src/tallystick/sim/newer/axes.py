"""Axes: the dimensions of the newer reports, how rows are grouped by them and filtered (analytics-api 1.2 and 1.5)."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from operator import attrgetter

from tallystick.sim.world.facets import Facet

PRODUCTS = (
    "messages_api",
    "message_batches_api",
    "managed_agents_api",
    "claude_console",
    "claude_code",
    "chat",
    "cowork",
    "claude_design",
    "claude_in_chrome",
    "claude_tag",
    "office_agent",
)
UNIFIED = "chat_cowork_unified"
"""A product that the filter takes only where it exists."""

_ACTOR_TYPES = ("user_actor", "service_account_actor", "federated_actor", "api_actor")
_CATEGORIES = ("engaged", "proactive", "scheduled", "monitoring", "dm")
_TIERS = ("standard", "batch", "priority", "priority_on_demand", "flex", "flex_discount")


@dataclass(frozen=True, slots=True)
class Axis:
    """A dimension: its value in a facet, its filter, and the values that the filter takes where they are an enum.

    `filter_value` is what the filter compares, where that is not the value. `console` says that only a Console has it.
    """

    name: str
    parameter: str
    values: tuple[str, ...] = ()
    filter_value: Callable[[Facet], str | None] | None = None
    console: bool = False

    def of(self, facet: Facet) -> Hashable:
        """What a row is grouped by."""
        if self.name == "actor_type":
            return actor_type(facet)
        value: Hashable = getattr(facet, self.name)
        return value

    def passes(self, facet: Facet, values: frozenset[str]) -> bool:
        """Whether the filter lets a facet through; groups of people do if any of them is wanted."""
        if self.name == "rbac_group_id":
            return not values.isdisjoint(facet.rbac_groups)
        value = self.filter_value(facet) if self.filter_value else attrgetter(self.name)(facet)
        return value in values


def actor_type(facet: Facet) -> str | None:
    """The kind of identity, None where it is not rendered (1.5)."""
    return facet.actor.type if facet.actor and facet.actor.rendered else None


def _actor_id(facet: Facet) -> str | None:
    """The id of the identity, None where it is not rendered; federated ones have none (1.2)."""
    actor = facet.actor
    return actor.id if actor and actor.rendered and actor.type != "federated_actor" else None


AXES = {
    axis.name: axis
    for axis in (
        Axis("actor", "actor_ids[]", filter_value=_actor_id),
        Axis("actor_type", "actor_types[]", _ACTOR_TYPES, filter_value=actor_type),
        Axis("agent_id", "agent_ids[]", console=True),
        Axis("api_key_id", "api_key_ids[]", filter_value=lambda facet: facet.api_key_id or "", console=True),
        Axis("claude_tag_category", "claude_tag_categories[]", _CATEGORIES),
        Axis("claude_tag_user_id", "claude_tag_user_ids[]"),
        Axis("context_window", "context_windows[]", ("0-200k", "200k-1M")),
        Axis("deployment_id", "deployment_ids[]", console=True),
        Axis("environment_id", "environment_ids[]", console=True),
        Axis(
            "inference_geo",
            "inference_geos[]",
            ("global", "us", "not_available"),
            filter_value=lambda facet: facet.inference_geo or "not_available",
        ),
        Axis("model", "models[]"),
        Axis("organization_id", "organization_ids[]"),
        Axis("product", "products[]", PRODUCTS),
        Axis("rbac_group_id", "rbac_group_ids[]"),
        Axis("service_tier", "service_tiers[]", _TIERS, console=True),
        Axis("session_id", "session_ids[]", console=True),
        Axis("slack_channel_id", "slack_channel_ids[]"),
        Axis("speed", "speeds[]", ("fast", "standard")),
        Axis("user_profile_id", "user_profile_ids[]", console=True),
        Axis("workspace_id", "workspace_ids[]", console=True),
    )
}
"""The twenty dimensions of usage, in the order of their names."""

FANNED = ("cost_type", "token_type")
"""The two more of cost; they fan rows out and count neither as dimensions nor as rows (1.7)."""
