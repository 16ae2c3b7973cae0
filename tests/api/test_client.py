from __future__ import annotations

import gc
from importlib.metadata import version
from operator import attrgetter

import httpx2
import pytest

from support.api_pages import day, listed, report
from support.scripted_api import KEY, NOW, Connect, FakeClock, Reply, refusal, reply
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.api.endpoints import ENDPOINTS, ORGANIZATION, WORKSPACES
from tallystick.api.page import Page, Query
from tallystick.api.reports_query import cost_report_query, usage_report_query
from tallystick.core.time import Grain, Window, instant
from tallystick.errors import CursorExpired, InvalidQuestion, Refused, UnexpectedResponse

OCTOBER = Window(instant("2026-10-01"), instant("2026-11-01"))
USAGE = usage_report_query(OCTOBER, Grain.DAY)
ME = Query(ORGANIZATION)
HTML = "<html><head><title>502 Bad Gateway</title></head><body>the edge</body></html>"


def test_what_is_sent(connect: Connect) -> None:
    """A request is a GET without a body, with version, user-agent, JSON asked for, brackets escaped, and no beta."""
    client, server = connect(report())
    client.get(usage_report_query(OCTOBER, Grain.DAY, by=("model",), where={"geo": ("us",)}))
    (request,) = server.requests
    assert request.method == "GET"
    assert request.content == b""
    assert request.url.host == "api.anthropic.com"
    assert request.url.scheme == "https"
    assert request.url.path == "/v1/organizations/usage_report/messages"
    assert b"group_by%5B%5D=model" in request.url.query
    assert ("inference_geos[]", "us") in server.parameters()
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert request.headers["accept"] == "application/json"
    assert request.headers["user-agent"].startswith(f"tallystick/{version('tallystick')} (https://")
    assert "anthropic-beta" not in request.headers


def test_the_beta_header_of_speed(connect: Connect) -> None:
    """The beta header goes with a question about speed, and with no other."""
    client, server = connect(report())
    client.get(usage_report_query(OCTOBER, Grain.DAY, by=("speed",)))
    client.get(USAGE)
    assert server.requests[0].headers["anthropic-beta"] == "fast-mode-2026-02-01"
    assert "anthropic-beta" not in server.requests[1].headers


def test_a_key_goes_in_its_header(connect: Connect) -> None:
    """A key goes as x-api-key, and no authorization with it."""
    client, server = connect(reply())
    client.get(ME)
    assert server.requests[0].headers["x-api-key"] == KEY
    assert "authorization" not in server.requests[0].headers
    assert not client.bearer


def test_a_token_goes_as_bearer(connect: Connect) -> None:
    """An OAuth token goes as a Bearer, and no x-api-key with it."""
    client, server = connect(reply(), credential=Credential("oauth-opaque", bearer=True))
    client.get(ME)
    assert server.requests[0].headers["authorization"] == "Bearer oauth-opaque"
    assert "x-api-key" not in server.requests[0].headers
    assert client.bearer


def test_every_request_carries_a_version(connect: Connect) -> None:
    """No endpoint is asked without a version, nor by another method than GET."""
    client, server = connect(reply())
    for endpoint in ENDPOINTS:
        client.get(Query(endpoint))
    assert {request.method for request in server.requests} == {"GET"}
    assert all(request.headers["anthropic-version"] for request in server.requests)
    assert [request.url.path for request in server.requests] == [endpoint.path for endpoint in ENDPOINTS]


def test_a_base_url_with_a_path(connect: Connect) -> None:
    """Another address is asked under its path, with or without a slash at its end."""
    for address in ("https://gate.example.test/claude", "https://gate.example.test/claude/"):
        client, server = connect(reply(), base_url=address)
        client.get(ME)
        assert str(server.requests[0].url) == "https://gate.example.test/claude/v1/organizations/me"


def test_a_page_is_the_answer_byte_for_byte(connect: Connect) -> None:
    """A page keeps the body as it came, the request as sent and the headers."""
    body = b'{ "data": [ ],\n"has_more":false , "next_page":null}\n'
    client, _ = connect(reply(200, body, request_id="req_77"))
    page = client.get(USAGE)
    assert page.body == body
    assert page.request == USAGE.request
    assert page.request_id == "req_77"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (409, "conflict_error"),
        (410, "gone"),
        (413, "request_too_large"),
    ],
)
def test_refusals_are_raised_at_once(connect: Connect, clock: FakeClock, status: int, kind: str) -> None:
    """What the API says no to is raised at the first answer, with status, type, message, path and request-id."""
    client, server = connect(refusal(status, kind, "Eggs must not hop.", code="eggs", request_id="req_in_header"))
    with pytest.raises(Refused) as refused:
        client.get(USAGE)
    assert len(server.requests) == 1
    assert clock.slept == []
    assert refused.value.exit_code == 3
    assert refused.value.status == status
    assert refused.value.code == "eggs"
    assert refused.value.request_id == "req_in_header"
    assert not isinstance(refused.value, CursorExpired)
    for word in (str(status), kind, "Eggs must not hop.", "/v1/organizations/usage_report/messages", "req_in_header"):
        assert word in refused.value.what
    assert "starting_at" not in refused.value.what
    assert refused.value.hint


