from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from support.newer_reports import COST, NEW, SPAN, USAGE, Params, grouped, refusal
from support.simulator_api import HEADERS, NOW, Api, api_of
from support.wire import KEY
from tallystick.sim import AnalyticsBehavior, Credentials, Ticking, World

START = ("starting_at", "2026-11-08T00:00:00Z")
END = ("ending_at", "2026-11-13T00:00:00Z")
BETA = {"anthropic-beta": NEW["anthropic-beta"]}
SCOPED = "sk-ant-api01-analytics"
FIVE = grouped("model", "workspace_id", "api_key_id", "service_tier", "actor")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": KEY},
        {"authorization": "Bearer sk-ant-admin01-simulated"},
        {"authorization": "Bearer oauth-simulated"},
        {"x-api-key": "sk-ant-api03-personal"},
        {"authorization": "Bearer sk-ant-api03-personal"},
        {"x-api-key": SCOPED},
        {"authorization": f"Bearer {SCOPED}"},
    ],
)
def test_who_may_read(api: Api, headers: dict[str, str]) -> None:
    """Admin keys, org:admin tokens, keys without a workspace and keys with `read:analytics` read, in either header."""
    all_headers = {**headers, **BETA, "anthropic-version": "2026-10-21"}
    assert api.ask(USAGE, SPAN, all_headers).status == api.ask(COST, SPAN, all_headers).status == 200


@pytest.mark.parametrize(("key", "status"), [("sk-ant-api03-simulated", 403), ("sk-ant-api01-unknown", 401), ("", 401)])
def test_who_may_not(api: Api, key: str, status: int) -> None:
    """A workspace key is a 403 and an unknown one a 401."""
    assert refusal(api.ask(USAGE, SPAN, NEW | {"x-api-key": key})) == (status, None)


def test_a_scope_opens_its_own_endpoints_only(world: World) -> None:
    """A key with scopes is refused elsewhere, by a 403 that has a code and lists the scopes held and needed."""
    scopes = {SCOPED: frozenset({"read:analytics"}), "members": frozenset({"read:members"})}
    api = api_of(world, credentials=Credentials(scoped=scopes))
    for path in ("me", "usage_report/messages", "cost_report", "workspaces", "api_keys", "users"):
        assert refusal(api.ask(path, [START], NEW | {"x-api-key": SCOPED})) == (403, "api_key_scope_missing")
    assert api.ask("users", [], NEW | {"x-api-key": "members"}).status == 200
    answer = api.ask(USAGE, SPAN, NEW | {"x-api-key": "members"})
    assert refusal(answer) == (403, "api_key_scope_missing")
    message = json.loads(answer.body)["error"]["message"]
    assert "read:members" in message
    assert "read:analytics" in message


@pytest.mark.long
@pytest.mark.parametrize("status", [400, 404])
def test_the_beta_header_is_required(world: World, status: int) -> None:
    """Without its beta header a request is a 400, or a 404 by a switch, with a code; a list of betas may hold it."""
    api = api_of(world, analytics=AnalyticsBehavior(missing_beta=status))
    for headers in (HEADERS | {"anthropic-version": "2026-10-21"}, NEW | {"anthropic-beta": "fast-mode-2026-02-01"}):
        assert refusal(api.ask(USAGE, SPAN, headers)) == (status, "organization_not_enrolled_in_beta")
    both = NEW | {"anthropic-beta": f"fast-mode-2026-02-01, {NEW['anthropic-beta']}"}
    assert api.ask(USAGE, SPAN, both).status == 200


@pytest.mark.parametrize("old", [False, True])
def test_the_old_version_can_be_tolerated(world: World, *, old: bool) -> None:
    """API version 2023-06-01 is refused, unless the switch says that it is answered."""
    api = api_of(world, analytics=AnalyticsBehavior(old_version=old))
    assert api.ask(USAGE, SPAN, HEADERS | BETA).status == (200 if old else 400)


