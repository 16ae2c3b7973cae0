from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

import pytest

from support.newer_reports import COST, NEW as REPORTS, grouped
from support.simulator_api import HEADERS, NOW, Api, api_of
from tallystick.sim import AnalyticsBehavior, Behavior, Discount, Request, Ticking, World
from tallystick.sim.directory.spend_limits import BETA, thousandths

OLD = HEADERS | {"anthropic-beta": BETA}
KEY = HEADERS | {"x-api-key": "sk-ant-api01-limits-simulated"}
KEY_BETA = KEY | {"anthropic-beta": f"something-else, {BETA}"}
NEW = {"anthropic-version": "2026-10-21"}
LIMITS, EFFECTIVE, INCREASES = "spend_limits", "spend_limits/effective", "spend_limit_increase_requests"
DAY = timedelta(days=1)
MONTH = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def people() -> World:
    """The usual world, as a Claude Enterprise organization."""
    return World(start=date(2026, 8, 1), end=date(2026, 11, 22), requests_per_key_day=25, enterprise=True)


@pytest.fixture(scope="module")
def enterprise(people: World) -> Api:
    """That organization, as the contract has it."""
    return api_of(people)


def refused(
    api: Api, path: str, params: list[tuple[str, str]], headers: Mapping[str, str] = KEY_BETA
) -> tuple[int, str | None]:
    """The status of a refusal and its `error_code`."""
    answer = api.ask(path, params, headers)
    error = json.loads(answer.body)["error"]
    return answer.status, error.get("details", {}).get("error_code")


def walked(api: Api, path: str, params: list[tuple[str, str]], headers: Mapping[str, str]) -> list[list[Any]]:
    """The pages of a list that pages by token."""
    page = api.get(path, params, headers)
    pages = [page["data"]]
    while page["next_page"]:
        page = api.get(path, [*params, ("page", page["next_page"])], headers)
        pages.append(page["data"])
    return pages


def billed(world: World, since: datetime, until: datetime, counted: Callable[[Request], bool]) -> Decimal:
    """What the requests that are counted were billed in a span, in cents."""
    total = Decimal(0)
    while since < until:
        end = min(since + DAY, until)
        total += sum(request.cost() for request in world.between(since, end) if counted(request))
        since = end
    return total * 100


def test_console_limits(api: Api, world: World) -> None:
    """A Console organization has the cap of its tier, a limit of its own, and limits of workspaces, newest first."""
    limits = api.get(LIMITS, headers=OLD)["data"]
    assert [entry["created_at"] for entry in limits] == sorted((entry["created_at"] for entry in limits), reverse=True)
    scopes = [entry["scope"]["type"] for entry in limits]
    assert scopes.count("usage_tier") == scopes.count("organization") == 1
    live = [each.id for each in world.organization.workspaces[1:] if each.archived_at is None]
    limited = [entry["scope"]["workspace_id"] for entry in limits if entry["scope"]["type"] == "workspace"]
    assert sorted(limited) == sorted(live)
    assert {entry["is_enabled"] for entry in limits} == {True, False}
    (tier,) = (entry for entry in limits if entry["scope"]["type"] == "usage_tier")
    assert tier["amount"] in {"50000", "100000", "20000000"}
    assert tier["updated_at"] == tier["created_at"]


@pytest.mark.parametrize("headers", [OLD, OLD | NEW])
def test_a_limit_has_the_official_fields(api: Api, enterprise: Api, headers: dict[str, str]) -> None:
    """A limit has the fields of the contract under both versions; its amount is a string of whole cents, or null."""
    limits = [*api.get(LIMITS, headers=headers)["data"], *enterprise.get(LIMITS, headers=KEY_BETA)["data"]]
    for entry in limits:
        assert entry.keys() == {
            "id",
            "type",
            "amount",
            "currency",
            "is_enabled",
            "period",
            "scope",
            "created_at",
            "updated_at",
        }
        assert entry["id"].startswith("spl_")
        assert entry["amount"] is None or entry["amount"].isdigit()
        assert entry["period"] in {"daily", "weekly", "monthly"}
    assert len({entry["id"] for entry in limits}) == len(limits)


