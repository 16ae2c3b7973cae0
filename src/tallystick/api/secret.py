"""A secret: a text that cannot print itself, and is taken out of every message."""

from __future__ import annotations

import re

from tallystick.errors import InvalidQuestion

LEAST = 8
"""Letters of a secret that messages are searched for: a shorter one would be in every second word."""


class Secret:
    """A key, a token, or an address that lets whoever has it write somewhere; `source` says where it came from."""

    __slots__ = ("_secret", "source")

    def __init__(self, secret: str, source: str, noun: str = "secret") -> None:
        secret = secret.strip()
        if not secret or not secret.isascii() or not secret.isprintable():
            several = len(secret.splitlines()) > 1
            why = "is empty" if not secret else "is more than one line" if several else "holds what cannot be sent"
            raise InvalidQuestion(
                f"The {noun} from {source} {why}.", f"Put the {noun} alone there, without quotes or line breaks."
            )
        self._secret = secret
        self.source = source
        if len(secret) >= LEAST and all(known.reveal() != secret for known in SEEN):
            SEEN.append(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(from {self.source})"

    def __reduce__(self) -> str:
        raise TypeError(f"a {type(self).__name__} is not to be written anywhere")

    def reveal(self) -> str:
        """The text itself, for whom it is meant."""
        return self._secret

    def mask(self, text: str) -> str:
        """The text without this secret."""
        return re.sub(re.escape(self._secret), "***", text, flags=re.IGNORECASE)


SEEN: list[Secret] = []
"""Every secret of this process, so that messages can be searched for them."""
