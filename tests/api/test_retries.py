from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from support.scripted_api import KEY, NOW, Connect, FakeClock, Server, broken, refusal, reply
from tallystick.api.client import LONGEST_WAIT, Client
from tallystick.api.credential import Credential
from tallystick.api.endpoints import ORGANIZATION
from tallystick.api.page import Query
from tallystick.core.time import text
from tallystick.errors import Refused, Unreachable

ME = Query(ORGANIZATION)
FINE = reply(200, {})
HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"
FAILURES = [
    httpx2.ConnectError("connection refused"),
    httpx2.ConnectTimeout("no connection"),
    httpx2.ReadTimeout("no answer"),
    httpx2.ReadError("reset by peer"),
    httpx2.RemoteProtocolError("hung up"),
    httpx2.PoolTimeout("busy"),
]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529, 520, 522, 524])
def test_what_may_pass_is_tried_again(connect: Connect, clock: FakeClock, status: int) -> None:
    """A 429 and every 5xx, of the API or of the edge before it, is tried again until there is an answer."""
    client, server = connect(refusal(status), reply(status, "<html>"), reply(status, ""), reply(200, {"id": "here"}))
    assert client.get(ME).body == b'{"id": "here"}'
    assert len(server.requests) == 4
    assert len(clock.slept) == 3
    assert all(wait > 0 for wait in clock.slept)
    assert len({(request.method, str(request.url)) for request in server.requests}) == 1


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_broken_connection_is_tried_again(connect: Connect, failure: httpx2.TransportError) -> None:
    """Timeouts and broken connections are tried again."""
    client, server = connect(broken(failure), broken(failure), FINE)
    client.get(ME)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after_ms": "1500"}, 1.5),
        ({"retry_after_ms": "1500", "retry_after": "7"}, 1.5),
        ({"retry_after": (NOW + timedelta(seconds=42)).strftime(HTTP_DATE)}, 42.0),
        ({"anthropic_ratelimit_requests_reset": text(NOW + timedelta(seconds=33))}, 33.0),
        ({"retry_after": "7", "anthropic_ratelimit_requests_reset": text(NOW + timedelta(seconds=33))}, 7.0),
        ({"retry_after": "3600"}, LONGEST_WAIT),
        ({"retry_after_ms": "99999999999"}, LONGEST_WAIT),
        ({"retry_after": (NOW + timedelta(days=9)).strftime(HTTP_DATE)}, LONGEST_WAIT),
        ({"anthropic_ratelimit_requests_reset": text(NOW + timedelta(hours=1))}, LONGEST_WAIT),
    ],
)
@pytest.mark.parametrize("status", [429, 503, 529])
def test_the_wait_that_is_asked_for(
    connect: Connect, clock: FakeClock, status: int, headers: dict[str, str], waited: float
) -> None:
    """The API's own wait is kept: retry-after-ms, else retry-after, else a reset to come; never above 120 s."""
    client, _ = connect(reply(status, {}, **headers), FINE)
    client.get(ME)
    assert clock.slept == [pytest.approx(waited)]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"anthropic_ratelimit_requests_reset": text(NOW - timedelta(seconds=5))},
        {"anthropic_ratelimit_requests_reset": text(NOW)},
        {"anthropic_ratelimit_requests_reset": "soon"},
        {"anthropic_ratelimit_requests_reset": "2026-11-03T23:00:00"},
        {"anthropic_ratelimit_requests_reset": "9999-12-31T23:59:59-12:00"},
        {"retry_after": "soon"},
        {"retry_after": ""},
        {"retry_after": "-5"},
        {"retry_after": "\u00b2"},
        {"retry_after": "Tue, 99 Foo 2026"},
        {"retry_after": (NOW - timedelta(minutes=5)).strftime(HTTP_DATE)},
        {"retry_after_ms": "soon"},
        {"retry_after_ms": "\u00b2"},
    ],
)
def test_backoff_where_no_wait_is_told(connect: Connect, clock: FakeClock, headers: dict[str, str]) -> None:
    """Without a wait, or with one that is past or cannot be read, waits grow from under a second towards a minute."""
    client, server = connect(*[reply(429, {}, **headers)] * 8, FINE)
    client.get(ME)
    assert len(server.requests) == 9
    for attempt, wait in enumerate(clock.slept):
        most = min(60.0, 0.5 * 2**attempt)
        assert most / 2 <= wait <= most


@pytest.fixture
def in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose local time is not UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_new_york")
@pytest.mark.parametrize("zone", ["GMT", "-0000", ""])
def test_a_date_is_never_local(connect: Connect, clock: FakeClock, zone: str) -> None:
    """A date in retry-after is GMT, also where its zone is unsaid, whatever the local time."""
    client, _ = connect(reply(429, {}, retry_after=f"Tue, 03 Nov 2026 09:30:20 {zone}".strip()), FINE)
    client.get(ME)
    assert clock.slept == [pytest.approx(20.0)]


