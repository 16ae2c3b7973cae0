"""Limits: what may be spent in a period, beside what was spent in it so far.

The API tells the limits, live; what was spent is the bill's in the ledger, by whole organization or workspace, and for
members of Claude Enterprise what the API says itself (analytics-api 3.3). Where either is not known it is not zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from tallystick.api import entries as directory_entries
from tallystick.api.client import Client
from tallystick.api.endpoints import ORGANIZATION
from tallystick.api.leniency import Oddity
from tallystick.api.limits import (
    MEMBERS,
    PERIODS,
    SPEND,
    USD,
    MemberLimit,
    SpendLimit,
    dollars,
    entries,
    odd_words,
    read,
    scope_id,
    scope_type,
)
from tallystick.api.page import Page, Query
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, ratio
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.time import Grain, Window, text
from tallystick.errors import Refused
from tallystick.query.context import Context
from tallystick.query.names import directory
from tallystick.query.report import Form, Parameter, Report
from tallystick.reports.limit_spend import Spent
from tallystick.store.engine import Engine

HEADINGS = (
    Heading("scope", Kind.DIMENSION),
    Heading("scope_id", Kind.DIMENSION, drop_order=4),
    Heading("scope_name", Kind.NAME),
    Heading("source", Kind.TEXT, drop_order=3),
    Heading("period", Kind.TEXT, drop_order=1),
    Heading("since", Kind.TEXT, drop_order=3),
    Heading("resets", Kind.TEXT, drop_order=2),
    Heading("status", Kind.TEXT, drop_order=2),
    Heading("limit", Kind.NUMBER, USD),
    Heading("spent", Kind.MONEY, USD),
    Heading("share", Kind.RATIO),
    Heading("remaining", Kind.NUMBER, USD),
)
WHOLE = ("organization", "usage_tier")
"""Scopes of which there is one: everything that the organization spends counts."""
NONE = "none"
NO_NUMBER = "no number"
"""The status of a scope at which no number is set."""
NO_SPEND = "0"
"""What a member spent, or that it cannot be read: the API says both alike."""
_WHY = {
    "organization_not_enrolled_in_beta": "the organization is not enrolled in this preview; Anthropic's account team "
    "can enroll it",
    "organization_type_not_supported": "the API has it for another kind of organization (Claude Enterprise) alone",
    "api_key_scope_missing": "the key lacks the scope read:spend_limits",
}
_MEND = (
    "Spend limits can be read by Claude Enterprise with the scope read:spend_limits, and by Console organizations that "
    "Anthropic's account team enrolled. All else works without."
)


def answer(client: Client, engine: Engine | None, now: datetime) -> Table:
    """Every spend limit that the credential may read, the one nearest to its end first.

    Raises Refused where it may read none. `engine` is the ledger, None where there is none.
    """
    limits, members = read(client, SPEND), read(client, MEMBERS)
    answers = {"Spend limits of the organization and its workspaces": limits, "Members' spend limits": members}
    if isinstance(limits, Refused) and isinstance(members, Refused):
        reasons = "; ".join({no.code: because(no) for no in (members, limits)}.values())
        raise Refused(f"No spend limit can be read: {reasons}", _MEND, status=limits.status, code=limits.code)
    refusals = [
        f"{subject} are not shown: {because(no)}." for subject, no in answers.items() if isinstance(no, Refused)
    ]
    organization_id = organization(client, [*_pages(limits), *_pages(members)])
    spent = Spent(engine, organization_id, now)
    names = _names(engine)
    odd: set[Oddity] = set()
    member_limits = entries(_pages(members), MemberLimit, odd)
    rows = [_member(limit, names, now) for limit in member_limits]
    member_keys = {(limit.spend_limit_id, scope_id(limit.scope)) for limit in member_limits}
    everyone = entries(_pages(limits), SpendLimit, odd)
    rows += [_row(limit, spent, names) for limit in everyone if (limit.id, scope_id(limit.scope)) not in member_keys]
    rows.sort(key=_nearest)
    readable = (not isinstance(limits, Refused), not isinstance(members, Refused))
    messages = (
        *map(warning, refusals),
        *map(warning, odd_words(odd)),
        *spent.messages,
        *_messages(everyone, member_limits, readable),
    )
    window = Window(Grain.MONTH.floor(now), Grain.DAY.after(Grain.DAY.floor(now)))
    as_of = engine.version.identity if engine else {}
    return Table(Question("limits", window, ("scope",)), HEADINGS, rows, {}, messages, {}, as_of)


def _messages(
    everyone: Sequence[SpendLimit], members: Sequence[MemberLimit], readable: tuple[bool, bool]
) -> Iterator[Message]:
    """What to say of the limits of everyone and of members, each where they may be read."""
    if not everyone and readable[0]:
        yield note("The API lists no spend limit of the organization or its workspaces.")
    if not members and readable[1]:
        yield note("The API lists no spend limit of members.")
    if unsure := sum(limit.period_to_date_spend == NO_SPEND for limit in members):
        yield warning(f"The API says 0 also where it cannot read what a member spent: unknown in {unsure:,} rows.")
    currencies = {limit.currency for limit in everyone} | {limit.currency for limit in members}
    if foreign := ", ".join(sorted(name for name in currencies if name.upper() != USD)):
        yield warning(
            f"Limits in {foreign} stand in `status` alone: the bill is in USD, so no spend is held against them."
        )
    scopes = {scope_type(limit.scope) for limit in everyone} - {*WHOLE, "workspace", "user"}
    if scopes:
        yield note(f"What the members of a {' or '.join(sorted(scopes))} spent together is in no report.")


def because(no: Refused) -> str:
    """Why a list may not be read, in words."""
    return _WHY.get(no.code or "", no.what.rstrip("."))


def organization(client: Client, pages: Sequence[Page]) -> str | None:
    """Whose limits these are: what an answer tells, else what the credential may read; None where neither."""
    for page in pages:
        if organization_id := page.headers.get("anthropic-organization-id"):
            return organization_id
    own_pages = read(client, Query(ORGANIZATION))
    return None if isinstance(own_pages, Refused) else directory_entries.organization(own_pages[0]).id


def _pages(pages: list[Page] | Refused) -> list[Page]:
    return [] if isinstance(pages, Refused) else pages


def _names(engine: Engine | None) -> Mapping[str, Mapping[str, str]]:
    """The names of what a limit can be of."""
    if engine is None:
        return {"workspace": {}, "user": {}, "organization": {}}
    dimensions = {"workspace": "workspace", "user": "actor", "organization": "organization"}
    return {scope: directory(engine, dimension) for scope, dimension in dimensions.items()}


def _row(limit: SpendLimit, spent: Spent, names: Mapping[str, Mapping[str, str]]) -> tuple[Cell, ...]:
    scope = scope_type(limit.scope)
    id_ = scope_id(limit.scope)
    known = None
    if scope in WHOLE:
        known = spent.of(limit.period, None)
        id_ = spent.organization
        name = names["organization"].get(id_ or "", "none")
    else:
        if scope == "workspace" and id_:
            known = spent.of(limit.period, id_)
        name = names.get(scope, {}).get(id_ or "", id_ or NONE)
    where = f"The spend limit {limit.id}"
    status = _status(limit.amount, limit.currency, on=limit.is_enabled)
    limit_usd = dollars(limit.amount, limit.currency, where)
    return _laid((scope, id_ or NONE, name, scope), limit.period, spent.now, status, limit_usd, known)


def _member(limit: MemberLimit, names: Mapping[str, Mapping[str, str]], now: datetime) -> tuple[Cell, ...]:
    id_, source = scope_id(limit.scope) or NONE, limit.source or {}
    actor = limit.actor
    name = (actor.name or actor.email_address if actor else None) or names["user"].get(id_, id_)
    where = f"The limit of the member {id_}"
    unknown = limit.period_to_date_spend == NO_SPEND
    known = None if unknown else dollars(limit.period_to_date_spend, limit.currency, where)
    status = _status(limit.amount, limit.currency, on=True)
    limit_usd = dollars(limit.amount, limit.currency, where)
    inherited = str(source.get("type", NONE))
    return _laid((scope_type(limit.scope), id_, name, inherited), limit.period, now, status, limit_usd, known)


def _status(amount: str | None, currency: str, *, on: bool) -> str:
    if amount is None:
        return NO_NUMBER
    state = "enabled" if on else "disabled"
    return state if currency.upper() == USD else f"{state}, {amount} minor units of {currency}"


def _laid(
    whose: tuple[str, ...], period: str, now: datetime, status: str, limit: Decimal | None, spent: Decimal | None
) -> tuple[Cell, ...]:
    """A row; what is switched off, or spent of nobody knows what, has no share and leaves nothing."""
    window = PERIODS[period].around(now) if period in PERIODS else None
    share = remaining = None
    if status == "enabled" and limit is not None and spent is not None:
        share, remaining = ratio(spent, limit), EXACT.subtract(limit, spent)
    since, resets = (text(window.start), text(window.end)) if window else ("unknown", "unknown")
    return (*whose, period, since, resets, status, limit, spent, share, remaining)


def _nearest(row: tuple[Cell, ...]) -> tuple[bool, Decimal, str, str]:
    """The order: the largest share first, then what has none, by scope and id."""
    share = row[10]
    known = share if isinstance(share, Decimal) else Decimal(0)
    return (not isinstance(share, Decimal), -known, str(row[0]), str(row[1]))


def _ask(context: Context, rates: bool) -> Table:
    from tallystick.reports import rate_limits

    with context.open_client() as client:
        return rate_limits.answer(client, context.now) if rates else answer(client, context.ledger, context.now)


REPORT = Report(
    _ask,
    (
        Parameter(
            "rates",
            "Show rate limits instead, and the headroom above the busiest minute of 24 hours.",
            Form.FLAG,
            False,
        ),
    ),
    "Limits come from the API, spend from the ledger. What the key may not read is named; exit code 3 if it may read "
    "nothing.",
    priced=False,
    api=True,
    organizations=False,
)
