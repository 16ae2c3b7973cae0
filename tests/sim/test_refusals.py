from __future__ import annotations

import json

import pytest

from support.simulator_api import HEADERS, Api, api_of
from support.wire import KEY
from tallystick.sim import Behavior, Simulator, World

USAGE = "usage_report/messages"
COST = "cost_report"
START = ("starting_at", "2026-11-01T00:00:00Z")
FIVE = ["model", "workspace_id", "api_key_id", "service_tier", "context_window"]


def complaint(
    api: Api, status: int, path: str, params: list[tuple[str, str]], headers: dict[str, str] = HEADERS
) -> str:
    """The type and the message of a refusal with this status."""
    answer = api.ask(path, params, headers)
    assert answer.status == status
    body = json.loads(answer.body)
    assert body["type"] == "error"
    assert body["request_id"] == answer.headers["request-id"]
    return f"{body['error']['type']}: {body['error']['message']}"


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"anthropic-version": "2023-06-01"}, 401, "authentication_error"),
        (HEADERS | {"x-api-key": "sk-ant-admin01-unknown"}, 401, "authentication_error"),
        (HEADERS | {"x-api-key": "oauth-simulated"}, 401, "authentication_error"),
        (HEADERS | {"x-api-key": "sk-ant-api03-simulated"}, 403, "permission_error"),
        ({"authorization": "Bearer sk-ant-api03-simulated"}, 403, "permission_error"),
        ({"authorization": "Basic sk-ant-admin01-simulated"}, 401, "authentication_error"),
        ({"x-api-key": KEY}, 400, "invalid_request_error"),
        (HEADERS | {"anthropic-version": "2019-01-01"}, 400, "invalid_request_error"),
    ],
)
def test_who_is_refused(api: Api, headers: dict[str, str], status: int, kind: str) -> None:
    """An unknown credential is a 401, a known one without Admin rights a 403, a missing or odd version a 400."""
    assert complaint(api, status, "me", [], headers).startswith(kind)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": KEY},
        {"Authorization": "Bearer sk-ant-admin01-simulated"},
        {"authorization": "bearer oauth-simulated"},
    ],
)
def test_who_is_let_in(api: Api, headers: dict[str, str]) -> None:
    """An Admin key comes in either header, an OAuth token as a Bearer; header names have no case."""
    assert api.ask("me", [], {**headers, "Anthropic-Version": "2026-10-21"}).status == 200


def test_paths_and_methods(world: World) -> None:
    """An unknown path is a 404 and any method but GET a 405."""
    simulator = Simulator(world, clock=api_of(world).simulator._clock)
    for target in ("/", "/v1/messages", "/v1/organizations", "/v1/organizations/", "/v1/organizations/me/me"):
        assert simulator.answer("GET", target, HEADERS).status == 404
    assert simulator.answer("POST", "/v1/organizations/me", HEADERS).status == 405


@pytest.mark.parametrize("path", [USAGE, COST])
@pytest.mark.parametrize(
    "params",
    [
        [],
        [("starting_at", "yesterday")],
        [("starting_at", "2026-11-01T00:00:00")],
        [("starting_at", "9999-12-31T23:59:59Z")],
        [("starting_at", "0001-01-01T00:00:00+23:00")],
        [START, ("ending_at", "2026-11-31")],
        [START, ("limit", "0")],
        [START, ("limit", "32")],
        [START, ("limit", "-1")],
        [START, ("limit", "seven")],
        [START, ("limit", "")],
        [START, ("bucket_width", "1w")],
        [START, ("group_by", "model")],
        [START, ("group_by[]", "colour")],
        [START, ("group_by[]", "")],
        [START, ("page", "page_")],
        [START, ("page", "MjAyNS0wOS0yNFQwMDowMDowMFo=")],
        [START, ("page", "page_MjAyNS0wOS0yNFQwMDowMDowMFo=")],
        [START, ("page", "page_!!!")],
    ],
)
def test_what_both_reports_refuse(api: Api, path: str, params: list[tuple[str, str]]) -> None:
    """A missing or unreadable start, a limit out of range, an unknown value or a false page token is a 400."""
    assert complaint(api, 400, path, params).startswith("invalid_request_error")


