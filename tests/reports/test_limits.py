"""Limits beside spend, and rate limits beside the busiest minute: the truth of the simulator, and what is not known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.ledgers import client_of, open_ledger
from support.organization import CLOCK, NOW, Truth
from support.tables import column, message
from support.wire import KEY
from tallystick import Ledger, Table
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.api.limits import RATES
from tallystick.errors import Refused
from tallystick.sim import Behavior, Simulator, World

LIMITS_KEY = "sk-ant-api01-limits-simulated"
MONTH = date(2026, 11, 1)
YESTERDAY = date(2026, 11, 21)
Json = dict[str, Any]


@pytest.fixture(scope="session")
def console(golden_world: World) -> Simulator:
    """The small organization behind the real paths."""
    return Simulator(golden_world, clock=CLOCK.now)


@pytest.fixture(scope="session")
def shown(book: Ledger, console: Simulator) -> Table:
    """Its spend limits beside its spend."""
    with client_of(console) as client:
        return book.limits(client=client)


@pytest.fixture(scope="session")
def rates(book: Ledger, console: Simulator) -> Table:
    """Its rate limits beside its busiest minutes."""
    with client_of(console) as client:
        return book.limits(client=client, rates=True)


def scripted(answers: Mapping[str, Json | int]) -> Client:
    """A client of an API that gives these answers by the path below `/v1/organizations/`; a number is a refusal."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        response = answers.get(request.url.path.removeprefix("/v1/organizations/"), 403)
        if isinstance(response, int):
            return httpx2.Response(response, json={"type": "error", "error": {"type": "no", "message": "Not for you."}})
        return httpx2.Response(200, content=json.dumps(response))

    return Client(Credential(KEY), clock=CLOCK, transport=httpx2.MockTransport(answer))


def limit(scope: Json, **fields: Any) -> Json:
    """A spend limit as the API writes it."""
    usual = {"id": f"spl_{scope['type']}", "amount": "10000", "currency": "USD", "period": "monthly"}
    return {**usual, "is_enabled": True, "scope": scope, **fields}


def listing(*rows: Json) -> Json:
    """A list whole on one page."""
    return {"data": list(rows), "next_page": None, "has_more": False}


def row_of(table: Table, **fields: Any) -> Json:
    """The one row that has these values."""
    (match,) = (row for row in table.rows if all(row[name] == value for name, value in fields.items()))
    return match


def test_spend_beside_limits(shown: Table, truth: Truth, golden_world: World) -> None:
    """Beside each limit of a Console organization stands what was billed since the month began, to the picodollar."""
    total = truth.billed(MONTH, YESTERDAY)
    for scope in ("organization", "usage_tier"):
        row = row_of(shown, scope=scope)
        assert row["spent"] == total
        assert row["remaining"] == row["limit"] - total
        assert round(row["share"] * row["limit"], 9) == round(total, 9)
        assert (row["since"], row["resets"]) == ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")
    named = {workspace.id: workspace.name for workspace in golden_world.organization.workspaces}
    places = [row for row in shown.rows if row["scope"] == "workspace"]
    assert places
    for row in places:
        assert row["scope_name"] == named[row["scope_id"]]
        assert row["spent"] == truth.billed(MONTH, YESTERDAY, row["scope_id"])


def test_the_nearest_limit_is_first(shown: Table) -> None:
    """The largest share stands first; a limit that is switched off says so, and has no share and no remainder."""
    shares = [share for share in column(shown, "share") if share is not None]
    assert shares == sorted(shares, reverse=True)
    assert column(shown, "share")[: len(shares)] == shares
    off = row_of(shown, status="disabled")
    assert (off["share"], off["remaining"]) == (None, None)
    assert off["spent"] is not None


def test_what_is_said_of_spend_limits(shown: Table) -> None:
    """The running day is said not to be billed; members' limits, not for a Console organization, are degraded."""
    assert "2026-11-22 is running" in message(shown, "not billed yet")
    assert "Claude Enterprise" in message(shown, "Members' spend limits are not shown")
    assert shown.totals == {}


