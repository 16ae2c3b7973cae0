from __future__ import annotations

from typing import Any

import pytest

from support.simulator_api import HEADERS, Api, api_of
from tallystick.sim import World

NEW = HEADERS | {"anthropic-version": "2026-10-21"}
OAUTH = {"authorization": "Bearer oauth-simulated", "anthropic-version": "2023-06-01"}
ALL = [("include_archived", "true"), ("include_default", "true")]


def walked(api: Api, path: str, params: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """The whole of a list, page after page."""
    page = api.get(path, params)
    entries = list(page["data"])
    while page["has_more"]:
        page = api.get(path, [*params, ("after_id", page["last_id"])])
        entries += page["data"]
    return entries


def test_me(api: Api, world: World) -> None:
    """The organization has the id that every answer carries in its header."""
    answer = api.ask("me")
    assert answer.headers["anthropic-organization-id"] == world.organization.id
    assert api.get("me") == {"id": world.organization.id, "name": "Simulated & Daughters", "type": "organization"}


def test_workspaces_hide_the_archived_and_the_default(api: Api, world: World) -> None:
    """The list holds archived workspaces and the default one only if they are asked for; each has a page of its own."""
    assert len(walked(api, "workspaces", ALL)) == len(world.organization.workspaces) == 6
    usual = walked(api, "workspaces", [])
    assert len(usual) == 4
    assert all(entry["archived_at"] is None and entry["name"] != "Default" for entry in usual)
    for workspace in world.organization.workspaces:
        assert api.get(f"workspaces/{workspace.id}")["name"] == workspace.name
    assert [entry["id"] for entry in walked(api, "workspaces", [("ids[]", usual[1]["id"])])] == [usual[1]["id"]]


def test_workspaces_by_id(api: Api) -> None:
    """A list by ids takes at most a hundred of them."""
    assert api.ask("workspaces", [("ids[]", f"wrkspc_{number}") for number in range(100)]).status == 200
    assert api.ask("workspaces", [("ids[]", f"wrkspc_{number}") for number in range(101)]).status == 400


def test_names_try_to_break_out(world: World) -> None:
    """In a hostile world some name begins with an equals sign, some holds escapes and markup, and some come twice."""
    api = api_of(World(start=world.start, end=world.end, requests_per_key_day=1, hostile_names=True))
    workspaces = [entry["name"] for entry in walked(api, "workspaces", ALL)]
    keys = [entry["name"] for entry in walked(api, "api_keys", [])]
    assert any(name.startswith("=") for name in workspaces)
    assert any("\x1b[" in name and "<b>" in name and "[bold]" in name for name in keys)
    assert len(set(keys)) < len(keys)


def test_keys_of_every_status(api: Api, world: World) -> None:
    """The list has keys of all four statuses, and not the deleted one."""
    keys = walked(api, "api_keys", [])
    assert {entry["status"] for entry in keys} == {"active", "inactive", "archived", "expired"}
    assert len(keys) == len(world.organization.keys) - 1
    (deleted,) = (key for key in world.organization.keys if key.deleted)
    assert api.ask(f"api_keys/{deleted.id}").status == 404
    assert {entry["status"] for entry in walked(api, "api_keys", [("status", "expired")])} == {"expired"}
    assert api.ask("api_keys", [("status", "lost")]).status == 400


def test_keys_in_both_versions(api: Api, world: World) -> None:
    """The older version has a flat workspace, null for the default one; the newer a scope with its real id."""
    default = world.organization.default.id
    key = next(key for key in world.organization.keys if key.workspace == default)
    old, new = api.get(f"api_keys/{key.id}"), api.get(f"api_keys/{key.id}", headers=NEW)
    assert old["workspace_id"] is None
    assert "scope" not in old
    assert new["scope"] == {"type": "workspace", "workspace_id": default}
    assert "workspace_id" not in new


def test_keys_that_act_as_somebody(api: Api) -> None:
    """A key is its own, or acts as a user or a service account; one of them belongs to the organization as a whole."""
    new = {entry["id"]: entry for entry in api.get("api_keys", [("limit", "1000")], NEW)["data"]}
    kinds = [entry["principal"] and entry["principal"]["type"] for entry in new.values()]
    assert set(kinds) == {None, "user_actor", "service_account_actor"}
    (organization_entry,) = (entry for entry in new.values() if entry["scope"] == {"type": "organization"})
    assert organization_entry["principal"]["type"] == "user_actor"
    old = api.get("api_keys", [("limit", "1000")])["data"]
    ids = [entry["principal"] and entry["principal"]["id"] for entry in old]
    principals = [entry["principal"] and {*entry["principal"].values()} for entry in new.values()]
    assert all(principal is None or principal in both for principal, both in zip(ids, principals, strict=True))
    assert api.get(f"api_keys/{organization_entry['id']}")["workspace_id"] is None


def test_keys_are_filtered(api: Api, world: World) -> None:
    """Keys can be asked for by workspace and by creator."""
    home = world.organization.workspaces[1].id
    assert {entry["workspace_id"] for entry in walked(api, "api_keys", [("workspace_id", home)])} == {home}
    creator = world.organization.users[1].id
    keys = walked(api, "api_keys", [("created_by_user_id", creator)])
    assert {entry["created_by"]["id"] for entry in keys} == {creator}


def test_lists_page_by_id_both_ways(api: Api) -> None:
    """Walking forwards by `after_id` gives the list; `before_id` gives what stands before; `last_id` never misses."""
    full = api.get("api_keys", [("limit", "1000")])
    assert not full["has_more"]
    assert full["last_id"] == full["data"][-1]["id"]
    assert walked(api, "api_keys", [("limit", "5")]) == full["data"]
    page = api.get("api_keys", [("limit", "3"), ("before_id", full["data"][10]["id"])])
    assert page["data"] == full["data"][7:10]
    assert page["has_more"]


@pytest.mark.parametrize("params", [[("after_id", "apikey_unknown")], [("limit", "1001")], [("limit", "0")]])
def test_what_lists_refuse(api: Api, params: list[tuple[str, str]]) -> None:
    """An unknown cursor and a limit out of range are a 400."""
    assert api.ask("api_keys", params).status == 400


def test_users_invites_members(api: Api, world: World) -> None:
    """People are found by role and email, invitations by status, members by workspace."""
    user = world.organization.users[0]
    assert api.get(f"users/{user.id}")["email"] == user.email
    assert [entry["id"] for entry in api.get("users", [("email", user.email)])["data"]] == [user.id]
    assert [entry["id"] for entry in api.get("users", [("roles[]", "admin")])["data"]] == [user.id]
    assert len(api.get("invites")["data"]) == 3
    assert len(api.get("invites", [("statuses[]", "pending")])["data"]) == 1
    home = world.organization.workspaces[1].id
    members = api.get(f"workspaces/{home}/members")["data"]
    assert user.id in {entry["user_id"] for entry in members}
    assert {entry["workspace_id"] for entry in members} == {home}


@pytest.mark.parametrize("path", ["workspaces", "api_keys", "users"])
def test_unknown_ids_are_not_found(api: Api, path: str) -> None:
    """An id that does not exist is a 404."""
    assert api.ask(f"{path}/unknown_01").status == 404


def test_rate_limits(api: Api) -> None:
    """Rate limits come all at once or in pages, by type and by model; an unknown model is a 404."""
    full = api.get("rate_limits")
    assert full["next_page"] is None
    first = api.get("rate_limits", [("limit", "2")])
    second = api.get("rate_limits", [("limit", "1000"), ("page", first["next_page"])])
    assert first["data"] + second["data"] == full["data"]
    assert [entry["group"]["type"] for entry in api.get("rate_limits", [("group_type", "batch")])["data"]] == ["batch"]
    (entry,) = api.get("rate_limits", [("model", "claude-opus-5-5")])["data"]
    assert entry["models"] == ["claude-opus-5-5"]
    assert entry["group_type"] == "model_group"
    assert "group_type" not in api.get("rate_limits", headers=NEW)["data"][0]
    assert api.ask("rate_limits", [("model", "gpt")]).status == 404


def test_service_accounts_refuse_admin_keys(api: Api, world: World) -> None:
    """Service accounts are shown to OAuth tokens only, and an archived workspace has none to show."""
    archived, live = world.organization.workspaces[-1].id, world.organization.workspaces[1].id
    assert api.ask("service_accounts").status == 403
    assert api.get("service_accounts", headers=OAUTH)["data"][0]["id"] == world.organization.service_accounts[0].id
    assert api.ask(f"workspaces/{live}/service_accounts").status == 403
    assert api.ask(f"workspaces/{live}/service_accounts", headers=OAUTH).status == 200
    assert api.ask(f"workspaces/{archived}/service_accounts", headers=OAUTH).status == 404
    assert api.get(f"workspaces/{live}/rate_limits")["data"] == []