@pytest.mark.long
def test_no_limit_has_been_hit(api: Api, world: World) -> None:
    """The truth of a month keeps every limit of a workspace, of the organization and of the tier."""
    for entry in api.get(LIMITS, headers=OLD)["data"]:
        workspace = entry["scope"].get("workspace_id")
        spent = billed(world, MONTH, NOW, lambda request, where=workspace: where in (None, request.group.workspace))
        assert 0 < spent < Decimal(entry["amount"])


def test_console_limits_are_filtered(api: Api, world: World) -> None:
    """Limits can be asked for by scope and by workspace; an unknown workspace has none."""
    coding = world.organization.coding.id
    (entry,) = api.get(LIMITS, [("workspace_id", coding)], OLD)["data"]
    assert entry["scope"] == {"type": "workspace", "workspace_id": coding}
    types = {each["scope"]["type"] for each in api.get(LIMITS, [("scope_type[]", "workspace")], OLD)["data"]}
    assert types == {"workspace"}
    assert api.get(LIMITS, [("workspace_id", "wrkspc_unknown")], OLD) == {"data": [], "next_page": None}
    assert api.get(f"{LIMITS}/{entry['id']}") == entry


@pytest.mark.parametrize(
    "params",
    [
        [("scope_type[]", "user")],
        [("scope_type[]", "galaxy")],
        [("scope_type", "workspace")],
        [("limit", "0")],
        [("limit", "1001")],
        [("page", "page_")],
        [("page", "page_Mg==")],
    ],
)
def test_what_the_list_refuses(api: Api, params: list[tuple[str, str]]) -> None:
    """A scope of the other kind of organization, a bare array, a limit out of range and a false token are a 400."""
    assert refused(api, LIMITS, params, OLD)[0] == 400


def test_the_list_is_an_early_preview(world: World, api: Api) -> None:
    """The list needs its beta header, and an organization that is in the preview; a single limit needs the latter."""
    assert refused(api, LIMITS, [], HEADERS) == (400, "organization_not_enrolled_in_beta")
    headerless = api_of(world, behavior=Behavior(spend_headerless=404))
    assert refused(headerless, LIMITS, [], HEADERS)[0] == 404
    outside = api_of(world, behavior=Behavior(spend_preview=False))
    assert refused(outside, LIMITS, [], OLD) == (400, "organization_not_enrolled_in_beta")
    limit_id = api.get(LIMITS, headers=OLD)["data"][0]["id"]
    assert refused(outside, f"{LIMITS}/{limit_id}", [], OLD) == (403, "spend_limits_admin_api_writes_not_enabled")


@pytest.mark.parametrize("path", [EFFECTIVE, INCREASES, f"{INCREASES}/slir_01"])
def test_console_organizations_have_no_members_limits(api: Api, path: str) -> None:
    """What members have, and ask for, is for Enterprise only; a key of Enterprise has no rights on Console."""
    assert refused(api, path, [], OLD) == (400, "organization_type_not_supported")
    for closed in (path, LIMITS, f"{LIMITS}/spl_01"):
        assert refused(api, closed, [])[0] == 403


def test_enterprise_needs_the_scope(enterprise: Api) -> None:
    """Enterprise lets in who holds `read:spend_limits`, there only; an Admin key lacks it."""
    for path in (LIMITS, EFFECTIVE, INCREASES):
        assert enterprise.ask(path, headers=KEY_BETA).status == 200
        assert refused(enterprise, path, [], OLD) == (403, "api_key_scope_missing")
    assert refused(enterprise, f"{LIMITS}/spl_01", [], OLD) == (403, "spend_limits_admin_api_writes_not_enabled")
    for path in ("me", "users", "cost_report"):
        assert refused(enterprise, path, [])[0] == 403
    bearer = {"authorization": f"Bearer {KEY['x-api-key']}", **NEW}
    assert enterprise.ask(EFFECTIVE, headers=bearer).status == 200


