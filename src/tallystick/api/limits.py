"""Limits: what may be spent, and how much may be asked a minute (analytics-api 3.3 and 3.4, reports-api 1.5).

Scopes, periods and types that do not exist yet are kept as they come. An amount that is null is no number at that
scope, which is not zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import msgspec

from tallystick.api.actors import Actor
from tallystick.api.client import Client
from tallystick.api.endpoints import RATE_LIMITS, SPEND_EFFECTIVE, SPEND_LIMITS, WORKSPACES, rate_limits_of
from tallystick.api.leniency import Misfit, Oddity, fitted, read as read_page
from tallystick.api.page import Envelope, Page, Query, unreadable
from tallystick.core.dimensions import UNKNOWN
from tallystick.core.money import from_cents
from tallystick.core.time import Grain
from tallystick.errors import CursorExpired, InvalidAmount, Refused

T = TypeVar("T")

USD = "USD"
MOST_WORDS = 5
"""How much of what does not fit an answer is said one by one."""
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
    value: Annotated[int, msgspec.Meta(ge=0)] | None
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


class Held(msgspec.Struct):
    """A workspace that can have rate limits of its own."""

    id: str
    name: str = UNKNOWN


class _List(Envelope, kw_only=True):
    data: list[msgspec.Raw]


SPEND = Query(SPEND_LIMITS, (("limit", "20"),))
MEMBERS = Query(SPEND_EFFECTIVE, (("limit", "20"),))
RATES = Query(RATE_LIMITS)
HELD = Query(WORKSPACES, (("limit", "1000"),))
"""The live workspaces that can have rate limits of their own: all but the default one (analytics-api 3.4)."""


def rates_of(workspace: str) -> Query:
    """What a workspace is held to where that is not the organization's limit."""
    return Query(rate_limits_of(workspace))


def read(client: Client, query: Query) -> list[Page] | Refused:
    """Every page of a list, or the reason why it may not be read. A list that changed meanwhile is read once more."""
    try:
        try:
            return list(client.pages(query))
        except CursorExpired:
            return list(client.pages(query))
    except Refused as no:
        if isinstance(no, CursorExpired) or no.status not in REFUSALS:
            raise
        return no


def entries(pages: list[Page], shape: type[T], odd: set[Oddity] | None = None) -> list[T]:
    """What stands on the pages of a list, each entry once; one that cannot be read is left out, and `odd` says so.

    Raises UnexpectedResponse for a page that is no list, and where `odd` is None for an entry that cannot be read.
    """
    read_entries: dict[bytes, T] = {}
    for page in pages:
        list_name = page.request.partition("?")[0].rpartition("/")[2]
        for raw in read_page(page, _List).data:
            body = bytes(raw)
            try:
                entry = fitted(body, shape, odd)
            except (Misfit, msgspec.DecodeError, RecursionError) as wrong:
                if odd is None:
                    raise unreadable(page, wrong) from None
                odd.add(Oddity(list_name, f"an entry cannot be read and is left out: {wrong}"))
                continue
            if body in read_entries and odd is not None:
                odd.add(Oddity(list_name, "an entry came twice; it is shown once"))
            read_entries[body] = entry
    return list(read_entries.values())


def odd_words(odd: set[Oddity]) -> list[str]:
    """What does not fit in these answers, a few of it, as an answer says it."""
    words = [f"{field}: {text}." for field, text in sorted(odd)]
    rest = [f"{len(words) - MOST_WORDS:,} further parts of the answer do not fit."] if len(words) > MOST_WORDS else []
    return [*words[:MOST_WORDS], *rest]


def dollars(cents: str | None, currency: str, where: str) -> Decimal | None:
    """A limit or a spend in exact US dollars; None for no number, and for another currency, which is never compared.

    Raises InvalidAmount, which names `where`, for what is no number.
    """
    if cents is None or currency.upper() != USD:
        return None
    try:
        amount = from_cents(cents)
    except InvalidAmount as bad:
        raise InvalidAmount(
            f"{where} holds an amount that cannot be read: {bad.what}",
            "A wrong amount is worse than none. Try again; if it stays, report it to Anthropic.",
        ) from None
    if amount < 0:
        raise InvalidAmount(
            f"{where} is below zero: {cents!r} cents", "No limit or spend can be. Report it to Anthropic."
        )
    return amount


def scope_type(scope: Scope) -> str:
    """What sort of scope it is; `unknown` where the API does not say."""
    return str(scope.get("type") or UNKNOWN)


def scope_id(scope: Scope) -> str | None:
    """The id, or other name, of what a scope is; None for one of which there is one alone."""
    return next((str(id_) for name, id_ in scope.items() if name != "type" and id_ is not None), None)