def test_the_request_id_of_the_body(connect: Connect) -> None:
    """Without the header, the request's id comes from the body."""
    client, _ = connect(refusal(400))
    with pytest.raises(Refused, match="req_in_body") as refused:
        client.get(ME)
    assert refused.value.request_id == "req_in_body"


@pytest.mark.parametrize(
    "body",
    [
        HTML,
        "",
        "null",
        "[]",
        '"no"',
        "{}",
        '{"error": null}',
        '{"error": "no"}',
        '{"error": []}',
        '{"error": {"message": null, "details": []}}',
        '{"error": {"message": {"deep": 1}, "details": {"error_code": []}}, "request_id": 7}',
        b'{"error": {"message": "caf\xe9"}}',
        b"\xff\xfe\x00",
    ],
)
@pytest.mark.parametrize("status", [400, 403])
def test_error_bodies_of_any_kind(connect: Connect, status: int, body: str | bytes) -> None:
    """An error answer may be HTML, empty, or JSON of any shape: it is Refused all the same, with its request-id."""
    client, server = connect(reply(status, body, content_type="text/html; charset=utf-8", request_id="req_edge"))
    with pytest.raises(Refused, match=str(status)) as refused:
        client.get(ME)
    assert refused.value.request_id == "req_edge"
    assert len(server.requests) == 1
    assert "<html" not in str(refused.value)


@pytest.mark.parametrize("body", [b'{"error": {"message": "caf\xe9"}}', '{"error": {"details": {"error_code": []}}}'])
def test_a_limit_with_an_odd_body_is_waited_for(connect: Connect, body: str | bytes) -> None:
    """A 429 whose body cannot be read is tried again like any other."""
    client, server = connect(reply(429, body), reply(200, {}))
    client.get(ME)
    assert len(server.requests) == 2


def test_how_to_mend_a_refusal(connect: Connect) -> None:
    """A 401 names where the credential came from; a 403 says who may read; a 404 points to the address."""
    client, _ = connect(refusal(401), refusal(403), refusal(404))
    for word in ("from the test is wrong", "may not read this", "--base-url"):
        with pytest.raises(Refused) as refused:
            client.get(ME)
        assert word in refused.value.hint


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_never_followed(connect: Connect, status: int) -> None:
    """A redirect is an error that names the other host; nothing is sent there."""
    client, server = connect(reply(status, "", location="https://elsewhere.example.test/v1/organizations/me"))
    with pytest.raises(Refused, match=r"elsewhere\.example\.test") as refused:
        client.get(ME)
    assert [request.url.host for request in server.requests] == ["api.anthropic.com"]
    assert refused.value.status == status


@pytest.mark.parametrize("location", ["", "/elsewhere", "http://[", "https://h:port/", "\x7f"])
def test_redirects_to_anywhere(connect: Connect, location: str) -> None:
    """Wherever a redirect points, it is Refused and not another error."""
    client, server = connect(reply(302, "", location=location))
    with pytest.raises(Refused, match="redirect"):
        client.get(ME)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [201, 202, 204, 206])
def test_other_successes_are_strange(connect: Connect, status: int) -> None:
    """Only a 200 is an answer; another success is strange, not a refusal."""
    client, _ = connect(reply(status, "{}"))
    with pytest.raises(UnexpectedResponse, match=str(status)):
        client.get(ME)


def test_a_body_that_cannot_be_unpacked(connect: Connect) -> None:
    """A body that is not what its content-encoding says is an error of ours, not one of the HTTP library."""
    client, _ = connect(reply(200, b"this is not gzip", content_encoding="gzip", request_id="req_zip"))
    with pytest.raises(UnexpectedResponse):
        client.get(ME)


