"""Redaction: how persons are called in what is kept, and pages without what may not be kept of them.

A page is redacted before it touches the disk: decoded, the fields of persons replaced, encoded again; all else stays.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from tallystick.api.actors import HIDDEN, actor_of
from tallystick.api.leniency import DECODER, ENCODER
from tallystick.errors import InvalidQuestion, UnexpectedResponse
from tallystick.folders import settings_folder
from tallystick.store.archive import named
from tallystick.sync.batch import FetchedPage
from tallystick.sync.source import Persons

_TELLING = (b'"actor"', b'"email', b'"users"')
_OTHERS = frozenset({"service_account_actor", "api_actor"})
"""Actors that are no persons."""
PERSONS = frozenset({"user", "federated", "actor"})
"""Types of names that are of persons."""
OLDER = (
    'Older pages still hold more of people than `people = "{mode}"` lets be kept; `tallystick forget --all` rewrites '
    "them."
)
MADE = "person_"
"""Begins an id that was made here, of an e-mail that belongs to no id."""
LETTERS = 22
"""Hexadecimal digits of an id that was made."""


class Mode(StrEnum):
    """What is kept of persons: name and e-mail, their id alone, or a keyed hash of each."""

    FULL = "full"
    IDS = "ids"
    HASHED = "hashed"


def default_key() -> Path | None:
    """Where the key of what is hashed is kept where nothing is said: outside any ledger; None without a home."""
    folder = settings_folder()
    return folder / "people.key" if folder else None


def key_in(path: Path | None) -> Callable[[], bytes]:
    """The key that the file holds, made at first need, for its owner's eyes only."""

    def key() -> bytes:
        if path is None:
            raise InvalidQuestion(
                "There is no home folder for the key that hides people.", "Set `people_key`, or HOME."
            )
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                handle, part = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # with mode 0600
                with os.fdopen(handle, "wb") as file:
                    file.write(secrets.token_hex(32).encode())
                with suppress(FileExistsError):  # another process was faster, and its key holds
                    path.hardlink_to(part)
                Path(part).unlink()
            secret = path.read_bytes().strip()
        except OSError as wrong:
            raise InvalidQuestion(
                f"The key {path} cannot be read: {wrong.strerror}.", "Correct `people_key`."
            ) from None
        if not secret:
            raise InvalidQuestion(f"The key {path} is empty.", "Restore it, or remove it to have another made.")
        return secret

    return key


