from __future__ import annotations

from typing import Any

from support.simulator_api import HEADERS, Api
from tallystick.sim import World

NEW = HEADERS | {"anthropic-version": "2026-10-21"}


def walked(api: Api, path: str, params: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """The whole of a list, page after page."""
    page = api.get(path, params)
    entries = list(page["data"])
    while page["next_page"]:
        page = api.get(path, [*params, ("page", page["next_page"])])
        entries += page["data"]
    return entries


def test_every_kind_of_rate_limit(api: Api) -> None:
    """The organization has rate limits of every kind of group; models have a name there and are in one group only."""
    entries = api.get("rate_limits", headers=HEADERS)["data"]
    kinds = {"batch", "files", "model_group", "skills", "token_count", "web_search"}
    assert {entry["group"]["type"] for entry in entries} == kinds
    for entry in entries:
        models = entry["group"]["type"] == "model_group"
        assert ("display_name" in entry["group"]) == models == bool(entry["models"])
        assert entry["group_type"] == entry["group"]["type"]
        assert entry["limits"]
        assert all(isinstance(limit["value"], int) and limit["value"] for limit in entry["limits"])
    named = [model for entry in entries for model in entry["models"] or []]
    assert len(set(named)) == len(named)
    assert len({entry["id"] for entry in entries}) == len(entries)


def test_a_workspace_shows_its_overrides(api: Api, world: World) -> None:
    """A workspace shows what it lowers, beside what the organization has; the default one lowers nothing."""
    path = f"workspaces/{world.organization.coding.id}/rate_limits"
    entries = api.get(path)["data"]
    assert entries
    for entry in entries:
        assert entry.keys() == {"type", "workspace_id", "rate_limit_id", "group", "group_type", "models", "limits"}
        assert entry["type"] == "workspace_rate_limit"
        assert entry["workspace_id"] == world.organization.coding.id
        assert all(limit["value"] < limit["org_limit"] for limit in entry["limits"])
        assert {limit["source"]["type"] for limit in entry["limits"]} == {"workspace"}
    assert all("group_type" not in entry for entry in api.get(path, headers=NEW)["data"])
    default = f"workspaces/{world.organization.default.id}/rate_limits"
    assert api.get(default) == {"data": [], "next_page": None}


def test_a_workspace_shows_what_it_inherits(api: Api, world: World) -> None:
    """Asked for, what is inherited stands beside the overrides, as the organization has it."""
    organization_limits = {entry["id"]: entry["limits"] for entry in api.get("rate_limits")["data"]}
    query = [("include_inherited", "true")]
    for workspace, sources in (
        (world.organization.coding, {"workspace", "organization"}),
        (world.organization.default, {"organization"}),
    ):
        path = f"workspaces/{workspace.id}/rate_limits"
        entries = api.get(path, query)["data"]
        assert {limit["source"]["type"] for entry in entries for limit in entry["limits"]} == sources
        for entry in entries:
            limits = {limit["type"]: limit["org_limit"] for limit in entry["limits"]}
            assert limits == {limit["type"]: limit["value"] for limit in organization_limits[entry["rate_limit_id"]]}
        assert len(entries) == len(organization_limits)
        assert walked(api, path, [*query, ("limit", "2")]) == entries
        batch = api.get(path, [*query, ("group_type", "batch")])["data"]
        assert [entry["group"]["type"] for entry in batch] == ["batch"]
        assert api.ask(path, [("group_type", "colour")]).status == 400
    assert api.ask("workspaces/wrkspc_unknown/rate_limits").status == 404