def test_enterprise_limits_stand_by_scope(enterprise: Api) -> None:
    """An Enterprise organization lists its limits by kind of scope, and every one can be asked for by its id."""
    limits = enterprise.get(LIMITS, headers=KEY_BETA)["data"]
    order = ["organization", "seat_tier", "rbac_group", "organization_service", "user"]
    places = [order.index(entry["scope"]["type"]) for entry in limits]
    assert places == sorted(places)
    assert set(places) == set(range(5))
    for entry in limits:
        assert enterprise.get(f"{LIMITS}/{entry['id']}", headers=KEY) == entry
    assert refused(enterprise, f"{LIMITS}/spl_unknown", [])[0] == 404
    assert refused(enterprise, LIMITS, [("workspace_id", "wrkspc_01")])[0] == 400
    assert refused(enterprise, LIMITS, [("scope_type[]", "usage_tier")])[0] == 400


@pytest.mark.long
@pytest.mark.parametrize(
    ("period", "since"),
    [("daily", datetime(2026, 11, 22, tzinfo=UTC)), ("weekly", datetime(2026, 11, 16, tzinfo=UTC)), ("monthly", MONTH)],
)
def test_spend_to_date_is_that_of_the_truth(enterprise: Api, people: World, period: str, since: datetime) -> None:
    """What a member spent since the period began is what was billed, in cents of at most three decimals."""

    def whose(request: Request) -> str | None:
        actor = people.facet(request).actor
        return actor and actor.id

    entries = enterprise.get(EFFECTIVE, [("period[]", period)], KEY)["data"]
    assert entries
    for entry in entries:
        spent = billed(people, since, NOW, lambda request, user=entry["actor"]["user_id"]: whose(request) == user)
        assert abs(Decimal(entry["period_to_date_spend"]) - spent) <= Decimal("0.0005")
        assert len(entry["period_to_date_spend"].partition(".")[2]) <= 3
    assert any(entry["period_to_date_spend"] != "0" for entry in entries)


@pytest.mark.long
def test_spend_to_date_is_that_of_the_report() -> None:
    """What members spent is what the newer cost report says of them, after the discount, to a thousandth of a cent."""
    discount = Discount(126, date(2026, 11, 10))
    world = World(
        start=date(2026, 8, 1),
        end=NOW.date(),
        requests_per_key_day=15,
        enterprise=True,
        coding_keys=2,
        discount=discount,
    )
    on_the_hour = Ticking(NOW.replace(minute=0))
    api = api_of(world, clock=on_the_hour, analytics=AnalyticsBehavior(refresh=timedelta(minutes=5)))
    params = [("starting_at", "2026-11-01T00:00:00Z"), ("limit", "1000"), *grouped("actor")]
    actors = {(row["group"]["actor"] or {}).get("user_id"): row for row in api.get(COST, params, REPORTS)["data"]}
    entries = api.get(EFFECTIVE, [("period[]", "monthly")], KEY)["data"]
    assert len(entries) == len(world.organization.users)
    for entry in entries:
        cost = actors[entry["actor"]["user_id"]]["cost"]
        assert abs(Decimal(entry["period_to_date_spend"]) - Decimal(cost["amount"])) <= Decimal("0.0005")
        assert Decimal(cost["amount"]) < Decimal(cost["list_amount"])
        assert {**entry["actor"]} == actors[entry["actor"]["user_id"]]["group"]["actor"]


