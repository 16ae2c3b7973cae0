from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx2
import pytest

from support.api_pages import bucket, report
from support.scripted_api import Administer, Connect, Reply, refusal, reply
from tallystick.api.leniency import Oddity
from tallystick.api.limits import SPEND, SpendLimit, dollars, entries, odd_words, read, scope_id
from tallystick.errors import CursorExpired, InvalidAmount, Refused, UnexpectedResponse

LIMIT = {
    "id": "spl_1",
    "type": "spend_limit",
    "amount": "50000",
    "currency": "USD",
    "is_enabled": True,
    "period": "monthly",
    "scope": {"type": "workspace", "workspace_id": "wrkspc_1"},
    "created_at": "2026-10-01T00:00:00Z",
    "updated_at": "2026-10-01T00:00:00Z",
}
MEMBER = {
    "actor": {"type": "user_actor", "user_id": "user_1", "name": "Ann", "email_address": None, "deleted": False},
    "amount": None,
    "currency": "USD",
    "period": "daily",
    "period_to_date_spend": "12050.5",
    "scope": {"type": "user", "user_id": "user_1"},
    "source": {"type": "seat_tier", "seat_tier": "premium"},
    "spend_limit_id": None,
}
RATE = {"type": "rate_limit", "models": ["m1"], "limits": [{"type": "requests_per_minute", "value": 4000}]}


def listing(*rows: Any, token: str | None = None) -> Reply:
    """A page of a list that pages by token."""
    return reply(200, {"data": list(rows), "next_page": token})


def test_spend_limits(administer: Administer) -> None:
    """Limits are paged to the end, with the beta header, by version 2026-10-21 (analytics-api 3.3)."""
    api, server = administer(listing(LIMIT, token="t2"), listing({**LIMIT, "id": "spl_2", "amount": None}))
    limits = api.spend_limits()
    assert [(limit.id, limit.amount, limit.period, scope_id(limit.scope)) for limit in limits] == [
        ("spl_1", "50000", "monthly", "wrkspc_1"),
        ("spl_2", None, "monthly", "wrkspc_1"),
    ]
    assert server.requests[0].url.path == "/v1/organizations/spend_limits"
    assert server.requests[0].headers["anthropic-version"] == "2026-10-21"
    assert server.requests[0].headers["anthropic-beta"] == "spend-limit-reads-2026-09-26"
    assert server.parameters(1) == [*server.parameters(0), ("page", "t2")]


def test_member_limits(administer: Administer) -> None:
    """Members' limits need no beta header and tell what was spent and whence the limit comes."""
    api, server = administer(listing(MEMBER))
    (limit,) = api.member_limits()
    assert "anthropic-beta" not in server.requests[0].headers
    assert dollars(limit.period_to_date_spend, limit.currency, "here") == Decimal("120.505")
    assert limit.source == {"type": "seat_tier", "seat_tier": "premium"}
    assert limit.actor is not None
    assert limit.actor.name == "Ann"


@pytest.mark.parametrize(
    ("shape", "kind", "name"),
    [
        ({"group_type": "model_group"}, "model_group", "m1"),
        ({"group": {"type": "model_group", "id": "rlg_1", "display_name": "One"}}, "model_group", "One"),
        ({"group": {"type": "batch", "id": "rlg_2"}, "models": None}, "batch", "batch"),
        ({}, "unknown", "m1"),
    ],
)
def test_rate_limits_of_either_version(administer: Administer, shape: dict[str, Any], kind: str, name: str) -> None:
    """A group is told by `group_type` (2023-06-01) or by `group.type` (2026-10-21); both are read (reports-api 2.3)."""
    api, _ = administer(listing({**RATE, **shape}))
    (limit,) = api.rate_limits()
    assert (limit.kind, limit.name, limit.limits[0].value) == (kind, name, 4000)


def test_rate_limits_of_a_workspace(administer: Administer) -> None:
    """A workspace's own limits stand at its path, with the organization's beside each."""
    own = {"type": "input_tokens_per_minute", "value": 500, "org_limit": 1000, "source": {"type": "workspace"}}
    api, server = administer(listing({**RATE, "type": "workspace_rate_limit", "limits": [own]}))
    (limit,) = api.rate_limits("wrkspc/1")
    assert server.requests[0].url.raw_path == b"/v1/organizations/workspaces/wrkspc%2F1/rate_limits"
    assert (limit.limits[0].value, limit.limits[0].org_limit) == (500, 1000)


