"""A credential: an Admin key or an OAuth token, in a type that cannot print itself."""

from __future__ import annotations

import re

from tallystick.errors import AskedWrongly

_LOOKS_SECRET = re.compile(r"sk-ant-[A-Za-z0-9_-]+", re.IGNORECASE)


class Credential:
    """An Admin key or OAuth token that cannot print itself; `source` says where it came from."""

    __slots__ = ("_secret", "bearer", "source")

    def __init__(self, secret: str, *, bearer: bool = False, source: str = "argument") -> None:
        secret = secret.strip()
        if not secret or not secret.isascii() or not secret.isprintable():
            raise AskedWrongly(
                f"The credential from {source} is empty or holds characters that cannot be sent.",
                "Put the key alone there, without quotes or line breaks.",
            )
        self._secret = secret
        self.bearer = bearer
        self.source = source

    def __repr__(self) -> str:
        return f"Credential({'token' if self.bearer else 'key'} from {self.source})"

    def __reduce__(self) -> str:
        raise TypeError("a Credential is not to be written anywhere")

    def header(self) -> tuple[str, str]:
        """The header that carries it."""
        return ("authorization", f"Bearer {self._secret}") if self.bearer else ("x-api-key", self._secret)

    def mask(self, said: str) -> str:
        """The text without this secret, or any other that looks like one of Anthropic's."""
        said = re.sub(re.escape(self._secret), "***", said, flags=re.IGNORECASE)
        return _LOOKS_SECRET.sub("sk-ant-***", said)