@pytest.mark.long
def test_periods_begin_at_midnight(people: World) -> None:
    """On the first instant of a month, nothing has been spent."""
    api = api_of(people, clock=Ticking(MONTH))
    entries = api.get(EFFECTIVE, [("period[]", "monthly")], KEY)["data"]
    assert {entry["period_to_date_spend"] for entry in entries} == {"0"}
    before = api_of(people, clock=Ticking(MONTH - timedelta(seconds=1)))
    assert before.get(EFFECTIVE, [("period[]", "monthly")], KEY)["data"][0]["period_to_date_spend"] != "0"


def test_spend_that_cannot_be_read(people: World) -> None:
    """Where a reading is unavailable, it is "0"."""
    api = api_of(people, behavior=Behavior(spend_read=False))
    assert {entry["period_to_date_spend"] for entry in api.get(EFFECTIVE, headers=KEY)["data"]} == {"0"}


def test_the_nearest_scope_counts(enterprise: Api, people: World) -> None:
    """Each member has one row a period, from the nearest limit of that period; no number there is no cap."""
    entries = enterprise.get(EFFECTIVE, headers=KEY)["data"]
    assert len({(entry["actor"]["user_id"], entry["period"]) for entry in entries}) == len(entries)
    monthly = {entry["actor"]["user_id"]: entry for entry in entries if entry["period"] == "monthly"}
    sources = [monthly[user.id]["source"] for user in people.organization.users]
    types = [source["type"] for source in sources]
    assert types == ["user", "rbac_group", "rbac_group", "seat_tier", "rbac_group", "organization", "organization"]
    members = {user.id for user, kind in zip(people.organization.users, types, strict=True) if kind == "rbac_group"}
    (group,) = {source["rbac_group_id"] for source in sources if source["type"] == "rbac_group"}
    (team,) = (team for team in people.teams if team.id == group)
    assert members == {user for user, _ in team.members} - {people.organization.users[0].id}
    limits = {entry["id"]: entry for entry in enterprise.get(LIMITS, headers=KEY_BETA)["data"]}
    for entry in entries:
        limit = limits[entry["spend_limit_id"]]
        assert (limit["scope"], limit["amount"], limit["period"]) == (entry["source"], entry["amount"], entry["period"])
        assert entry["scope"] == {"type": "user", "user_id": entry["actor"]["user_id"]}
        assert entry["amount"] is None or Decimal(entry["period_to_date_spend"]) < Decimal(entry["amount"])
    assert {entry["amount"] for entry in entries if entry["period"] == "weekly"} == {None}
    assert {entry["period"] for entry in entries} == {"daily", "weekly", "monthly"}


def test_effective_has_the_official_shape(enterprise: Api) -> None:
    """A member's row has exactly the fields and types of the official example."""
    page = enterprise.get(EFFECTIVE, headers=KEY)
    assert page.keys() == {"data", "next_page"}
    for entry in page["data"]:
        actor = entry["actor"]
        assert {name: type(value) for name, value in actor.items()} == {
            "deleted": bool,
            "email_address": str,
            "name": str,
            "type": str,
            "user_id": str,
        }
        texts = {"currency", "period", "period_to_date_spend", "spend_limit_id"}
        assert entry.keys() == texts | {"actor", "amount", "scope", "source"}
        assert all(isinstance(entry[name], str) for name in texts)


def test_pages_are_of_members(enterprise: Api) -> None:
    """A page has so many members, whose periods stay together; the pages make up the list."""
    pages = walked(enterprise, EFFECTIVE, [("limit", "2")], KEY)
    assert [len({entry["actor"]["user_id"] for entry in page}) for page in pages] == [2, 2, 2, 1]
    assert [*chain(*pages)] == enterprise.get(EFFECTIVE, headers=KEY)["data"]
    lists = walked(enterprise, LIMITS, [("limit", "3")], KEY_BETA)
    assert [len(page) for page in lists] == [3, 3, 1]