def test_what_does_not_exist_yet_is_kept(administer: Administer) -> None:
    """Unknown scopes, periods, types and fields are kept as they come."""
    odd = {**LIMIT, "scope": {"type": "galaxy", "galaxy_id": "g1"}, "period": "yearly", "mood": 1}
    api, _ = administer(listing(odd))
    (limit,) = api.spend_limits()
    assert (limit.scope["type"], scope_id(limit.scope), limit.period) == ("galaxy", "g1", "yearly")
    assert scope_id({"type": "organization"}) is None


@pytest.mark.parametrize(
    ("cents", "currency", "usd"),
    [("50000", "USD", Decimal(500)), (None, "USD", None), ("50000", "JPY", None), ("0", "USD", Decimal(0))],
)
def test_amounts(cents: str | None, currency: str, usd: Decimal | None) -> None:
    """Cents become exact dollars; no number and another currency become none, never zero."""
    assert dollars(cents, currency, "here") == usd


@pytest.mark.parametrize("cents", ["", "1e3", "many", "+5"])
def test_bad_amounts_stop(cents: str) -> None:
    """An amount that cannot be read exactly is InvalidAmount that says where."""
    with pytest.raises(InvalidAmount, match="The spend limit spl_1"):
        dollars(cents, "USD", "The spend limit spl_1")


@pytest.mark.parametrize("status", [400, 403, 404])
def test_what_may_not_be_read(connect: Connect, status: int) -> None:
    """400, 403 and 404 are a reason, not an end; a wrong key is an end."""
    client, _ = connect(refusal(status, code="organization_type_not_supported"))
    outcome = read(client, SPEND)
    assert isinstance(outcome, Refused)
    assert outcome.code == "organization_type_not_supported"
    wrong, _ = connect(refusal(401))
    with pytest.raises(Refused):
        read(wrong, SPEND)


def test_a_list_that_changed_meanwhile(connect: Connect) -> None:
    """A page token that no longer holds has the list read once more, and no more than that."""
    client, server = connect(listing(LIMIT, token="t"), refusal(410), listing(LIMIT))
    assert len(entries(read(client, SPEND), SpendLimit)) == 1  # type: ignore[arg-type]
    assert len(server.requests) == 3
    client, _ = connect(listing(LIMIT, token="t"), refusal(410), listing(LIMIT, token="u"), refusal(410))
    with pytest.raises(CursorExpired):
        read(client, SPEND)


def test_an_answer_without_an_end(connect: Connect) -> None:
    """A page that does not say whether more follows is strange."""
    client, _ = connect(reply(200, {"data": []}))
    with pytest.raises(UnexpectedResponse, match="next_page"):
        read(client, SPEND)


