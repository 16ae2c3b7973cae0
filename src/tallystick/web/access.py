"""Access: who asks, by a token, a session or a proxy's header; which hosts and origins are answered."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tallystick.web.tokens import LOCAL, Identity, Tokens

if TYPE_CHECKING:
    from starlette.requests import Request

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names of this machine."""
COOKIE = "tallystick"
HOURS = 12
"""Hours for which a session lasts; it also ends with the process."""
BEARER = "bearer "


@dataclass(frozen=True)
class Access:
    """What is asked of a reader. Without tokens everybody who reaches the dashboard reads all of it.

    `hosts` are the names by which the dashboard is asked. `user_header` names a reader where one of `proxies` sends it.
    """

    tokens: Tokens | None = None
    hosts: frozenset[str] = LOOPBACK
    user_header: str | None = None
    proxies: frozenset[str] = frozenset()
    seconds: Callable[[], float] = time.time
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def host_known(self, request: Request) -> bool:
        """Whether the request names a host of the dashboard: a page of another name that leads here reads nothing."""
        return _host(f"//{request.headers.get('host', '')}") in self.hosts

    def same_origin(self, request: Request) -> bool:
        """Whether a write comes from a page of the dashboard."""
        site = request.headers.get("sec-fetch-site")
        origin = request.headers.get("origin")
        if origin is not None:
            return urlsplit(origin).netloc == request.headers.get("host")
        return site in {"same-origin", "none"}

    def identity(self, request: Request) -> Identity | None:
        """Return who asks; None where it is nobody that is known."""
        if self.tokens is None:
            return LOCAL
        if self.user_header and request.client and request.client.host in self.proxies:
            return self.tokens.by_user.get(request.headers.get(self.user_header, ""))
        header = request.headers.get("authorization", "")
        if header[: len(BEARER)].lower() == BEARER:
            known = self.tokens.of_token(header[len(BEARER) :].strip())
            return known[1] if known else None
        return self._of_session(request.cookies.get(COOKIE, ""))

    def session(self, token: str) -> str | None:
        """Return the value of the cookie for a token, None where nobody has it."""
        known = self.tokens.of_token(token) if self.tokens else None
        if not known:
            return None
        ends = int(self.seconds()) + HOURS * 3600
        return f"{known[0]}.{ends}.{self._signature('session', known[0], str(ends))}"

    def _of_session(self, cookie: str) -> Identity | None:
        digest, _, rest = cookie.partition(".")
        ends, _, signature = rest.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature("session", digest, ends).encode()):
            return None
        if not self.tokens or int(ends) <= self.seconds():
            return None
        return self.tokens.by_hash.get(digest)

    def form_token(self, request: Request) -> str:
        """Return what a form of the reader's session carries, so that no other site can send it."""
        return self._signature("form", request.cookies.get(COOKIE, ""))

    def form_valid(self, request: Request, token: str) -> bool:
        """Whether a form was made for the reader's session, and sent from a page of the dashboard."""
        return self.same_origin(request) and hmac.compare_digest(token.encode(), self.form_token(request).encode())

    def _signature(self, *parts: str) -> str:
        return hmac.new(self._key, "\0".join(parts).encode(), "sha256").hexdigest()


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