def test_the_default_workspace(book: Ledger, golden_world: World, truth: Truth) -> None:
    """A limit names the default workspace by its real id, the bill by none: they meet (reports-api 1.5)."""
    real = golden_world.organization.default.id
    me = {"id": golden_world.organization.id, "name": "Org"}
    spend_limits = listing(limit({"type": "workspace", "workspace_id": real}))
    with scripted({"me": me, "spend_limits": spend_limits}) as client:
        (row,) = book.limits(client=client).rows
    assert row["spent"] == truth.billed(MONTH, YESTERDAY, real)


def test_periods_and_numbers(book: Ledger, golden_world: World, truth: Truth) -> None:
    """Weeks begin on Monday; of a day that has just begun, a period or a scope nobody knows, the spend is unknown.

    No number is not zero, and another currency is named and never compared.
    """
    scope = {"type": "organization"}
    spend_limits = listing(
        limit(scope, id="week", period="weekly"),
        limit(scope, id="day", period="daily", amount="20000"),
        limit(scope, id="year", period="yearly", amount="30000"),
        limit(scope, id="none", amount=None),
        limit(scope, id="yen", amount="40000", currency="JPY"),
        limit({"type": "seat_tier", "seat_tier": "premium"}),
    )
    me = {"id": golden_world.organization.id, "name": "Org"}
    with scripted({"me": me, "spend_limits": spend_limits}) as client:
        table = book.limits(client=client)
    monday = date(2026, 11, 16)
    assert row_of(table, period="weekly")["spent"] == truth.billed(monday, YESTERDAY)
    assert row_of(table, period="weekly")["since"] == "2026-11-16T00:00:00Z"
    for row in (row_of(table, period="daily"), row_of(table, period="yearly"), row_of(table, scope="seat_tier")):
        assert (row["spent"], row["share"], row["remaining"]) == (None, None, None)
    none = row_of(table, status="no number")
    assert (none["limit"], none["share"], none["spent"]) == (None, None, truth.billed(MONTH, YESTERDAY))
    yen = row_of(table, status="enabled, 40000 minor units of JPY")
    assert (yen["limit"], yen["share"]) == (None, None)
    assert message(table, "Limits in JPY stand in `status` alone", "no spend is held against them")
    assert message(table, "'yearly'", "not known")
    assert message(table, "day has just begun")
    assert message(table, "seat_tier", "no report")


def test_a_scope_without_a_type_and_a_list_without_limits(book: Ledger, golden_world: World) -> None:
    """A limit whose scope has no type is of an unknown one, and a list without limits says that there is none."""
    me = {"id": golden_world.organization.id, "name": "Org"}
    for scope in ({}, {"type": None}):
        with scripted({"me": me, "spend_limits": listing(limit({"type": "x"}) | {"scope": scope})}) as client:
            table = book.limits(client=client)
        assert column(table, "scope") == ["unknown"]
        assert message(table, "a unknown", "no report")
    with scripted({"me": me, "spend_limits": listing()}) as client:
        assert message(book.limits(client=client), "The API lists no spend limit")


@pytest.mark.long
def test_a_period_that_is_partly_absent(golden_world: World, console: Simulator, tmp_path: Path) -> None:
    """Where a day of the period is not in the ledger the spend is unknown and the days are named; it is never less."""
    short = open_ledger(tmp_path / "ledger", golden_world, date(2026, 11, 10))
    with client_of(console) as client:
        table = short.limits(client=client)
    assert column(table, "spent") == [None] * len(table.cells)
    assert message(table, "absent", "1 to 9 Nov")
    assert message(table, "What was spent since 2026-11-01 is unknown")


def test_without_a_ledger(console: Simulator, tmp_path: Path) -> None:
    """Limits are shown without a ledger too, their spend unknown."""
    with client_of(console) as client:
        table = Ledger(tmp_path / "none", CLOCK).limits(client=client)
    assert table.cells
    assert set(column(table, "spent")) == {None}
    assert message(table, "There is no ledger")


