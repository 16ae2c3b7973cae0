"""Gate: what stands before every page: the host, who asks, the headers of an answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from traceback import format_exception
from urllib.parse import parse_qsl, quote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tallystick.api.credential import masked
from tallystick.web.access import COOKIE, HOURS, Access
from tallystick.web.templates import rendered

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OPEN = ("/healthz", "/readyz", "/static/")
"""Paths that say nothing of the ledger, for probes and the page of the login itself."""
MOST_BYTES = 4096
"""Bytes of a form."""
LONGEST = 4096
"""Bytes of a path, and of what is asked after it: each of a page's filters has a link with all of them."""
_FOREIGN = "This form is not from a page of this dashboard.\n"
PAUSE = 0.5
"""Seconds before a wrong token is answered."""


LOG = logging.getLogger("tallystick.web")
Failure = Callable[[Request, Exception], Awaitable[Response]]


class Gate:
    """The application behind its checks; a request that passes has `state.identity`.

    What the application does not catch is logged without secrets, and answered by `failure`.
    """

    def __init__(self, app: ASGIApp, access: Access, failure: Failure) -> None:
        self._app = app
        self._access = access
        self._failure = failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may not pass; hand on what may."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        request = Request(scope, receive)
        answer = await self._answer(request)
        try:
            await (answer or self._app)(scope, receive, with_headers)
        except Exception as wrong:
            if started:
                raise
            LOG.error("%s", masked("".join(format_exception(wrong))))  # noqa: TRY400 - without secrets
            await (await self._failure(request, wrong))(scope, receive, with_headers)

    async def _answer(self, request: Request) -> Response | None:
        path = request.scope["path"]
        if refusal := self._unreadable(request):
            return refusal
        if path.startswith(OPEN):
            return None
        if path == "/login":
            return await self._login(request)
        identity = self._access.identity(request)
        if identity is None:
            return _unknown(request)
        if request.method not in {"GET", "HEAD"} and (refusal := await self._write(request)):
            return refusal
        request.state.identity = identity
        request.state.form_token = self._access.form_token(request)
        return None

    def _unreadable(self, request: Request) -> Response | None:
        """The answer to an address that is of another host, or too long."""
        if not self._access.host_known(request):
            return PlainTextResponse("This dashboard does not answer to that host name.\n", 421)
        if max(len(request.scope["path"]), len(request.scope["query_string"])) > LONGEST:
            return PlainTextResponse(f"An address may have {LONGEST:,} bytes.\n", 414)
        return None

    async def _write(self, request: Request) -> Response | None:
        """Read the form of a write, and answer it where it may not pass or is the end of the session."""
        form = await _form(request)
        if form is None or not self._access.form_valid(request, form.get("form", "")):
            return PlainTextResponse(_FOREIGN, 403)
        if request.scope["path"] == "/logout":
            response = RedirectResponse("/login", 303)
            response.delete_cookie(COOKIE, httponly=True, samesite="strict")
            return response
        request.state.form = form
        return None

    async def _login(self, request: Request) -> Response:
        if self._access.tokens is None:
            return RedirectResponse("/", 303)
        way = request.query_params.get("to", "/")
        if request.method == "POST":
            form = await _form(request)
            if form is None or not self._access.same_origin(request):
                return PlainTextResponse(_FOREIGN, 403)
            way = form.get("to", "/")
            if session := self._access.session(form.get("token", "").strip()):
                response = RedirectResponse(_local(way), 303)
                secure = "https" in {request.url.scheme, request.headers.get("x-forwarded-proto")}
                response.set_cookie(
                    COOKIE, session, max_age=HOURS * 3600, httponly=True, samesite="strict", secure=secure
                )
                return response
            await asyncio.sleep(PAUSE)
            return HTMLResponse(rendered("login.html", to=_local(way), wrong=True), 401)
        return HTMLResponse(rendered("login.html", to=_local(way), wrong=False))


def _unknown(request: Request) -> Response:
    """The answer to somebody unknown: a browser is led to the login."""
    if request.headers.get("authorization") or "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse("A token is needed.\n", 401, {"WWW-Authenticate": "Bearer"})
    url = request.url
    way = f"{url.path}?{url.query}" if url.query else url.path
    return RedirectResponse(f"/login?to={quote(way, safe='')}", 303)


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of a form; None where it is too large or none."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    try:
        return dict(parse_qsl(body.decode("utf-8"), max_num_fields=20))
    except ValueError:
        return None


def _local(way: str) -> str:
    """A path of this dashboard; the overview for an address elsewhere."""
    return way if way.startswith("/") and not way.startswith(("//", "/\\")) else "/"


def theme(request: Request) -> str:
    """Return which look the reader chose by hand: light, dark, or nothing where the system decides."""
    choice = request.cookies.get("theme", "")
    return choice if choice in {"light", "dark"} else ""