def scoped(**opened: Reply) -> Reply:
    """An API as a key with few scopes sees it: all but these paths, by their end, are refused."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/v1/organizations/").replace("/", "_")
        closed = refusal(403, "permission_error", "scope missing", code="api_key_scope_missing")
        return opened.get(path, closed)(request)

    return answer


def analytics(field: str, figures: dict[str, Any], hours: int) -> Reply:
    """One row of a newer report."""
    row = bucket("2026-11-02T00:00:00Z", hours=hours)
    row = {"starting_at": row["starting_at"], "ending_at": row["ending_at"], "group": {}, field: figures}
    body = {"data": [row], "has_more": False, "next_page": None, "data_refreshed_at": "2026-11-03T08:00:00Z"}
    return reply(200, body, anthropic_organization_id="org-of-header")


TOKENS = {
    "uncached_input_tokens": 1,
    "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
    "cache_read_input_tokens": 0,
    "output_tokens": 2,
    "server_tool_use": {"web_search_requests": 0},
    "requests": 1,
}
USAGE = analytics("usage", TOKENS, 1)
COST = analytics("cost", {"amount": "1.5", "list_amount": "2", "currency": "USD"}, 24)


def test_check_of_a_key_with_read_analytics_alone(administer: Administer) -> None:
    """A key with `read:analytics` alone is enough: the reports tell whose it is, and nothing is beyond need."""
    api, server = administer(scoped(analytics_usage=USAGE, analytics_cost=COST))
    rights = api.check()
    assert rights.organization.id == "org-of-header"
    assert rights.readable
    assert (str(rights.newest_usage), str(rights.newest_cost)) == ("2026-11-02 00:00:00+00:00", "2026-11-02")
    assert {name for name, answer in rights.may_read.items() if answer == "yes"} == {
        "analytics_usage",
        "analytics_cost",
    }
    assert rights.beyond[0] == "Nothing beyond what is needed was found."
    assert "only by writing, which is never tried" in rights.beyond[1]
    assert {request.method for request in server.requests} == {"GET"}


def test_check_of_scopes_beyond_need(administer: Administer) -> None:
    """Members and spend limits that may be read are named as beyond need."""
    answers = {"users": reply(200, {"data": [], "has_more": False}), "spend_limits": listing()}
    api, _ = administer(scoped(analytics_usage=USAGE, analytics_cost=COST, **answers))
    text = " ".join(api.check().beyond)
    assert "read:members" in text
    assert "read:spend_limits" in text


def test_check_of_an_admin_key(administer: Administer) -> None:
    """An Admin key is said to write too, and what would do instead; it is not asked for more than before."""
    me = reply(200, {"id": "org", "name": "Org"})
    api, server = administer(scoped(me=me, usage_report_messages=report(), cost_report=report()))
    rights = api.check()
    assert rights.readable
    (note,) = rights.beyond
    assert "create, change and delete keys" in note
    assert "read:analytics alone would do" in note
    assert "2026-01-01" in note
    assert not [request for request in server.requests if "spend_limits" in request.url.path]


def test_check_where_half_a_dialect_is_readable(administer: Administer) -> None:
    """Usage of one dialect and cost of the other are not enough."""
    api, _ = administer(scoped(me=reply(200, {"id": "o", "name": "O"}), usage_report_messages=report()))
    assert not api.check().readable


def test_check_of_a_key_that_may_nothing(administer: Administer) -> None:
    """Where neither whose it is nor a report may be read, the refusal is raised."""
    api, _ = administer(scoped())
    with pytest.raises(Refused, match="organizations/me"):
        api.check()


def test_entries_that_cannot_be_read(administer: Administer, connect: Connect) -> None:
    """A limit without its amount is left out and said; the others are kept. From Python it is an error."""
    pages = listing(LIMIT, {name: value for name, value in LIMIT.items() if name != "amount"}, None, LIMIT)
    with connect(pages)[0] as client:
        odd: set[Oddity] = set()
        (limit,) = entries(list(client.pages(SPEND)), SpendLimit, odd)
    assert limit.amount == "50000"
    assert odd_words(odd) == [
        "spend_limits: an entry came twice; it is shown once.",
        "spend_limits: an entry cannot be read and is left out: Expected an object, got null - at `$`.",
        "spend_limits: an entry cannot be read and is left out: Object missing required field `amount` - at `$`.",
    ]
    with pytest.raises(UnexpectedResponse, match="amount"):
        administer(pages)[0].spend_limits()


def test_no_list_of_limits(administer: Administer) -> None:
    """An answer without its list is no answer, never an organization without limits."""
    with pytest.raises(UnexpectedResponse, match="data"):
        administer(reply(200, {"data": None, "next_page": None}))[0].spend_limits()


def test_pages_without_end(connect: Connect) -> None:
    """A page that comes again under another token ends the reading with an error."""
    client, _ = connect(listing(LIMIT, token="t1"), listing(LIMIT, token="t2"), listing(LIMIT, token="t3"))
    with pytest.raises(UnexpectedResponse, match="twice"):
        read(client, SPEND)


def test_amounts_of_limits() -> None:
    """Dollars in whatever case are dollars; an amount below zero is none."""
    assert dollars("100", "usd", "A limit") == 1
    with pytest.raises(InvalidAmount, match="below zero"):
        dollars("-100", "USD", "A limit")
