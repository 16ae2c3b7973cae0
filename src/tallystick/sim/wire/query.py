"""Queries: a request line taken apart, with the refusals of reports-api 8.2."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl, unquote, urlsplit

from tallystick.core.time import instant, text
from tallystick.sim.wire.answer import Refusal
from tallystick.sim.wire.credentials import NOBODY, Reader

_BRACKETED = (
    "group_by",
    "account_ids",
    "api_key_ids",
    "service_account_ids",
    "workspace_ids",
    "models",
    "service_tiers",
    "inference_geos",
    "speeds",
    "context_window",
    "context_windows",
    "actor_ids",
    "actor_types",
    "agent_ids",
    "claude_tag_categories",
    "claude_tag_user_ids",
    "deployment_ids",
    "environment_ids",
    "organization_ids",
    "products",
    "rbac_group_ids",
    "session_ids",
    "slack_channel_ids",
    "user_profile_ids",
    "ids",
    "roles",
    "statuses",
)


@dataclass(frozen=True, slots=True)
class Query:
    """The path and the parameters of a request, in the order in which they came, its beta headers and API version.

    `reader` is who sent it, once let in.
    """

    path: str
    pairs: tuple[tuple[str, str], ...]
    betas: frozenset[str] = frozenset()
    version: str = ""
    reader: Reader = NOBODY

    @classmethod
    def of(cls, target: str, betas: frozenset[str], version: str = "") -> Query:
        """A query from a request target such as `/v1/organizations/me?limit=3`.

        Raises Refusal for an array parameter without its brackets (reports-api 1.1).
        """
        parts = urlsplit(target)
        pairs = tuple(parse_qsl(parts.query, keep_blank_values=True))
        for name, _ in pairs:
            if name in _BRACKETED:
                raise Refusal(400, f"{name}: arrays are written with brackets: use `{name}[]` instead.")
        return cls(unquote(parts.path), pairs, betas, version)

    def renamed(self, names: Mapping[str, str]) -> Query:
        """The same with some values written otherwise."""
        return replace(self, pairs=tuple((name, names.get(value, value)) for name, value in self.pairs))

    def one(self, name: str) -> str | None:
        """The last value of a parameter, None where it is not given."""
        values = self.many(name)
        return values[-1] if values else None

    def many(self, name: str, allowed: Iterable[str] = ()) -> list[str]:
        """Every value of a parameter; Refusal for one that is not among the `allowed`, where there are any."""
        values = [value for key, value in self.pairs if key == name]
        allowed = tuple(allowed)
        for value in values:
            if allowed and value not in allowed:
                raise Refusal(400, f"{name}: {value!r} is not one of {', '.join(allowed)}.")
        return values

    def flag(self, name: str) -> bool:
        """Whether a parameter is `true`; Refusal for anything but `true` and `false`."""
        return self.one(name) is not None and self.many(name, ("true", "false"))[-1] == "true"

    def at(self, name: str) -> datetime | None:
        """A timestamp, None where it is not given; Refusal where it cannot be read."""
        written = self.one(name)
        if written is None:
            return None
        try:
            return instant(written)
        except (ValueError, OverflowError):
            raise Refusal(400, f"{name}: {written!r} is not a valid RFC 3339 timestamp.") from None

    def limit(self, usual: int, most: int) -> int:
        """The `limit`; Refusal for one below 1, above the most, or not a whole number."""
        written = self.one("limit")
        if written is None:
            return usual
        if not (written.isascii() and written.isdigit()) or not 1 <= int(written[:9]) <= most:
            raise Refusal(400, f"limit: must be a whole number from 1 to {most}, not {written!r}.")
        return int(written)

    def only(self, names: Iterable[str]) -> None:
        """Refusal for a parameter that is not among the names."""
        unknown = [name for name, _ in self.pairs if name not in set(names)]
        if unknown:
            raise Refusal(400, f"{unknown[0]}: unknown parameter.")

    def fingerprint(self) -> str:
        """The same for two queries exactly where they differ in nothing but `page`."""
        pairs = sorted(pair for pair in self.pairs if pair[0] != "page")
        return hashlib.sha256(repr((self.path, pairs)).encode()).hexdigest()[:12]

    def token(self, start: datetime, *, bound: bool) -> str:
        """The page token for the bucket that begins at `start`; a `bound` one holds the fingerprint too."""
        return written(f"{text(start)} {self.fingerprint()}" if bound else text(start))

    def page(self) -> datetime | None:
        """The bucket start inside the page token, None without one.

        Raises Refusal for a token that was not given out here, or was for another query.
        """
        token = self.one("page")
        if token is None:
            return None
        start, _, rest = read(token).partition(" ")
        fingerprint = rest.partition(" ")[0]  # what stands behind it makes a token unlike another of the same page
        if fingerprint and fingerprint != self.fingerprint():
            raise Refusal(400, "page: the cursor does not match the other query parameters.")
        try:
            return instant(start)
        except ValueError:
            raise Refusal(400, "page: not a valid page token.") from None


def written(inside: str) -> str:
    """A page token: `page_` and base64 (reports-api 1.1)."""
    return f"page_{base64.b64encode(inside.encode()).decode()}"


def read(token: str) -> str:
    """What is inside a page token; Refusal for anything else."""
    try:
        if not token.startswith("page_"):
            raise Refusal(400, "page: not a valid page token.")
        return base64.b64decode(token.removeprefix("page_"), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal(400, "page: not a valid page token.") from None
