from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from support.newer_reports import (
    COST,
    DAILY,
    FANNED,
    MONTH,
    NEW,
    SPAN,
    USAGE,
    cents,
    days,
    grouped,
    refusal,
    rows,
    used,
)
from support.simulator_api import NOW, Api, api_of
from tallystick.sim import AnalyticsBehavior, Credentials, Ticking, World

CONSOLE = {
    "agent_id": "agent_ids[]",
    "api_key_id": "api_key_ids[]",
    "deployment_id": "deployment_ids[]",
    "environment_id": "environment_ids[]",
    "service_tier": "service_tiers[]",
    "session_id": "session_ids[]",
    "user_profile_id": "user_profile_ids[]",
    "workspace_id": "workspace_ids[]",
}
KEY = NEW | {"x-api-key": "sk-ant-api01-analytics"}


@pytest.fixture(scope="module")
def people() -> World:
    """A small Enterprise organization."""
    return World(start=date(2026, 8, 1), end=date(2026, 11, 22), requests_per_key_day=25, seed=3, enterprise=True)


@pytest.fixture(scope="module")
def api(people: World) -> Api:
    """That organization, as the contract has it."""
    return api_of(people)


def test_cost_is_the_truth(api: Api, people: World) -> None:
    """Each day of an Enterprise organization costs what its requests and code execution cost."""
    by_day = {row["starting_at"][:10]: cents([row]) for row in rows(api, COST, DAILY)}
    assert by_day == {str(day): 100 * people.billed(day) for day in days()}
    parts = {row["group"]["cost_type"] for row in rows(api, COST, [*SPAN, *FANNED])}
    assert parts == {"tokens", "web_search", "code_execution"}


def test_what_only_a_console_has_is_null(api: Api) -> None:
    """Workspaces, keys, tiers, profiles and sessions are null, and filtering by them gives nothing."""
    for name, parameter in CONSOLE.items():
        report = rows(api, USAGE, [*SPAN, *grouped(name)])
        assert [row["group"][name] for row in report] == [None]
        values = {"service_tier": "standard", "api_key_id": ""}
        assert rows(api, USAGE, [*SPAN, (parameter, values.get(name, "any_01"))]) == []


@pytest.mark.long
def test_what_only_an_enterprise_has(api: Api) -> None:
    """People's products, Slack channels, Claude Tag categories and Slack users show."""
    products = {row["group"]["product"] for row in rows(api, USAGE, [*MONTH, *grouped("product")])}
    seats = {"chat", "cowork", "office_agent", "claude_in_chrome", "claude_design", "claude_tag", "claude_code"}
    assert products == seats | {"cc_security_autopatch", "other", None}
    params = [*MONTH, ("limit", "1000"), ("products[]", "claude_tag")]
    tagged = rows(api, USAGE, [*params, *grouped("claude_tag_category", "claude_tag_user_id", "slack_channel_id")])
    groups = [row["group"] for row in tagged]
    assert {group["claude_tag_category"] for group in groups} == {
        *("engaged", "proactive", "scheduled", "monitoring", "dm")
    }
    assert all(group["claude_tag_user_id"] is None for group in groups if group["claude_tag_category"] == "monitoring")
    assert any(group["slack_channel_id"] is None for group in groups if group["claude_tag_category"] == "engaged")
    assert {(group["claude_tag_user_id"] or "U0")[:2] for group in groups} == {"U0"}
    assert {(group["slack_channel_id"] or "C0")[:2] for group in groups} == {"C0"}


def test_groups_overlap(api: Api, people: World) -> None:
    """A user counts fully in each group of the day: groups can sum to more than the total, the rest is one null row."""
    truth: Counter[str | None] = Counter()
    for day in days():
        for request in people.requests(day):
            for team in people.facet(request).rbac_groups or (None,):
                truth[team] += request.output
    by_group = {
        row["group"]["rbac_group_id"]: row["usage"]["output_tokens"]
        for row in rows(api, USAGE, [*SPAN, *grouped("rbac_group_id")])
    }
    assert by_group == truth
    assert sum(by_group.values()) > used(rows(api, USAGE, SPAN))["output_tokens"]


