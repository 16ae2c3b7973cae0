"""Tokens: who may read the dashboard, by hashes in a file: the file holds no secret."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import tomllib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallystick.core.filter import pattern
from tallystick.errors import InvalidQuestion
from tallystick.saved_views import quoted

PREFIX = "tally-"
BYTES = 32
_BOUNDS = ("teams", "organizations")
_FIELDS = {"token": {"name", "sha256", *_BOUNDS}, "user": {"name", *_BOUNDS}}
_HEX = 64


@dataclass(frozen=True, slots=True)
class Identity:
    """Who reads: a name, the teams whose charges alone are shown, and the ids of the organizations; None for all."""

    name: str
    teams: frozenset[str] | None = None
    organizations: frozenset[str] | None = None

    @property
    def sees_all(self) -> bool:
        """Whether everything in the ledger and the settings is shown."""
        return self.teams is None and self.organizations is None

    @property
    def scope(self) -> Hashable:
        """What tells its answers from those of others."""
        return self.teams, self.organizations

    @property
    def bounds(self) -> str:
        """What is shown, in words: the teams, else the organizations."""
        return ", ".join(sorted(self.teams or self.organizations or ()))


LOCAL = Identity("this machine")
"""Whoever can reach a dashboard that asks for no token."""


@dataclass(frozen=True)
class Tokens:
    """The identities of a token file: by the SHA-256 of a token, and by the name that a proxy gives."""

    by_hash: Mapping[str, Identity]
    by_user: Mapping[str, Identity]

    @classmethod
    def read(cls, path: Path) -> Tokens:
        """Return the tokens of a file; InvalidQuestion names what cannot be."""
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as wrong:
            raise InvalidQuestion(f"The token file {path} cannot be read: {wrong.strerror}.", _HINT) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
            raise InvalidQuestion(f"The token file {path} is no TOML: {wrong}.", _HINT) from None
        if unknown := {*values} - {*_FIELDS}:
            raise InvalidQuestion(f"The token file {path} has an unknown table: {min(unknown)}.", _HINT)
        tokens = {_hash(row, path): _identity(row, path) for row in _rows(values, "token", path)}
        users = {identity.name: identity for row in _rows(values, "user", path) for identity in [_identity(row, path)]}
        if not tokens and not users:
            raise InvalidQuestion(f"The token file {path} lets nobody in.", _HINT)
        return cls(tokens, users)

    def of_token(self, token: str) -> tuple[str, Identity] | None:
        """Return the hash and the identity of a token, None where nobody has it; in the same time for every token."""
        digest = digest_of(token)
        matches = [(known, identity) for known, identity in self.by_hash.items() if hmac.compare_digest(known, digest)]
        return matches[0] if matches else None


def new_token(name: str, teams: tuple[str, ...] = (), organizations: tuple[str, ...] = ()) -> tuple[str, str]:
    """Return a new random token, and the lines of the token file that let it in."""
    token = PREFIX + secrets.token_urlsafe(BYTES)
    lines = ["[[token]]", f"name = {quoted(name)}", f'sha256 = "{digest_of(token)}"']
    for field, values in zip(_BOUNDS, (teams, organizations), strict=True):
        if values:
            lines.append(f"{field} = [{', '.join(map(quoted, values))}]")
    return token, "\n".join(lines)


def digest_of(token: str) -> str:
    """Return the SHA-256 of a token, in hexadecimal digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


_HINT = "`tallystick serve --new-token NAME` prints a token and the lines for this file (docs dashboard)."


def _rows(values: Mapping[str, Any], table: str, path: Path) -> list[Mapping[str, Any]]:
    rows = values.get(table, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidQuestion(f"{table} is no list of tables in {path}: write [[{table}]].", _HINT)
    for row in rows:
        if unknown := {*row} - _FIELDS[table]:
            raise InvalidQuestion(f"[[{table}]] of {path} has an unknown entry: {min(unknown)}.", _HINT)
    return rows


def _identity(row: Mapping[str, Any], path: Path) -> Identity:
    name = row.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidQuestion(f"A table of {path} has no name.", _HINT)
    return Identity(name, *(_bound(f"The {field} of {name} in {path}", row.get(field)) for field in _BOUNDS))


def _bound(subject: str, values: Any) -> frozenset[str] | None:
    """What a table holds its reader to; None where it names nothing."""
    if values is None:
        return None
    if not isinstance(values, list) or not values or not all(isinstance(value, str) and value for value in values):
        raise InvalidQuestion(f"{subject} are no list of names.", _HINT)
    if any(map(pattern, values)):
        raise InvalidQuestion(f"{subject} hold a * or ?, which would let in others.", _HINT)
    return frozenset(values)


def _hash(row: Mapping[str, Any], path: Path) -> str:
    digest = row.get("sha256")
    if not isinstance(digest, str) or len(digest) != _HEX or set(digest) - set("0123456789abcdef"):
        raise InvalidQuestion(f"A token of {path} has no sha256 of {_HEX} hexadecimal digits.", _HINT)
    return digest
