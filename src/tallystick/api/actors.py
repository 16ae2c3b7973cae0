"""Actors: who asked (analytics-api 1.6), of types that exist and of new ones, each under an id of its own."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from typing import Any

import msgspec

from tallystick.api.body import DECODER
from tallystick.api.leniency import Misfit, Oddity, deep, fitted
from tallystick.core.dimensions import UNKNOWN

HIDDEN = re.compile(r"[a-z_]+_[0-9a-f]{22}")
"""What stands in an archived page in the place of who somebody is, where that may not be kept."""
KNOWN = frozenset({"user_actor", "service_account_actor", "federated_actor", "api_actor"})
"""The types of actors that tallystick knows."""
_SHOWN = frozenset({"name", "email_address", "deleted"})
"""What can change while an actor stays the same, and so is no part of an id."""


class Actor(msgspec.Struct):
    """Who asked. `extra` holds the fields that tallystick does not know, as sent."""

    type: str = UNKNOWN
    user_id: str | None = None
    name: str | None = None
    email_address: str | None = None
    deleted: bool = False
    service_account_id: str | None = None
    api_key_id: str | None = None
    subject: str | None = None
    provider: Any = None
    extra: dict[str, Any] = {}

    @property
    def id(self) -> str:
        """The API's id; for an identity that has none, a name made of all that is known of it, or what hides that.

        Of a known type that names its identity, fields that are new make no other id. An actor of whom nothing but a
        name is known has an id made of the name.
        """
        if id_ := self.user_id or self.service_account_id or self.api_key_id:
            return id_
        if self.subject and HIDDEN.fullmatch(self.subject):
            return self.subject
        parts: list[Any] = [self.type, self.subject, self.provider]
        if self.extra and not (self.type in KNOWN and (self.subject or self.provider)):
            parts.append(self.extra)
        elif not (self.subject or self.provider) and (self.name or self.email_address):
            parts.append([self.name, self.email_address])
        text = json.dumps(parts, sort_keys=True)
        return f"{self.type.removesuffix('_actor')}_{hashlib.sha256(text.encode()).hexdigest()[:22]}"

    @property
    def oddities(self) -> set[Oddity]:
        """What is new of this actor: its type, or fields."""
        fields = ", ".join(sorted(self.extra))
        oddities = {Oddity(f"actor.{name}", "a field tallystick does not know") for name in self.extra}
        if self.type not in KNOWN:
            known = f"known by {fields}" if fields else "known by no id"
            oddities.add(
                Oddity(f"actor type {self.type}", f"tallystick does not know it; each such actor stands alone, {known}")
            )
        return oddities


@lru_cache(maxsize=20_000)
def actor_of(body: bytes) -> Actor | None:
    """An actor as the API wrote it, None for null; what is no object is an actor of an unknown type, by itself."""
    decoded: Any = DECODER.decode(body)
    if decoded in (None, {}, ""):
        return None
    if not isinstance(decoded, dict):
        return Actor(user_id=decoded) if isinstance(decoded, str) else Actor(extra={"actor": _extra_value(decoded)})
    try:
        actor = fitted(body, Actor)
    except (Misfit, msgspec.DecodeError):  # pragma: no cover - every field has a default
        actor = Actor()
    actor.extra = {name: _extra_value(value) for name, value in decoded.items() if _is_extra(name, value, actor)}
    actor.provider = _extra_value(actor.provider)
    return actor


def _extra_value(value: Any) -> Any:
    """A value of a field; its hash where it is nested too deeply to be written again."""
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest() if deep(value) else value


def _is_extra(name: str, value: Any, actor: Actor) -> bool:
    """Whether a field is of no use to the shape of an actor: unknown, or known and odd, and not null."""
    if value is None or name in _SHOWN:
        return False
    return name not in Actor.__struct_fields__ or name == "extra" or (name != "type" and getattr(actor, name) is None)