def test_another_organization(book: Ledger, other_world: World) -> None:
    """The spend of one organization never stands beside the limits of another."""
    with client_of(Simulator(other_world, clock=CLOCK.now)) as client:
        table = book.limits(client=client)
    assert set(column(table, "spent")) == {None}
    assert message(table, "nothing of this organization")


def test_what_may_not_be_read(book: Ledger, golden_world: World) -> None:
    """Where no list may be read it is refused, with the reason of each in words and what would be needed."""
    closed = Simulator(golden_world, clock=CLOCK.now, behavior=Behavior(spend_preview=False))
    with client_of(closed) as client, pytest.raises(Refused, match="not enrolled in this preview") as no:
        book.limits(client=client)
    assert "Claude Enterprise" in no.value.what
    assert "read:spend_limits" in no.value.hint


@pytest.fixture(scope="module")
def members() -> World:
    """A Claude Enterprise organization."""
    return World(start=date(2026, 8, 1), end=NOW.date(), seed=3, requests_per_key_day=6, enterprise=True)


def enterprise(world: World, tmp_path: Path) -> Table:
    """Its limits, read with a key that has `read:spend_limits` alone, without a ledger."""
    with client_of(Simulator(world, clock=CLOCK.now), key=LIMITS_KEY) as client:
        return Ledger(tmp_path / "none", CLOCK).limits(client=client)


def test_members_of_an_enterprise(members: World, tmp_path: Path) -> None:
    """Each member's limit says whence it comes and what the API says was spent; a 0 is unknown, for it may mean that.

    A member's own limit stands once.
    """
    table = enterprise(members, tmp_path)
    users = {user.id: user.name for user in members.organization.users}
    rows = [row for row in table.rows if row["scope"] == "user"]
    assert {row["scope_id"]: row["scope_name"] for row in rows} == users
    assert {"user", "organization", "seat_tier", "rbac_group"} <= {row["source"] for row in rows}
    assert max(Counter((row["scope_id"], row["period"]) for row in rows).values()) == 1
    for row in rows:
        assert row["spent"] is None or row["spent"] > 0
        if row["limit"] is not None and row["spent"] is not None:
            assert row["remaining"] == row["limit"] - row["spent"]
    unlimited = [row for row in rows if row["period"] == "weekly"]
    assert {row["status"] for row in unlimited} == {"no number"}


def test_the_rooms_of_an_enterprise(members: World, tmp_path: Path) -> None:
    """Tiers, groups and services have limits, and no report says what they spent."""
    table = enterprise(members, tmp_path)
    for scope in ("seat_tier", "rbac_group", "organization_service"):
        assert row_of(table, scope=scope)["spent"] is None
    assert message(table, "organization_service", "no report")


def minutes(world: World, count: Callable[[Any], int], models: set[str]) -> Counter[datetime]:
    """What the requests of the last 24 hours come to by minute, request by request, batches and fast mode left out."""
    counts: Counter[datetime] = Counter()
    end = NOW
    for day in (NOW.date() - timedelta(days=1), NOW.date()):
        for request in world.requests(day):
            usual = request.group.tier != "batch" and request.group.speed != "fast" and request.group.model in models
            if usual and end - timedelta(days=1) <= request.at < end:
                counts[request.at.replace(second=0, microsecond=0)] += count(request)
    return counts


def test_the_busiest_minute(rates: Table, golden_world: World, console: Simulator) -> None:
    """Against each limit of models stands the busiest minute as it happened; what is left of the limit is headroom."""
    with client_of(console) as client:
        rate_limits = json.loads(client.get(RATES).body)["data"]
    models = {entry["group"]["id"]: set(entry["models"] or ()) for entry in rate_limits}
    counted = {
        "output_tokens_per_minute": lambda request: request.output,
        "input_tokens_per_minute_cache_aware": lambda request: request.uncached + request.write_5m + request.write_1h,
    }
    seen = 0
    for row in rates.rows:
        if row["workspace"] != "all" or row["type"] not in counted:
            continue
        truth = minutes(golden_world, counted[row["type"]], models[row["group"]])
        most = max(truth.values(), default=0)
        assert row["busiest"] == most, row
        assert row["headroom"] == round(Decimal(row["limit"] - most) / row["limit"], 12)
        if most:
            minute = datetime.fromisoformat(str(row["minute"]))
            assert truth[minute] == most
            seen += 1
        else:
            assert row["minute"] == "none"
    assert seen