@pytest.mark.parametrize("path", [USAGE, COST])
@pytest.mark.parametrize(
    "params",
    [
        [],
        [("starting_at", "yesterday")],
        [("starting_at", "2026-11-01")],
        [("starting_at", "2026-11-01T00:00:00")],
        [("starting_at", "2025-12-31T23:59:59Z")],
        [("starting_at", "9999-12-31T23:59:59Z")],
        [("starting_at", "9999-12-31T23:00:00Z"), ("ending_at", "9999-12-31T23:59:00Z"), ("time_bucket_width", "1d")],
        [START, ("ending_at", "2026-11-08T00:00:00Z")],
        [START, ("ending_at", "2026-11-07T00:00:00Z")],
        [START, ("ending_at", "2026-12-09T00:00:01Z")],
        [START, ("time_bucket_width", "1d")],
        [START, END, ("time_bucket_width", "1w")],
        [START, END, ("time_bucket_width", "1m")],
        [START, ("ending_at", "2026-11-09T00:01:00Z"), ("time_bucket_width", "1m")],
        [*SPAN, *FIVE, *grouped("speed")],
        [*SPAN, *grouped("colour")],
        [*SPAN, *grouped("account_id")],
        [*SPAN, *grouped("model", "model")],
        [*SPAN, *grouped("claude_tag_user_id", "rbac_group_id")],
        [*SPAN, *grouped("claude_tag_user_id"), ("rbac_group_ids[]", "rbac_group_01")],
        [*SPAN, ("exclude_deleted_users", "true")],
        [*SPAN, *grouped("actor"), ("exclude_deleted_users", "yes")],
        [*SPAN, ("order_by", "requests_per_second")],
        [*SPAN, ("order", "up")],
        [*SPAN, ("limit", "0")],
        [*SPAN, ("limit", "1001")],
        [*SPAN, ("actor_types[]", "robot_actor")],
        [*SPAN, ("service_tiers[]", "gold")],
        [*SPAN, ("context_windows[]", "2M")],
        [*SPAN, ("inference_geos[]", "eu")],
        [*SPAN, ("speeds[]", "ludicrous")],
        [*SPAN, ("products[]", "other")],
        [*SPAN, ("products[]", "chat_cowork_unified")],
        [*SPAN, ("claude_tag_categories[]", "idle")],
        [*SPAN, ("models", "claude-opus-5-5")],
        [*SPAN, ("session_ids", "sesn_01")],
        [*SPAN, ("page", "page_")],
        [*SPAN, ("page", "page_MjAyNS0wOS0yNFQwMDowMDowMFo=")],
        [*SPAN, ("page", "3")],
    ],
)
def test_what_both_reports_refuse(api: Api, path: str, params: Params) -> None:
    """What cannot be asked is a 400: ranges, buckets, dimensions, orders, limits, enum values, bare arrays, cursors."""
    assert refusal(api.ask(path, params, NEW)) == (400, None)


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        (USAGE, "order_by", "amount"),
        (USAGE, "group_by[]", "cost_type"),
        (USAGE, "group_by[]", "token_type"),
        (COST, "order_by", "total_tokens"),
        (COST, "order_by", "requests"),
    ],
)
def test_what_one_report_refuses(api: Api, path: str, name: str, value: str) -> None:
    """Each report has its own metrics, and only cost has components."""
    assert api.ask(path, [*SPAN, (name, value)], NEW).status == 400


def test_components_do_not_count_as_dimensions(api: Api) -> None:
    """Five dimensions and both components are answered together."""
    assert api.ask(COST, [*SPAN, *FIVE, *grouped("cost_type", "token_type")], NEW).status == 200


def test_history_has_two_floors(world: World) -> None:
    """Nothing older than 365 days is answered, and nothing before 2026, whatever the present."""
    api = api_of(world)
    assert api.ask(USAGE, [("starting_at", "2026-01-01T00:00:00Z")], NEW).status == 200
    later = api_of(world, clock=Ticking(NOW + timedelta(days=100)))
    day = (NOW + timedelta(days=100) - timedelta(days=365)).date()
    assert later.ask(USAGE, [("starting_at", f"{day}T10:30:00Z")], NEW).status == 200
    assert later.ask(USAGE, [("starting_at", f"{day}T10:29:59Z")], NEW).status == 400
    assert day > date(2026, 1, 1)


def test_a_range_may_be_31_days_and_a_day_of_minutes(api: Api) -> None:
    """The longest ranges are answered, also with an offset in place of the Z."""
    month = [("starting_at", "2026-10-20T02:00:00+02:00"), ("ending_at", "2026-11-20T00:00:00Z")]
    assert api.ask(USAGE, [*month, ("time_bucket_width", "1d")], NEW).status == 200
    day = [START, ("ending_at", "2026-11-09T00:00:00Z"), ("time_bucket_width", "1m")]
    assert api.ask(USAGE, day, NEW).status == 200


def test_bounds_inside_a_bucket(world: World) -> None:
    """A bound inside a bucket means all of it, or is refused in the strict mode."""
    odd = [("starting_at", "2026-11-08T05:00:00Z"), ("ending_at", "2026-11-12T10:40:00Z"), ("time_bucket_width", "1d")]
    assert api_of(world).get(USAGE, odd, NEW) == api_of(world).get(USAGE, [*SPAN, odd[2]], NEW)
    assert api_of(world, analytics=AnalyticsBehavior(strict_alignment=True)).ask(USAGE, odd, NEW).status == 400


def test_unknown_parameters(world: World) -> None:
    """An unknown parameter is ignored, or refused in the strict mode."""
    for strict, status in ((False, 200), (True, 400)):
        api = api_of(world, analytics=AnalyticsBehavior(strict_parameters=strict))
        assert api.ask(USAGE, [*SPAN, ("bucket_width", "1d")], NEW).status == status
        assert api.ask(USAGE, [*SPAN, ("models[]", "claude-opus-5-5")], NEW).status == 200


def test_children_need_a_parent(api: Api) -> None:
    """Filtering by child organization is refused with a code where the organization is no parent."""
    assert refusal(api.ask(USAGE, [*SPAN, ("organization_ids[]", "org_01")], NEW)) == (
        400,
        "parent_organization_required",
    )
