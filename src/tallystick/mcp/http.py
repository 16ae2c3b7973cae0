"""HTTP: the server on loopback, behind the dashboard's hosts and tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tallystick.mcp.server import server
from tallystick.web.access import Access
from tallystick.web.application import Dashboard

PATH = "/mcp"
MOST_BYTES = 64 << 10
"""Bytes of a request."""


class Endpoint:
    """What answers requests that may pass: of a known host, of no other site, and of somebody known."""

    def __init__(self, sessions: StreamableHTTPSessionManager, access: Access) -> None:
        self._sessions = sessions
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; each is a session of its own, so that a token holds for what it is sent with."""
        request = Request(scope, receive)
        refusal = self._refusal(request)
        await (refusal or self._sessions.handle_request)(scope, receive, send)

    def _refusal(self, request: Request) -> PlainTextResponse | None:
        if not self._access.host_known(request):
            return PlainTextResponse("This server does not answer to that host name.\n", 421)
        if "origin" in request.headers and not self._access.same_origin(request):
            return PlainTextResponse("This server answers no page of another site.\n", 403)
        identity = self._access.identity(request)
        if identity is None:
            return PlainTextResponse("A token is needed.\n", 401, {"WWW-Authenticate": "Bearer"})
        request.state.identity = identity
        return None


def application(dashboard: Dashboard, access: Access) -> Starlette:
    """Return the server as an ASGI application."""
    sessions = StreamableHTTPSessionManager(
        server(dashboard), json_response=True, stateless=True, max_request_body_size=MOST_BYTES
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with sessions.run():
            yield
        await dashboard.readers.close()

    return Starlette(routes=[Route(PATH, Endpoint(sessions, access))], lifespan=lifespan)