@pytest.mark.parametrize("status", [400, 410])
@pytest.mark.parametrize(
    ("query", "first"),
    [
        (USAGE, report(token="page_2")),
        (cost_report_query(OCTOBER, NOW), report(token="page_2")),
        (Query(WORKSPACES), listed({"id": "wrkspc_1"}, has_more=True)),
    ],
)
def test_a_cursor_is_lost(connect: Connect, query: Query, first: Reply, status: int) -> None:
    """A 400 or 410 to a request with a page token is CursorExpired: the window can be read again."""
    client, server = connect(first, refusal(status, "invalid_request_error", "That cursor is not of this query."))
    with pytest.raises(CursorExpired, match="That cursor is not of this query") as lost:
        list(client.pages(query))
    assert lost.value.status == status
    assert lost.value.exit_code == 3
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [401, 403, 404])
def test_other_refusals_lose_no_cursor(connect: Connect, status: int) -> None:
    """A credential refused in the middle of paging is a refusal, not a lost cursor."""
    client, _ = connect(report(token="page_2"), refusal(status))
    with pytest.raises(Refused) as refused:
        list(client.pages(USAGE))
    assert not isinstance(refused.value, CursorExpired)


@pytest.mark.parametrize(
    "address",
    [
        "https://api.anthropic.com",
        "https://gate.example.test:8443/claude",
        "HTTPS://GATE.example.test",
        "http://127.0.0.1:8080",
        "http://127.8.9.10",
        "http://localhost:1",
        "http://LOCALHOST:1",
        "http://[::1]:8080/",
    ],
)
def test_addresses_that_may_have_the_key(connect: Connect, address: str) -> None:
    """The credential may go over HTTPS anywhere, and without encryption to this machine."""
    client, server = connect(reply(200, {}), base_url=address)
    client.get(ME)
    assert [request.headers["x-api-key"] for request in server.requests] == [KEY]


@pytest.mark.parametrize(
    "address",
    [
        "http://api.anthropic.com",
        "http://10.0.0.1:8080",
        "http://0.0.0.0:8080",
        "http://localhost.example.test",
        "http://127.0.0.1.example.test",
        "http://localhost@example.test",
        "http://example.test#@localhost",
        "http://localhost\\@example.test",
        "http://[2001:db8::1]",
    ],
)
def test_addresses_without_encryption(clock: FakeClock, address: str) -> None:
    """A plain http address of another machine is refused before anything is sent."""
    with pytest.raises(InvalidQuestion):
        Client(Credential(KEY), clock=clock, base_url=address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "api.anthropic.com",
            "ftp://example.test",
            "file:///etc/passwd",
            "https://",
            "https:///v1",
            "//example.test",
        ),
        *("https://example.test?x=1", "https://user@example.test", "https://user:pass@example.test"),
        *("https://:pass@example.test", "https://example.test:port", "https://example.test:99999"),
        *("http://[::1", "https://exam ple.test", "https://example.test\n"),
    ],
)
def test_addresses_that_are_none(clock: FakeClock, address: str) -> None:
    """An address that cannot be the API's, or carries a password of its own, is asked wrongly, never another error."""
    with pytest.raises(InvalidQuestion) as refused:
        Client(Credential(KEY), clock=clock, base_url=address)
    assert "pass@" not in str(refused.value)


def test_a_page_that_its_reader_drops_is_gone(connect: Connect) -> None:
    """While the next page of a query is asked for, a client holds no page before it: pages are large."""
    held = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        held.append(sum(isinstance(value, Page) for value in gc.get_objects()))
        return report(day(len(held)), token="more" * len(held) if len(held) < 4 else None)(request)

    client, _ = connect(answer)
    assert len([*map(len, map(attrgetter("body"), client.pages(USAGE)))]) == 4
    assert held == held[:1] * 4


def test_a_client_closes_its_connections(clock: FakeClock) -> None:
    """After `with`, the client is closed."""
    with Client(Credential(KEY), clock=clock, transport=httpx2.MockTransport(reply(200, {}))) as client:
        client.get(ME)
    with pytest.raises(RuntimeError, match="closed"):
        client.get(ME)


@pytest.mark.parametrize("secret", ["", "  ", "\n", "sk-ant-a\nb", "clé", "sk\x00", "﻿sk-ant-x"])
def test_what_cannot_be_a_credential(secret: str) -> None:
    """An empty credential, or one that no header can carry, is asked wrongly; the message does not show it."""
    with pytest.raises(InvalidQuestion) as refused:
        Credential(secret, source="somewhere")
    assert "somewhere" in refused.value.what
    assert not secret.strip() or secret.strip() not in str(refused.value)


@pytest.mark.parametrize(
    "secret", ["sk-ant-admin01-x", "sk-ant-admin-old", "sk-ant-api03-unbound", "sk-ant-oat01-token", "anything at all"]
)
def test_no_credential_is_judged_by_its_prefix(connect: Connect, secret: str) -> None:
    """Any printable credential is sent as it is, without the blanks around it."""
    for bearer in (False, True):
        client, server = connect(reply(), credential=Credential(f" {secret}\n", bearer=bearer))
        client.get(ME)
        name, sent = ("authorization", f"Bearer {secret}") if bearer else ("x-api-key", secret)
        assert server.requests[0].headers[name] == sent
