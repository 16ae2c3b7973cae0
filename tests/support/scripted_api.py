"""A scripted API and a fake clock for the client."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qsl

import httpx2

from tallystick import AdminAPI
from tallystick.api.client import Client
from tallystick.api.credential import Credential

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


class Connect(Protocol):
    """Makes a client of a scripted API."""

    def __call__(self, *replies: Reply, credential: Credential | None = None, **options: Any) -> tuple[Client, Server]:
        """The client, and the API to ask what it was sent."""


class Administer(Protocol):
    """Makes an AdminAPI of a scripted API."""

    def __call__(self, *replies: Reply, **options: Any) -> tuple[AdminAPI, Server]:
        """The AdminAPI, and the API to ask what it was sent."""