@pytest.mark.parametrize(
    "params",
    [
        [("limit", "169"), ("bucket_width", "1h")],
        [("limit", "1441"), ("bucket_width", "1m")],
        [("group_by[]", "speed")],
        [("speeds[]", "fast")],
        [("service_tiers[]", "gold")],
        [("context_window[]", "2M")],
        [("inference_geos[]", "eu")],
        [("models", "claude-opus-5-5")],
        [("context_window", "0-200k")],
    ],
)
def test_what_usage_refuses(api: Api, params: list[tuple[str, str]]) -> None:
    """Each width has its own limit, enums are closed, arrays have brackets, and speed needs its beta header."""
    complaint(api, 400, USAGE, [START, *params])


@pytest.mark.parametrize("params", [[("bucket_width", "1h")], [("group_by[]", "model")]])
def test_what_cost_refuses(api: Api, params: list[tuple[str, str]]) -> None:
    """Cost comes by the day only, and by workspace and description only."""
    complaint(api, 400, COST, [START, *params])


def test_five_dimensions_and_no_more(api: Api) -> None:
    """Five dimensions are answered, six are a 400 with the observed text."""
    five = [("group_by[]", dimension) for dimension in FIVE]
    assert api.ask(USAGE, [START, *five]).status == 200
    message = complaint(api, 400, USAGE, [START, *five, ("group_by[]", "inference_geo")])
    assert message == "invalid_request_error: Cannot specify more than 5 group_by[] dimensions."


def test_an_unbracketed_array_is_told_its_name(api: Api) -> None:
    """The refusal of a bare array parameter points to the bracketed name."""
    assert "group_by[]" in complaint(api, 400, USAGE, [START, ("group_by", "model")])


@pytest.mark.parametrize(
    "params",
    [
        [("starting_at", "2026-11-22T00:00:00Z")],
        [("starting_at", "2026-11-20T00:00:00Z"), ("ending_at", "2026-11-20T23:59:59Z")],
        [("starting_at", "2026-11-20T00:00:01Z"), ("ending_at", "2026-11-21T00:00:00Z")],
        [("starting_at", "2026-12-01T00:00:00Z")],
    ],
)
def test_cost_without_a_completed_day(api: Api, params: list[tuple[str, str]]) -> None:
    """A cost window that holds no completed day is a 400 with the observed text."""
    message = complaint(api, 400, COST, params)
    assert message == "invalid_request_error: Invalid date range: ending date must be after starting date"


def test_a_cursor_belongs_to_its_query(world: World) -> None:
    """A page token under a changed query is a 400, unless cursors are not bound."""
    for bound, status in ((True, 400), (False, 200)):
        api = api_of(world, behavior=Behavior(bound_cursors=bound))
        token = ("page", api.get(USAGE, [START, ("limit", "2")])["next_page"])
        assert api.ask(USAGE, [START, ("limit", "2"), token]).status == 200
        assert api.ask(USAGE, [token, ("limit", "2"), START]).status == 200
        assert api.ask(USAGE, [START, ("limit", "3"), token]).status == status


def test_unknown_parameters(world: World) -> None:
    """An unknown parameter is ignored, or refused in the strict mode; cost has no filters."""
    for strict, status in ((False, 200), (True, 400)):
        api = api_of(world, behavior=Behavior(strict_parameters=strict))
        assert api.ask(USAGE, [START, ("colour", "red")]).status == status
        assert api.ask(COST, [START, ("models[]", "claude-opus-5-5")]).status == status
        assert api.ask(USAGE, [START, ("models[]", "claude-opus-5-5")]).status == 200
