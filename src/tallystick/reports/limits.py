"""Limits: what may be spent in a period, beside what was spent in it so far.

The API tells the limits, live; what was spent is the bill's in the ledger, by whole organization or workspace, and for
members of Claude Enterprise what the API says itself (analytics-api 3.3). Where either is not known it is not zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from tallystick.api import directory as listed
from tallystick.api.client import Client, Page, Query
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
)
from tallystick.core.money import EXACT, ratio
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.time import Grain, Window, text
from tallystick.errors import Refused
from tallystick.ledger.engine import Engine
from tallystick.reports.names import directory
from tallystick.reports.spent import Spent

HEADINGS = (
    Heading("scope", Kind.DIMENSION),
    Heading("scope_id", Kind.DIMENSION),
    Heading("scope_name", Kind.NAME),
    Heading("source", Kind.TEXT),
    Heading("period", Kind.TEXT),
    Heading("since", Kind.TEXT),
    Heading("resets", Kind.TEXT),
    Heading("status", Kind.TEXT),
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
    caveats = [f"{what} are not shown: {because(no)}." for what, no in _refused(limits, members)]
    if isinstance(limits, Refused) and isinstance(members, Refused):
        said = " ".join(caveats)
        raise Refused(said, _MEND, status=limits.status, request_id=limits.request_id, code=limits.code)
    of = organization(client, [*_pages(limits), *_pages(members)])
    spent = Spent(engine, of, now)
    names = _names(engine)
    odd: set[Oddity] = set()
    found = entries(_pages(members), MemberLimit, odd)
    rows = [_member(it, names, now) for it in found]
    told = {(it.spend_limit_id, scope_id(it.scope)) for it in found}
    everyone = entries(_pages(limits), SpendLimit, odd)
    rows += [_row(it, spent, names) for it in everyone if (it.id, scope_id(it.scope)) not in told]
    rows.sort(key=_nearest)
    unsure = sum(it.period_to_date_spend == NO_SPEND for it in found)
    caveats += [*odd_words(odd), *spent.said]
    if unsure:
        caveats.append(f"The API says 0 also where it cannot read what a member spent: unknown in {unsure:,} rows.")
    if others := {it.scope["type"] for it in everyone if it.scope.get("type") not in {*WHOLE, "workspace", "user"}}:
        caveats.append(f"What the members of a {' or '.join(sorted(map(str, others)))} spent together is in no report.")
    window = Window(Grain.MONTH.floor(now), Grain.DAY.after(Grain.DAY.floor(now)))
    version = engine.version if engine else None
    as_of = version.spoken if version else {}
    return Table(Question("limits", window, ("scope",)), HEADINGS, rows, {}, tuple(caveats), {}, as_of)


def because(no: Refused) -> str:
    """Why a list may not be read, in words."""
    return _WHY.get(no.code or "", no.what.rstrip("."))


def organization(client: Client, pages: Sequence[Page]) -> str | None:
    """Whose limits these are: what an answer tells, else what the credential may read; None where neither."""
    for page in pages:
        if said := page.headers.get("anthropic-organization-id"):
            return said
    found = read(client, Query(ORGANIZATION))
    return None if isinstance(found, Refused) else listed.organization(found[0]).id


def _refused(limits: list[Page] | Refused, members: list[Page] | Refused) -> list[tuple[str, Refused]]:
    both = (("Spend limits of the organization and its workspaces", limits), ("Members' spend limits", members))
    return [(what, said) for what, said in both if isinstance(said, Refused)]


def _pages(said: list[Page] | Refused) -> list[Page]:
    return [] if isinstance(said, Refused) else said


def _names(engine: Engine | None) -> Mapping[str, Mapping[str, str]]:
    """The names of what a limit can be of."""
    if engine is None:
        return {"workspace": {}, "user": {}, "organization": {}}
    of = {"workspace": "workspace", "user": "actor", "organization": "organization"}
    return {scope: directory(engine, dimension) for scope, dimension in of.items()}


def _row(limit: SpendLimit, spent: Spent, names: Mapping[str, Mapping[str, str]]) -> tuple[Cell, ...]:
    scope = str(limit.scope.get("type"))
    one = scope_id(limit.scope)
    known = None
    if scope in WHOLE:
        known = spent.of(limit.period, None)
        one = spent.organization
        name = names["organization"].get(one or "", "none")
    else:
        if scope == "workspace" and one:
            known = spent.of(limit.period, one)
        name = names.get(scope, {}).get(one or "", one or NONE)
    where = f"The spend limit {limit.id}"
    status = _status(limit.amount, limit.currency, on=limit.is_enabled)
    said = dollars(limit.amount, limit.currency, where)
    return _laid((scope, one or NONE, name, scope), limit.period, spent.now, status, said, known)


def _member(limit: MemberLimit, names: Mapping[str, Mapping[str, str]], now: datetime) -> tuple[Cell, ...]:
    one, source = scope_id(limit.scope) or NONE, limit.source or {}
    who = limit.actor
    name = (who.name or who.email_address if who else None) or names["user"].get(one, one)
    where = f"The limit of the member {one}"
    unknown = limit.period_to_date_spend == NO_SPEND
    known = None if unknown else dollars(limit.period_to_date_spend, limit.currency, where)
    status = _status(limit.amount, limit.currency, on=True)
    said = dollars(limit.amount, limit.currency, where)
    inherited = str(source.get("type", NONE))
    return _laid((str(limit.scope.get("type")), one, name, inherited), limit.period, now, status, said, known)


def _status(amount: str | None, currency: str, *, on: bool) -> str:
    if amount is None:
        return NO_NUMBER
    said = "enabled" if on else "disabled"
    return said if currency.upper() == USD else f"{said}, {amount} minor units of {currency}"


def _laid(
    whose: tuple[str, str, str, str],
    period: str,
    now: datetime,
    status: str,
    limit: Decimal | None,
    spent: Decimal | None,
) -> tuple[Cell, ...]:
    """A row; what is switched off, or spent of nobody knows what, has no share and leaves nothing."""
    window = PERIODS[period].around(now) if period in PERIODS else None
    counts = status == "enabled" and limit is not None and spent is not None
    share = ratio(spent, limit) if counts and limit is not None and spent is not None else None
    left = EXACT.subtract(limit, spent) if counts and limit is not None and spent is not None else None
    since, resets = (text(window.start), text(window.end)) if window else ("unknown", "unknown")
    return (*whose, period, since, resets, status, limit, spent, share, left)


def _nearest(row: tuple[Cell, ...]) -> tuple[bool, Decimal, str, str]:
    """The order: the largest share first, then what has none, by scope and id."""
    share = row[10]
    known = share if isinstance(share, Decimal) else Decimal(0)
    return (not isinstance(share, Decimal), -known, str(row[0]), str(row[1]))
