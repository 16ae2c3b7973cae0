"""Analytics pages: the shapes of `analytics/usage` and `analytics/cost` and of their rows (analytics-api 1)."""

from __future__ import annotations

from typing import Any

import msgspec

from tallystick.api.figures import Count, Maybe, Usage
from tallystick.api.page import Envelope
from tallystick.core.dimensions import UNKNOWN

_SAMPLES = 16
"""Rows, or a few more, by which a page is told from others: to compare all takes longer than to decode them."""


class Group(msgspec.Struct, gc=False):
    """What a row is of; null where it was not asked for, or absent (analytics-api 1.5). `actor` is empty if absent."""

    actor: msgspec.Raw = msgspec.Raw()
    actor_type: Maybe = UNKNOWN
    agent_id: Maybe = UNKNOWN
    api_key_id: Maybe = UNKNOWN
    claude_tag_category: Maybe = UNKNOWN
    claude_tag_user_id: Maybe = UNKNOWN
    context_window: Maybe = UNKNOWN
    cost_type: Maybe = UNKNOWN
    deployment_id: Maybe = UNKNOWN
    environment_id: Maybe = UNKNOWN
    inference_geo: Maybe = UNKNOWN
    model: Maybe = UNKNOWN
    organization_id: Maybe = UNKNOWN
    product: Maybe = UNKNOWN
    rbac_group_id: Maybe = UNKNOWN
    service_tier: Maybe = UNKNOWN
    session_id: Maybe = UNKNOWN
    slack_channel_id: Maybe = UNKNOWN
    speed: Maybe = UNKNOWN
    token_type: Maybe = None
    user_profile_id: Maybe = UNKNOWN
    workspace_id: Maybe = UNKNOWN


class RowUsage(Usage, gc=False):
    """Tokens, searches and requests of a row (analytics-api 1.4)."""

    requests: Count | None = None
    total_tokens: Count | None = None


class Cost(msgspec.Struct, gc=False):
    """Money of a row, in fractional US cents: after and before contract discounts, both before credits."""

    amount: str
    currency: str
    list_amount: str | None = None
    requests: Count | None = None


class UsageRow(msgspec.Struct, gc=False):
    """One row of `analytics/usage`; its `group` is a `Group`, as it was written, empty if absent."""

    starting_at: str
    ending_at: str
    usage: RowUsage
    group: msgspec.Raw = msgspec.Raw()
    organization_id: Any = None


class CostRow(msgspec.Struct, gc=False):
    """One row of `analytics/cost`, with its `group` as in a row of usage."""

    starting_at: str
    ending_at: str
    cost: Cost
    group: msgspec.Raw = msgspec.Raw()
    organization_id: Any = None


class Report(Envelope, kw_only=True):
    """What pages of both say of themselves."""

    data_refreshed_at: str | None = None
    organization_id: str | None = None
    data: list[Any]

    def mark(self) -> bytes:
        """How many rows it has, and some of them, whole: those of a page that comes again are the same."""
        samples = self.data[:: max(1, len(self.data) // _SAMPLES)]
        return msgspec.json.encode([len(self.data), *samples]) if samples else b""


class UsageReport(Report):
    """A page of `analytics/usage`."""

    data: list[UsageRow]


class CostReport(Report):
    """A page of `analytics/cost`."""

    data: list[CostRow]