def test_membership_is_of_the_day(api: Api, people: World) -> None:
    """A user is in a group from the day on which they join it; the filter takes the id or the bare UUID."""
    team = people.teams[1]
    joined = max(team.members, key=lambda member: member[1])
    params = [*MONTH, ("time_bucket_width", "1d"), ("limit", "1000"), ("actor_ids[]", joined[0])]
    starts = {row["starting_at"][:10] for row in rows(api, USAGE, [*params, ("rbac_group_ids[]", team.id)])}
    assert min(starts) == str(joined[1]) > min(row["starting_at"] for row in rows(api, USAGE, params))[:10]
    by_uuid = rows(api, USAGE, [*SPAN, ("rbac_group_ids[]", team.uuid)])
    assert by_uuid == rows(api, USAGE, [*SPAN, ("rbac_group_ids[]", team.id)]) != []


def test_the_unified_product_is_a_switch(people: World) -> None:
    """Where it exists, one product stands in the place of chat and Cowork, and the filter takes it."""
    api = api_of(people, analytics=AnalyticsBehavior(unified=True))
    products = {row["group"]["product"] for row in rows(api, USAGE, [*SPAN, *grouped("product")])}
    assert "chat_cowork_unified" in products
    assert not products & {"chat", "cowork"}
    assert rows(api, USAGE, [*SPAN, ("products[]", "chat_cowork_unified")])


def test_its_export_is_made_every_four_hours(api: Api) -> None:
    """The watermark of an Enterprise organization stands on a multiple of four hours."""
    assert api.get(USAGE, SPAN, KEY)["data_refreshed_at"] == "2026-11-22T08:00:00Z"


@pytest.mark.parametrize(
    "path",
    ["cost_report", "usage_report/messages", "usage_report/claude_code", "workspaces", "api_keys", "rate_limits"],
)
def test_what_it_does_not_have(api: Api, path: str) -> None:
    """The Console's endpoints are refused with a code, and the groups of people are there."""
    assert refusal(api.ask(path, [SPAN[0]], NEW)) == (400, "organization_type_not_supported")


def test_groups_are_listed(people: World, world: World) -> None:
    """Groups and their members can be listed, with the right scope, and in a Console there are none."""
    scoped = Credentials(scoped={"groups": frozenset({"read:rbac_groups"})})
    api = api_of(people, credentials=scoped)
    key = NEW | {"x-api-key": "groups"}
    listed: list[dict[str, Any]] = api.get("rbac_groups", headers=key)["data"]
    assert [entry["id"] for entry in listed] == [team.id for team in people.teams]
    assert len({entry["name"] for entry in listed}) < len(listed)
    members = api.get(f"rbac_groups/{listed[0]['id']}/members", headers=key)["data"]
    assert {member["user_id"] for member in members} == {user for user, _ in people.teams[0].members}
    assert refusal(api.ask("users", headers=key)) == (403, "api_key_scope_missing")
    assert refusal(api_of(world).ask("rbac_groups", headers=NEW)) == (400, "organization_type_not_supported")


def test_people_have_seats(people: World) -> None:
    """The roles of an Enterprise organization are its own; a key with `read:members` lists them."""
    api = api_of(people, credentials=Credentials(scoped={"members": frozenset({"read:members"})}))
    listed = api.get("users", headers=NEW | {"x-api-key": "members"})["data"]
    roles = {"user", "owner", "primary_owner", "membership_admin", "managed"}
    assert {entry["role"] for entry in listed} == roles


def test_a_parent_tells_of_its_children(people: World, world: World) -> None:
    """A parent's report sums its children, by UUID, and filters by UUID or `org_` id; other ids match nothing."""
    parent = World(start=date(2026, 8, 1), end=date(2026, 11, 22), requests_per_key_day=6, seed=9, enterprise=True)
    api = api_of(parent, children=(people, world), clock=Ticking(NOW))
    ids = [child.organization.id for child in (people, world)]
    by_organization = {
        row["group"]["organization_id"]: row for row in rows(api, COST, [*SPAN, *grouped("organization_id")])
    }
    assert {name: cents([row]) for name, row in by_organization.items()} == {
        child.organization.id: 100 * sum(map(child.billed, days())) for child in (people, world)
    }
    for spelling in (ids[1], f"org_{ids[1]}"):
        (row,) = rows(api, COST, [*SPAN, ("organization_ids[]", spelling)])
        assert cents([row]) == cents([by_organization[ids[1]]])
    assert rows(api, COST, [*SPAN, ("organization_ids[]", "org_unknown")]) == []


def test_what_needs_another_kind_is_no_world() -> None:
    """Seats would show in no report of an Enterprise organization, so it has none."""
    with pytest.raises(ValueError, match="no seats"):
        World(start=date(2026, 8, 1), end=date(2026, 11, 22), enterprise=True, seats=1)