@dataclass
class People:
    """How persons are called. `emails` says whose id an e-mail is, `forgotten` the id of those who may not be named.

    `forgotten` holds each of them by id and by the keyed hash of their e-mails. `fresh`: pages are of today, so that an
    identity without an id gets a keyed one; an archived one keeps the id that the tables have.
    """

    mode: str
    key: bytes | Callable[[], bytes]
    emails: dict[str, str] = field(default_factory=dict)
    forgotten: Mapping[str, str] = field(default_factory=dict)
    fresh: bool = True
    met: dict[str, str] = field(default_factory=dict)
    """Who was left out so far, as `forgotten` has them."""

    def id_of(self, email: str) -> str:
        """The id that an e-mail belongs to, else its keyed hash; what is no e-mail is an id already."""
        if "@" not in email:
            return email
        id_ = self.emails.get(email.casefold())
        if id_ is None:
            hidden = self.hidden(email.casefold())
            return self.forgotten.get(hidden, hidden)
        return id_

    def hidden(self, text: str) -> str:
        """The keyed hash of a text; what is one already stays."""
        return text if HIDDEN.fullmatch(text) else self._keyed(text, MADE)

    def _keyed(self, text: str, kind: str) -> str:
        if callable(self.key):
            self.key = self.key()
        return f"{kind}{hmac.digest(self.key, text.encode(), 'sha256').hex()[:LETTERS]}"

    def is_forgotten(self, id_: str) -> bool:
        """Whether a person may not be named."""
        return id_ in self.forgotten

    @property
    def reason(self) -> str:
        """Why a page is not as it was answered."""
        return "forgotten" if self.mode == Mode.FULL else f"people = {self.mode}"

    def learn(self, body: bytes) -> None:
        """Learn whose e-mail is whose from a list of users, as answered."""
        for _, row in _objects(_decoded(body)):
            if isinstance(row.get("id"), str) and isinstance(row.get("email"), str):
                self.emails[row["email"].casefold()] = row["id"]

    def called(self, id_: str, name: str | None, email: str | None) -> tuple[str | None, str | None]:
        """The name and the e-mail to keep of a person."""
        if self.mode != Mode.FULL:
            self.met[id_] = id_
        if self.is_forgotten(id_) or self.mode == Mode.IDS:
            return (id_ if name is not None else None), None
        if self.mode == Mode.FULL:
            return name, email
        hidden = name if name in {None, id_} else self.hidden(str(name))
        return hidden, None if email is None else self.hidden(email.casefold())

    def redacted(self, body: bytes, persons: Persons | None) -> bytes | None:
        """The page without what may not be kept of persons; None where it holds nothing of that.

        `persons` is how it names them, if it does. UnexpectedResponse for a page that cannot be read.
        """
        if persons is None or (self.mode == Mode.FULL and not self.forgotten):
            return None
        listed = persons is Persons.USERS
        if not listed and not any(marker in body for marker in _TELLING):
            return None
        page = _decoded(body)
        changed = False
        for field_name, row in list(_objects(page)):
            new = self._user(row) if listed else self._actor(row, persons, field_name)
            changed = changed or any(row.get(name) != value for name, value in new.items())
            row.update(new)
        return ENCODER.encode(page) if changed else None

    def redact(self, answer: FetchedPage, persons: Persons | None) -> FetchedPage:
        """A page as it may be kept, with the reason where it is not as it was answered."""
        body = self.redacted(answer.page.body, persons)
        if body is None:
            return answer
        page = replace(answer.page, body=body, content=None)
        return replace(answer, page=page, original=named(answer.page.body), redacted=self.reason)

    def named_in(self, names: Iterable[Mapping[str, Any]]) -> bool:
        """Whether rows of `names` hold more of a person than may be kept."""
        return any(self.renamed(row) != row for row in names)

    def renamed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of `names` with no more of a person than may be kept."""
        if row["type"] not in PERSONS:
            return dict(row)
        name, email = self.called(row["id"], row["name"], row["email"])
        details = json.loads(row["details"] or "{}")
        if "provider" in details and (self.mode != Mode.FULL or self.is_forgotten(row["id"])):
            details["provider"] = unsigned(details["provider"])
        return {**row, "name": name, "email": email, "details": json.dumps(details, sort_keys=True)}

    def _user(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What changes in a user of the directory."""
        name, email = _text(row, "name"), _text(row, "email")
        if row.get("type") != "user" and email is None:
            return {}
        id_ = _text(row, "id") or self.hidden((email or name or "").casefold())
        new = dict(zip(("name", "email"), self.called(id_, name, email), strict=True))
        return {field_name: value for field_name, value in new.items() if _text(row, field_name)}

    def _actor(self, row: Mapping[str, Any], persons: Persons, field_name: str) -> dict[str, Any]:
        """What changes in an actor of a report, or in what stands in such a field; nothing where it is none."""
        kind, email, text = _text(row, "type"), _text(row, "email_address"), _text(row, "actor")
        if text and "@" in text and (self.mode != Mode.FULL or self.is_forgotten(self.id_of(text))):
            return {"actor": self.id_of(text)}
        actor = field_name == "actor" or (kind or "").endswith("_actor")
        if kind in _OTHERS or not (actor or email):
            return {}
        if persons is Persons.EMAILS and (email or kind == "user_actor"):
            id_ = self.id_of(email or "")
            hide = email and (self.mode != Mode.FULL or self.is_forgotten(id_))
            if hide and email:
                self.met |= {id_: id_, self.hidden(email.casefold()): id_}
            return {"email_address": id_} if hide else {}
        return self._redacted_actor(row, email)

    def _redacted_actor(self, row: Mapping[str, Any], email: str | None) -> dict[str, Any]:
        """What changes in an actor that has a name; one without an id keeps none of what would make one."""
        actor = actor_of(ENCODER.encode(row))
        if actor is None:
            return {}
        own_id = actor.user_id or actor.service_account_id or actor.api_key_id
        id_ = actor.id
        if not (own_id or actor.subject == id_ or not self.fresh or self.mode == Mode.FULL or self.is_forgotten(id_)):
            id_ = self._keyed(id_, f"{actor.type.removesuffix('_actor')}_")
        name, address = self.called(id_, _text(row, "name"), email)
        new: dict[str, Any] = {"name": name, "email_address": address}
        new = {field_name: value for field_name, value in new.items() if row.get(field_name)}
        if not own_id and (self.mode != Mode.FULL or self.is_forgotten(id_)):
            new |= {"subject": id_, "provider": unsigned(row.get("provider")), **dict.fromkeys(actor.extra)}
        return new


def unsigned(provider: Any) -> Any:
    """A cloud's word for an identity without the principal that signed, which can name a person."""
    signed = isinstance(provider, dict) and provider.get("signed_principal") is not None
    return {**provider, "signed_principal": None} if signed else provider


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) and value else None


def _decoded(body: bytes) -> Any:
    try:
        return DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise _strange(wrong) from None


def _strange(wrong: Exception) -> UnexpectedResponse:
    return UnexpectedResponse(
        f"A page that may tell of persons cannot be read: {wrong}",
        "Nothing of it was kept. Try again; if it stays so, the API has changed: update tallystick, or report it.",
    )


def _objects(page: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a page, with the name of the field that it stands in."""
    waiting: list[tuple[str, Any]] = [("", page)]
    while waiting:
        field_name, value = waiting.pop()
        if isinstance(value, dict):
            yield field_name, value
            waiting += value.items()
        elif isinstance(value, list):
            waiting += ((field_name, item) for item in value)
