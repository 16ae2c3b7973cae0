"""Limits: what may be spent, and how much may be asked a minute (analytics-api 3.3 and 3.4, reports-api 1.5).

Scopes, periods and types that do not exist yet are kept as they come. An amount that is null is no number at that
scope, which is not zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from tallystick.api.actors import Actor
from tallystick.api.client import Client, Envelope, Page, Query
from tallystick.api.endpoints import RATE_LIMITS, SPEND_EFFECTIVE, SPEND_LIMITS, WORKSPACES, rate_limits_of
from tallystick.core.dimensions import UNKNOWN
from tallystick.core.money import from_cents
from tallystick.core.time import Grain
from tallystick.errors import BadMoney, CursorLost, Refused

USD = "USD"
REFUSALS = frozenset({400, 403, 404})
"""What the API answers where an organization has no such limits, or a credential may not read them."""
PERIODS: Mapping[str, Grain] = {"daily": Grain.DAY, "weekly": Grain.WEEK, "monthly": Grain.MONTH}
"""The periods; each resets at a UTC boundary, a week on Monday."""

Scope = dict[str, Any]


class SpendLimit(msgspec.Struct):
    """A limit where it was set: `amount` in whole cents (or other minor units), null where there is no number."""

    id: str
    amount: str | None
    currency: str
    period: str
    scope: Scope
    is_enabled: bool = True


class MemberLimit(msgspec.Struct):
    """What holds a member of a Claude Enterprise organization in a period, and what was spent in it so far.

    `source` is the scope that the limit was inherited from; `period_to_date_spend` is decimal cents, "0" also where it
    cannot be read.
    """

    amount: str | None
    currency: str
    period: str
    period_to_date_spend: str
    scope: Scope
    source: Scope | None = None
    actor: Actor | None = None
    spend_limit_id: str | None = None


class _Group(msgspec.Struct):
    type: str
    id: str | None = None
    display_name: str | None = None


class Rate(msgspec.Struct):
    """One figure of a rate limit: `value` of what `type` counts; of a workspace also the organization's."""

    type: str
    value: int | None
    org_limit: int | None = None


class RateLimit(msgspec.Struct):
    """The limits that a group of models, or a feature, shares; in the shape of either API version (reports-api 2.3)."""

    limits: list[Rate]
    models: list[str] | None = None
    group: _Group | None = None
    group_type: str | None = None
    workspace_id: str | None = None

    @property
    def kind(self) -> str:
        """What it is of: model_group, batch, files, ..."""
        return self.group.type if self.group else self.group_type or UNKNOWN

    @property
    def name(self) -> str:
        """How it is called: its name, else its models, else what it is of."""
        if self.group and self.group.display_name:
            return self.group.display_name
        return ", ".join(self.models or ()) or self.kind


class _SpendLimits(Envelope, kw_only=True):
    data: list[SpendLimit]


class _MemberLimits(Envelope, kw_only=True):
    data: list[MemberLimit]


class _RateLimits(Envelope, kw_only=True):
    data: list[RateLimit]


class _Workspace(msgspec.Struct):
    id: str
    name: str = UNKNOWN


class _Workspaces(Envelope, kw_only=True):
    data: list[_Workspace]


SPEND = Query(SPEND_LIMITS, (("limit", "20"),), (), _SpendLimits)
MEMBERS = Query(SPEND_EFFECTIVE, (("limit", "20"),), (), _MemberLimits)
RATES = Query(RATE_LIMITS, (), (), _RateLimits)
HELD = Query(WORKSPACES, (("limit", "1000"),), (), _Workspaces)
"""The live workspaces that can have rate limits of their own: all but the default one (analytics-api 3.4)."""


def rates_of(workspace: str) -> Query:
    """What a workspace is held to where that is not the organization's limit."""
    return Query(rate_limits_of(workspace), (), (), _RateLimits)


def read(client: Client, query: Query) -> list[Page] | Refused:
    """Every page of a list, or the reason why it may not be read. A list that changed meanwhile is read once more."""
    try:
        try:
            return list(client.pages(query))
        except CursorLost:
            return list(client.pages(query))
    except Refused as no:
        if isinstance(no, CursorLost) or no.status not in REFUSALS:
            raise
        return no


def entries(pages: list[Page]) -> list[Any]:
    """What stands on the pages of a list."""
    return [entry for page in pages for entry in getattr(page.content, "data", ())]


def dollars(cents: str | None, currency: str, where: str) -> Decimal | None:
    """A limit or a spend in exact US dollars; None for no number, and for another currency, which is never compared.

    Raises BadMoney, which names `where`, for what is no number.
    """
    if cents is None or currency != USD:
        return None
    try:
        return from_cents(cents)
    except BadMoney as bad:
        raise BadMoney(
            f"{where} holds an amount that cannot be read: {bad.what}",
            "A wrong amount is worse than none. Try again; if it stays, report it to Anthropic.",
        ) from None


def scope_id(scope: Scope) -> str | None:
    """The id, or other name, of what a scope is; None for one of which there is one alone."""
    return next((str(said) for name, said in scope.items() if name != "type" and said is not None), None)
