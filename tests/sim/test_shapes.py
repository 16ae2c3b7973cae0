from __future__ import annotations

import json
from typing import Any

import pytest

from support.simulator_api import HEADERS, Api
from tallystick.sim import World

START = ("starting_at", "2026-11-10T00:00:00Z")
NEW = HEADERS | {"anthropic-version": "2026-10-21"}
OAUTH = {"authorization": "Bearer oauth-simulated", "anthropic-version": "2023-06-01"}


def fields(names: str) -> set[str]:
    """The names, apart."""
    return set(names.split())


# the fields of the official examples, by endpoint: envelope, then an entry of `data`
IDS = {"data", "has_more", "first_id", "last_id"}
TOKENS = {"data", "next_page"}
KEY = fields("id created_at created_by expires_at name partial_key_hint principal status type")
WORKSPACE = fields(
    "id archived_at compartment_id created_at data_residency display_color external_key_id name tags type"
)
SHAPES: list[tuple[str, dict[str, str], set[str], set[str]]] = [
    ("api_keys", HEADERS, IDS, KEY | {"workspace_id"}),
    ("api_keys", NEW, IDS, KEY | {"scope"}),
    ("users", HEADERS, IDS, fields("id added_at email name role type")),
    (
        "invites",
        HEADERS,
        IDS,
        fields("id accepted_at email expires_at invited_at rbac_group_ids role status type"),
    ),
    ("workspaces", HEADERS, IDS, WORKSPACE | {"user_profile_id"}),
    ("rate_limits", HEADERS, TOKENS, fields("id type group group_type models limits")),
    ("rate_limits", NEW, TOKENS, fields("id type group models limits")),
    (
        "service_accounts",
        OAUTH,
        TOKENS,
        fields(
            "id archived_at archived_by_actor_id created_at created_by_actor_id description name organization_role"
            " type updated_at updated_by_actor_id"
        ),
    ),
]


@pytest.mark.parametrize(("path", "headers", "envelope", "entry"), SHAPES)
def test_lists_have_the_official_fields(
    api: Api, path: str, headers: dict[str, str], envelope: set[str], entry: set[str]
) -> None:
    """A list of the directory has exactly the fields of the official example of its API version."""
    page = api.get(path, headers=headers)
    assert page.keys() == envelope
    assert page["data"]
    assert all(item.keys() == entry for item in page["data"])


def test_members_have_the_official_fields(api: Api, world: World) -> None:
    """A member has exactly the fields of the official example."""
    page = api.get(f"workspaces/{world.organization.default.id}/members")
    assert page.keys() == IDS
    assert page["data"][0].keys() == {"type", "user_id", "workspace_id", "workspace_role"}


def row_of(page: dict[str, Any]) -> dict[str, Any]:
    """The first row of a report, whose envelope and buckets are as they should be."""
    assert page.keys() == {"data", "has_more", "next_page"}
    assert page["data"][0].keys() == {"starting_at", "ending_at", "results"}
    row: dict[str, Any] = page["data"][0]["results"][0]
    return row


def test_usage_has_the_official_fields(api: Api) -> None:
    """A usage row has exactly the fields of the official example, nested as there."""
    row = row_of(api.get("usage_report/messages", [START]))
    assert row.keys() == fields(
        "account_id api_key_id cache_creation cache_read_input_tokens context_window inference_geo model output_tokens"
        " server_tool_use service_account_id service_tier uncached_input_tokens workspace_id"
    )
    assert row["cache_creation"].keys() == {"ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens"}
    assert row["server_tool_use"].keys() == {"web_search_requests"}


def test_cost_has_the_official_fields(api: Api) -> None:
    """A cost row has exactly the fields of the official example, its amount a string."""
    row = row_of(api.get("cost_report", [START, ("group_by[]", "description")]))
    assert row.keys() == fields(
        "amount context_window cost_type currency description inference_geo model service_tier token_type workspace_id"
    )
    assert isinstance(row["amount"], str)
    assert row["currency"] == "USD"


def test_every_answer_has_the_official_headers(api: Api) -> None:
    """Each answer carries a request id of its own, the organization, the simulated date and its content type."""
    first, second = api.ask("me"), api.ask("nowhere")
    for answer in (first, second):
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["request-id"].startswith("req_01")
        assert answer.headers["date"] == "Sun, 22 Nov 2026 10:30:00 GMT"
    assert first.headers["request-id"] != second.headers["request-id"]
    assert json.loads(second.body)["error"].keys() == {"type", "message"}