@pytest.mark.parametrize("headers", [{}, {"retry_after": "60"}, {"retry_after": "3600"}, {"retry_after": "1"}])
def test_patience_ends(connect: Connect, clock: FakeClock, headers: dict[str, str]) -> None:
    """After about five minutes it is Unreachable, with the last cause, its message and how many tries there were."""
    client, server = connect(refusal(529, "overloaded_error", "Too many cooks.", **headers))
    with pytest.raises(Unreachable) as gone:
        client.get(ME)
    assert gone.value.exit_code == 4
    assert gone.value.status == 529
    assert gone.value.request_id == "req_in_body"
    assert 180 <= clock.seconds <= 300
    assert max(clock.slept) <= LONGEST_WAIT
    for word in ("HTTP 529", "Too many cooks.", f"{len(server.requests)} tries", "/v1/organizations/me"):
        assert word in gone.value.what
    assert gone.value.hint


@pytest.mark.parametrize("header", ["0", (NOW - timedelta(days=1)).strftime(HTTP_DATE)])
def test_no_wait_asked_is_no_storm(connect: Connect, header: str) -> None:
    """An API that says "at once" every time is not asked more often than backing off would: it ends, in few tries."""
    client, server = connect(refusal(429, retry_after=header))
    with pytest.raises(Unreachable):
        client.get(ME)
    assert len(server.requests) < 400


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_patience_ends_with_connections_too(connect: Connect, clock: FakeClock, failure: httpx2.TransportError) -> None:
    """What cannot be connected to is Unreachable in the end, with the kind of failure and the address tried."""
    client, _ = connect(broken(failure), base_url="https://gate.example.test")
    with pytest.raises(Unreachable) as gone:
        client.get(ME)
    assert gone.value.status is None
    assert type(failure).__name__ in gone.value.what
    assert str(failure) in gone.value.what
    assert "https://gate.example.test/v1/organizations/me" in gone.value.what
    assert clock.seconds <= 300


def test_the_last_cause_is_told(connect: Connect) -> None:
    """The error tells the last failure, not the first."""
    client, _ = connect(broken(httpx2.ReadTimeout("slow")), refusal(503), refusal(500, "api_error", "Fuse blown."))
    with pytest.raises(Unreachable, match="Fuse blown") as gone:
        client.get(ME)
    assert gone.value.status == 500
    assert "ReadTimeout" not in gone.value.what


def test_slow_tries_use_up_patience(clock: FakeClock) -> None:
    """The time that tries take counts as patience, so that no request lasts for hours."""
    server = Server(refusal(503))

    def slow(request: httpx2.Request) -> httpx2.Response:
        clock.pass_time(60)
        return server(request)

    with (
        Client(Credential(KEY), clock=clock, transport=httpx2.MockTransport(slow)) as client,
        pytest.raises(Unreachable),
    ):
        client.get(ME)
    assert len(server.requests) <= 6


def test_patience_is_for_each_request(connect: Connect, clock: FakeClock) -> None:
    """Each request has its own patience: a long reading is not cut off by the waits of earlier pages."""
    waits = [reply(429, {}, retry_after="100"), reply(429, {}, retry_after="100"), FINE]
    client, _ = connect(*waits * 4)
    for _ in range(4):
        client.get(ME)
    assert clock.seconds == pytest.approx(800)


@pytest.mark.parametrize(
    "code", ["enforced_spend_limit_reached", "contract_spend_limit_reached", "organization_on_hold"]
)
def test_hopeless_limits_are_not_waited_for(connect: Connect, clock: FakeClock, code: str) -> None:
    """A 429 that waiting does not mend is Refused at once, whatever wait it asks."""
    client, server = connect(refusal(429, "rate_limit_error", "Spent.", code=code, retry_after="5"))
    with pytest.raises(Refused, match=r"Spent\.") as refused:
        client.get(ME)
    assert refused.value.code == code
    assert refused.value.status == 429
    assert len(server.requests) == 1
    assert clock.slept == []


def test_another_code_is_waited_for(connect: Connect) -> None:
    """A 429 with another code is waited for."""
    client, server = connect(refusal(429, code="ramp_limit_exceeded"), FINE)
    client.get(ME)
    assert len(server.requests) == 2


def test_a_refusal_after_a_failure_is_final(connect: Connect) -> None:
    """A refusal ends the tries, also after failures that may pass."""
    client, server = connect(refusal(500), refusal(401), FINE)
    with pytest.raises(Refused):
        client.get(ME)
    assert len(server.requests) == 2


def test_waits_are_told(connect: Connect) -> None:
    """Whoever wants to know is told each wait and its reason before it begins."""
    waits: list[tuple[float, str]] = []
    client, _ = connect(
        reply(429, {}, retry_after="9"),
        broken(httpx2.ReadError("cut")),
        FINE,
        on_wait=lambda seconds, why: waits.append((seconds, why)),
    )
    client.get(ME)
    assert waits[0] == (9.0, "HTTP 429")
    assert "ReadError: cut" in waits[1][1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([429, 500, 502, 503, 504, 529]), max_size=7))
def test_any_mix_of_failures(connect: Connect, statuses: list[int]) -> None:
    """Whatever mix of passing failures comes before it, the answer is returned after exactly so many tries."""
    client, server = connect(*(reply(status, {}) for status in statuses), FINE)
    client.get(ME)
    assert len(server.requests) == len(statuses) + 1
