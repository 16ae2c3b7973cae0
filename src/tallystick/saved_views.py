"""Saved views: questions with a name: the [[view]] tables of the settings, each a name and an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tallystick.address import Address
from tallystick.core.text import safe
from tallystick.errors import InvalidQuestion

HINT = 'Write [[view]], then name = "Opus by team" and address = "/ask/spend?by=team&where.model=claude-opus-*".'


@dataclass(frozen=True, slots=True)
class SavedView:
    """A question with a name."""

    name: str
    address: Address


def saved_views(tables: Iterable[Any]) -> tuple[SavedView, ...]:
    """Return the views of the settings; InvalidQuestion names the one that cannot be."""
    return tuple(_view(table, number) for number, table in enumerate(tables, 1))


def lines(name: str, address: Address) -> str:
    """Return what to write in the settings to save a view."""
    return f"[[view]]\nname = {quoted(name)}\naddress = {quoted(address.url)}\n"


def _view(table: Any, number: int) -> SavedView:
    if not isinstance(table, Mapping) or not all(isinstance(table.get(key), str) for key in ("name", "address")):
        raise InvalidQuestion(f"[[view]] {number} of the settings has no name and address.", HINT)
    if unknown := [key for key in table if key not in {"name", "address"}]:
        raise InvalidQuestion(f"[[view]] {number} of the settings holds {unknown[0]!r}.", HINT)
    parts = urlsplit(table["address"])
    report = parts.path.removeprefix("/ask/")
    if parts.scheme or parts.netloc or report == parts.path:
        raise InvalidQuestion(f"The address of [[view]] {number} leads to no report: {table['address']!r}.", HINT)
    return SavedView(safe(table["name"]), Address.of(report, parse_qsl(parts.query, keep_blank_values=True)))


def quoted(text: str) -> str:
    """Return a text as TOML writes it."""
    escapes = {'"': '\\"', "\\": "\\\\"}
    letters = (escapes.get(letter, letter if letter.isprintable() else f"\\U{ord(letter):08x}") for letter in text)
    return f'"{"".join(letters)}"'