def test_what_no_report_measures(rates: Table) -> None:
    """Limits of files, batches or searches have no figure beside them, and say why; workspaces' own come last."""
    for group in ("batch", "files", "web_search"):
        row = row_of(rates, group_name=group)
        assert (row["busiest"], row["headroom"]) == (None, None)
        assert row["counted"] == "not in the usage reports"
    assert rates.rows[-1]["workspace_name"] == "Claude Code"
    assert message(rates, "reading from the cache does not count")


LIMIT = {
    "group_type": "model_group",
    "models": ["m1"],
    "limits": [
        {"type": "requests_per_minute", "value": 10},
        {"type": "input_tokens_per_minute", "value": 1000},
        {"type": "tokens_per_century", "value": 1},
    ],
}
RESULT = {
    "uncached_input_tokens": 100,
    "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 3},
    "cache_read_input_tokens": 9_000,
    "output_tokens": 50,
    "server_tool_use": {"web_search_requests": 0},
    "model": "m1",
    "workspace_id": None,
    "service_tier": "standard",
}


def older(**fields: Any) -> Json:
    """A page of the older usage report: one minute."""
    span = {"starting_at": "2026-11-22T10:00:00Z", "ending_at": "2026-11-22T10:01:00Z"}
    return {"data": [{**span, "results": [{**RESULT, **fields}]}], "has_more": False, "next_page": None}


def test_the_older_reports(book: Ledger) -> None:
    """Where the newer dialect is refused the older one measures tokens; requests it does not count are unknown."""
    with scripted({"rate_limits": listing(LIMIT), "usage_report/messages": older()}) as client:
        table = book.limits(client=client, rates=True)
    requests = row_of(table, type="requests_per_minute")
    assert (requests["busiest"], requests["headroom"], requests["counted"]) == (
        None,
        None,
        "not told by the older reports",
    )
    tokens = row_of(table, type="input_tokens_per_minute")
    assert (tokens["busiest"], tokens["headroom"]) == (123, Decimal("0.877"))
    assert tokens["minute"] == "2026-11-22T10:00:00Z"
    assert row_of(table, type="tokens_per_century")["busiest"] is None
    assert message(table, "Limits of workspaces are not shown", "Not for you")
    assert message(table, "older reports")


def test_batches_and_models_without_a_limit(book: Ledger) -> None:
    """Batches do not count; a model that no limit names is named."""
    with scripted({"rate_limits": listing(LIMIT), "usage_report/messages": older(service_tier="batch")}) as client:
        assert row_of(book.limits(client=client, rates=True), type="input_tokens_per_minute")["busiest"] == 0
    with scripted({"rate_limits": listing(LIMIT), "usage_report/messages": older(model="m2")}) as client:
        assert message(book.limits(client=client, rates=True), "In no rate limit", "m2")


def test_usage_that_is_not_known(book: Ledger) -> None:
    """Usage that may not be read, or is not published yet, is unknown and never a headroom of 100 %."""
    with scripted({"rate_limits": listing(LIMIT)}) as client:
        table = book.limits(client=client, rates=True)
    assert column(table, "headroom") == [None] * len(table.cells)
    assert message(table, "Usage may not be read")
    silent = {"data": [], "has_more": False, "next_page": None, "data_refreshed_at": None}
    with scripted({"rate_limits": listing(LIMIT), "analytics/usage": silent}) as client:
        table = book.limits(client=client, rates=True)
    assert column(table, "headroom") == [None] * len(table.cells)
    assert message(table, "not published yet")


def test_rate_limits_that_may_not_be_read(book: Ledger) -> None:
    """Without rate limits there is nothing to show: refused, with what would be needed."""
    with scripted({}) as client, pytest.raises(Refused, match="Not for you") as no:
        book.limits(client=client, rates=True)
    assert "Admin key" in no.value.hint
