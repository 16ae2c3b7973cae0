"""A credential: an Admin key or an OAuth token, in a type that cannot print itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tallystick.api.secret import SEEN, Secret

if TYPE_CHECKING:
    import httpx2

_LOOKS_SECRET = re.compile(r"sk-ant-[A-Za-z0-9_-]+|(?<=Bearer )[^\s'\"\\]+", re.IGNORECASE)
_USER = re.compile(r"(?<=//)[^/\s@'\"]*@")
"""The user and password of an address."""


class Credential(Secret):
    """An Admin key or OAuth token that cannot print itself; `source` says where it came from.

    `renew` reads it anew from there, where that is possible: tokens end within the hour, keys are rotated.
    """

    __slots__ = ("_earlier", "_renew", "bearer")

    def __init__(
        self,
        secret: str,
        *,
        bearer: bool = False,
        source: str = "argument",
        renew: Callable[[], str] | None = None,
        earlier: tuple[str, ...] = (),
    ) -> None:
        super().__init__(secret, source, "credential")
        self._renew = renew
        self._earlier = earlier
        self.bearer = bearer

    def __repr__(self) -> str:
        return f"Credential({'token' if self.bearer else 'key'} from {self.source})"

    def header(self) -> tuple[str, str]:
        """The header that carries it."""
        return ("authorization", f"Bearer {self._secret}") if self.bearer else ("x-api-key", self._secret)

    def sign(self, request: httpx2.Request) -> httpx2.Request:
        """The request with the credential on it; no header of it is a value that a traceback could show."""
        name, value = self.header()
        request.headers[name] = value
        return request

    def renewed(self) -> Credential | None:
        """The credential read anew; None where it cannot be, or is the same. InvalidQuestion where its source fails."""
        secret = self._renew().strip() if self._renew else self._secret
        if secret == self._secret:
            return None
        earlier = (*self._earlier[-8:], self._secret)
        return Credential(secret, bearer=self.bearer, source=self.source, renew=self._renew, earlier=earlier)

    def mask(self, text: str) -> str:
        """The text without this secret, or any other that looks like one of Anthropic's."""
        for secret in (self._secret, *self._earlier):
            text = re.sub(re.escape(secret), "***", text, flags=re.IGNORECASE)
        return _LOOKS_SECRET.sub(_short, text)


def masked(text: str) -> str:
    """The text without any secret that this process has seen, what looks like one, or a password of an address."""
    for secret in SEEN:
        text = secret.mask(text)
    return _USER.sub("***@", _LOOKS_SECRET.sub(_short, text))


def _short(match: re.Match[str]) -> str:
    return "sk-ant-***" if match[0].lower().startswith("sk-ant-") else "***"