def test_cursors_are_bound(enterprise: Api) -> None:
    """A page token under other parameters is a 400."""
    for path in (EFFECTIVE, LIMITS, INCREASES):
        token = ("page", enterprise.get(path, [("limit", "2")], KEY_BETA)["next_page"])
        assert enterprise.ask(path, [("limit", "2"), token], KEY_BETA).status == 200
        assert refused(enterprise, path, [("limit", "1"), token])[0] == 400


def test_effective_is_filtered(enterprise: Api, world: World) -> None:
    """Members are found by id, at most 100 at a time, and periods by name; an unknown id finds nobody."""
    user = world.organization.users[1].id
    entries = enterprise.get(EFFECTIVE, [("user_ids[]", user), ("period[]", "daily")], KEY)["data"]
    assert [(entry["actor"]["user_id"], entry["period"]) for entry in entries] == [(user, "daily")]
    assert enterprise.get(EFFECTIVE, [("user_ids[]", "user_unknown")], KEY)["data"] == []
    assert enterprise.ask(EFFECTIVE, [("user_ids[]", str(number)) for number in range(100)], KEY).status == 200
    for params in (
        [("user_ids[]", str(number)) for number in range(101)],
        [("period[]", "hourly")],
        [("period", "daily")],
        [("user_ids", user)],
        [("limit", "1001")],
    ):
        assert refused(enterprise, EFFECTIVE, params)[0] == 400


def test_increase_requests(enterprise: Api, world: World) -> None:
    """There is a request in each state; one that is pending has its spend, and one that is not has its end."""
    increases = enterprise.get(INCREASES, headers=KEY)["data"]
    assert sorted(entry["status"] for entry in increases) == ["approved", "denied", "pending"]
    for entry in increases:
        assert entry.keys() == {
            "id",
            "type",
            "actor",
            "status",
            "period",
            "created_at",
            "resolved_at",
            "resolved_by",
            "spend_summary",
        }
        pending = entry["status"] == "pending"
        assert (entry["spend_summary"] is not None) == pending
        assert (entry["resolved_at"] is None) == (entry["resolved_by"] is None) == pending
        assert enterprise.get(f"{INCREASES}/{entry['id']}", headers=KEY) == entry
        if pending:
            query = [("user_ids[]", entry["actor"]["user_id"]), ("period[]", "monthly")]
            assert [entry["spend_summary"]] == enterprise.get(EFFECTIVE, query, KEY)["data"]
    assert len(enterprise.get(INCREASES, [("status[]", "denied"), ("status[]", "approved")], KEY)["data"]) == 2
    asker = world.organization.users[1].id
    assert len(enterprise.get(INCREASES, [("actor_ids[]", asker)], KEY)["data"]) == 1
    assert refused(enterprise, INCREASES, [("status[]", "lost")])[0] == 400
    assert refused(enterprise, INCREASES, [("status", "denied")])[0] == 400
    assert refused(enterprise, f"{INCREASES}/slir_unknown", [])[0] == 404


def test_the_tier_fits_the_organization() -> None:
    """The tier is the lowest whose cap the organization's own limit keeps."""
    for volume, amounts in ((1, {"50000", "100000"}), (25, {"20000000"})):
        world = World(start=date(2026, 8, 1), end=date(2026, 11, 22), requests_per_key_day=volume)
        limits = api_of(world).get(LIMITS, headers=OLD)["data"]
        caps = {entry["scope"]["type"]: entry["amount"] for entry in limits}
        assert caps["usage_tier"] in amounts
        assert int(caps["organization"]) <= int(caps["usage_tier"])


@pytest.mark.parametrize(
    ("picodollars", "cents"),
    [(0, "0"), (10**10, "1"), (4_999_999, "0"), (5_000_000, "0.001"), (120_505 * 10**9, "12050.5"), (10**12, "100")],
)
def test_cents_have_three_decimals(picodollars: int, cents: str) -> None:
    """An amount to date is in cents, rounded to the nearest thousandth, without idle zeros."""
    assert thousandths(picodollars) == cents
