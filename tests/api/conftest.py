from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

import httpx2
import pytest

from tallystick import AdminAPI
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.api.page import Page, Query

KEY = "sk-ant-admin01-tEsT0nly-9fQ2xW_zz"
NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
OVERHEAD = 2_000
"""More requests than any test needs: what asks more would ask for ever."""

Reply = Callable[[httpx2.Request], httpx2.Response]
Json = dict[str, Any]


class FakeClock:
    """A clock on which only sleep (and `pass_time`) moves the time; `slept` is every wait."""

    def __init__(self, start: datetime = NOW) -> None:
        self.start = start
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    def elapsed(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        self.seconds += seconds


class Server:
    """A scripted API: its replies in order, the last one for ever. `requests` is what it was sent."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = replies
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        assert len(self.requests) < OVERHEAD, "this would never end"
        return self.replies[min(len(self.requests), len(self.replies)) - 1](request)

    def parameters(self, index: int = -1) -> list[tuple[str, str]]:
        """The parameters of a request, decoded, in order."""
        return parse_qsl(self.requests[index].url.query.decode(), keep_blank_values=True)


def reply(status: int = 200, body: Any = "{}", **headers: str) -> Reply:
    """An answer: JSON, or text or bytes as they are; `request_id` is the header `request-id`."""
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    headers = {"content_type": "application/json", **headers}
    named = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return lambda _: httpx2.Response(status, content=content, headers=named)


def refusal(status: int, kind: str = "api_error", message: str = "no", *, code: str = "", **headers: str) -> Reply:
    """An error answer of the documented shape (reports-api 2.4)."""
    error: Json = {"type": kind, "message": message}
    if code:
        error["details"] = {"error_code": code}
    return reply(status, {"type": "error", "error": error, "request_id": "req_in_body"}, **headers)


def broken(error: httpx2.TransportError) -> Reply:
    """No answer: the connection fails so."""

    def fail(_: httpx2.Request) -> httpx2.Response:
        raise error

    return fail


def report(*buckets: Json, token: str | None = None, **headers: str) -> Reply:
    """A page of a report; with a token there is more."""
    return reply(200, {"data": list(buckets), "has_more": token is not None, "next_page": token}, **headers)


def listed(*things: Json, has_more: bool = False) -> Reply:
    """A page of a list that pages by id: `last_id` is filled on the last page too."""
    ids = [thing["id"] for thing in things]
    return reply(
        200,
        {
            "data": list(things),
            "has_more": has_more,
            "first_id": ids[0] if ids else None,
            "last_id": ids[-1] if ids else None,
        },
    )


def bucket(start: str, *results: Json, hours: int = 24) -> Json:
    """An interval of a report, a day long unless told otherwise."""
    end = datetime.fromisoformat(start) + timedelta(hours=hours)
    return {"starting_at": start, "ending_at": f"{end:%Y-%m-%dT%H:%M:%SZ}", "results": list(results)}


def day(number: int, *results: Json) -> Json:
    """A day of October 2026."""
    return bucket(f"2026-10-{number:02}T00:00:00Z", *results)


def usage_row(**fields: Any) -> Json:
    """A row of the usage report as of 2025, without the fields that came later; no dimension grouped."""
    return {
        "uncached_input_tokens": 1_204,
        "cache_creation": {"ephemeral_1h_input_tokens": 310, "ephemeral_5m_input_tokens": 47},
        "cache_read_input_tokens": 90_001,
        "output_tokens": 688,
        "server_tool_use": {"web_search_requests": 3},
        "api_key_id": None,
        "workspace_id": None,
        "model": None,
        "service_tier": None,
        "context_window": None,
        **fields,
    }


def cost_row(amount: Any = "318.40715", **fields: Any) -> Json:
    """A row of the cost report as of 2025, without the fields that came later; no dimension grouped."""
    return {
        "currency": "USD",
        "amount": amount,
        "workspace_id": None,
        "description": None,
        "cost_type": None,
        "context_window": None,
        "model": None,
        "service_tier": None,
        "token_type": None,
        **fields,
    }


def page_of(query: Query, *buckets: Json, token: str | None = None) -> Page:
    """A page as the client hands it on."""
    body = json.dumps({"data": list(buckets), "has_more": token is not None, "next_page": token}).encode()
    return Page(query.request, body, {"request-id": "req_of_page"})


class Connect(Protocol):
    """Makes a client of a scripted API."""

    def __call__(self, *replies: Reply, credential: Credential | None = None, **options: Any) -> tuple[Client, Server]:
        """The client, and the API to ask what it was sent."""


class Administer(Protocol):
    """Makes an AdminAPI of a scripted API."""

    def __call__(self, *replies: Reply, **options: Any) -> tuple[AdminAPI, Server]:
        """The AdminAPI, and the API to ask what it was sent."""


@pytest.fixture(autouse=True)
def bare_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but a test's own: an empty folder, an environment without ours, Anthropic's or a proxy's names."""
    import os

    for name in list(os.environ):
        if name.upper().startswith(("ANTHROPIC_", "TALLYSTICK_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def clock() -> FakeClock:
    """A fake clock, at `NOW`."""
    return FakeClock()


@pytest.fixture
def connect(clock: FakeClock) -> Iterator[Connect]:
    """A factory of clients on the fake clock; each is closed after the test."""
    clients: list[Client] = []

    def factory(*replies: Reply, credential: Credential | None = None, **options: Any) -> tuple[Client, Server]:
        server = Server(*replies)
        options = {"clock": clock, "transport": httpx2.MockTransport(server), **options}
        clients.append(Client(credential or Credential(KEY, source="the test"), **options))
        return clients[-1], server

    yield factory
    for client in clients:
        client.close()


@pytest.fixture
def administer(clock: FakeClock) -> Iterator[Administer]:
    """A factory of AdminAPIs on the fake clock; each is closed after the test."""
    apis: list[AdminAPI] = []

    def factory(*replies: Reply, **options: Any) -> tuple[AdminAPI, Server]:
        server = Server(*replies)
        options = {"credential": KEY, "clock": clock, "transport": httpx2.MockTransport(server), **options}
        apis.append(AdminAPI(**options))
        return apis[-1], server

    yield factory
    for api in apis:
        api.client.close()
