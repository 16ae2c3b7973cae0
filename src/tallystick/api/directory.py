"""The directory: organization, workspaces, keys, users, service accounts, to turn ids into names (reports-api 1.5).

Archived workspaces and keys of every status are asked for. The default workspace has a real id here and none in the
reports; it is the one that a list shows only when asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

import msgspec

from tallystick.api import default_workspace
from tallystick.api.client import Page, Query, decode
from tallystick.api.endpoints import API_KEYS, ORGANIZATION, SERVICE_ACCOUNTS, USERS, WORKSPACES
from tallystick.api.leniency import Misfit, Oddity, deep, fitted, read as read_page
from tallystick.core.dimensions import NAMED, UNKNOWN
from tallystick.core.time import instant
from tallystick.errors import ApiError, CursorLost, Refused, StrangeAnswer

T = TypeVar("T")


class Organization(msgspec.Struct):
    """Who the credential belongs to; one without a name is called by its id."""

    id: str
    name: str = ""


class Named(msgspec.Struct, kw_only=True):
    """One thing of the directory and its name; fields as the `names` table has them."""

    type: str
    id: str
    name: str
    email: str | None = None
    status: str = "active"
    workspace: str | None = None
    created_by: str | None = None
    created_at: str | None = None
    ended_at: str | None = None
    details: dict[str, Any] = {}


class _Ref(msgspec.Struct):
    id: str | None = None


class _Scope(msgspec.Struct):
    workspace_id: str | None = None


class _Workspace(msgspec.Struct):
    id: str
    name: str | None = None
    created_at: str | None = None
    archived_at: str | None = None
    tags: dict[str, str | None] | None = None
    data_residency: Any = None
    inference_data_privacy: Any = None
    user_profile_id: str | None = None


class _Key(msgspec.Struct):
    id: str
    name: str | None = None
    status: str | None = "active"
    created_at: str | None = None
    expires_at: str | None = None
    created_by: _Ref | None = None
    partial_key_hint: str | None = None
    workspace_id: str | None = None
    scope: _Scope | None = None


class _User(msgspec.Struct):
    id: str
    email: str | None = None
    name: str | None = None
    role: str | None = None
    added_at: str | None = None


class _ServiceAccount(msgspec.Struct):
    id: str
    name: str | None = None
    created_at: str | None = None
    archived_at: str | None = None
    description: str | None = None


Entry = TypeVar("Entry", _Workspace, _Key, _User, _ServiceAccount)


class _List(msgspec.Struct):
    data: list[msgspec.Raw]


_EVERYTHING = ("limit", str(WORKSPACES.limits[""]))
_ARCHIVED = ("include_archived", "true")
LISTS: tuple[tuple[str, Query], ...] = (
    ("organization", Query(ORGANIZATION)),
    ("workspaces", Query(WORKSPACES, (_EVERYTHING, _ARCHIVED))),
    ("default_workspace", Query(WORKSPACES, (_EVERYTHING, _ARCHIVED, ("include_default", "true")))),
    ("keys", Query(API_KEYS, (_EVERYTHING,))),
    ("users", Query(USERS, (_EVERYTHING,))),
    ("service_accounts", Query(SERVICE_ACCOUNTS, (_EVERYTHING, _ARCHIVED))),
)
"""What is read for names, each with the purpose under which its pages are archived."""


def organization(page: Page) -> Organization:
    """Who the credential belongs to; StrangeAnswer where it has no id."""
    organization = read_page(page, Organization)
    organization.name = organization.name or organization.id
    return organization


class Asker(Protocol):
    """What asks the API: a client, or what looks at its answers."""

    @property
    def bearer(self) -> bool:
        """Whether the credential is a token rather than a key."""

    def pages(self, query: Query) -> Iterator[Page]:
        """Every page of a query."""


UNKNOWN_KEY = 401
"""The status of a credential that nothing may be read with."""


def read(client: Asker, refused: Callable[[str, ApiError], None]) -> Iterator[tuple[str, Page]]:
    """The pages of the directory with the purpose of each, the organization first.

    A list comes whole or not at all. One that this credential may not read, or that cannot be read, is told to
    `refused` and left out: names are a convenience (trap 33). Service accounts are not asked for with a key, to which
    they are always refused. Raises Refused for a credential that is not known, StrangeAnswer of the organization.
    """
    for purpose, query in LISTS:
        if query.endpoint is SERVICE_ACCOUNTS and not client.bearer:
            continue
        try:
            pages = _whole(client, query)
        except (Refused, StrangeAnswer) as no:
            if no.status == UNKNOWN_KEY or (isinstance(no, StrangeAnswer) and query.endpoint is ORGANIZATION):
                raise
            refused(purpose, no)
        else:
            yield from ((purpose, page) for page in pages)


def _whole(client: Asker, query: Query) -> list[Page]:
    """Every page of a list, read once more where it changed meanwhile."""
    try:
        return list(client.pages(query))
    except CursorLost:
        return list(client.pages(query))


def names(pages: Iterable[tuple[str, Page]], odd: set[Oddity] | None = None) -> list[Named]:
    """The directory that these pages say, by type and id; StrangeAnswer for a page that is no list.

    The default workspace comes as the id `default` with its real id in `workspace`. An entry without a name is called
    by its id; what does not fit of it is left out, and an entry without an id altogether: `odd` is told.
    """
    odd = set() if odd is None else odd
    pages = list(pages)
    default = default_workspace.real_id(pages)
    found: dict[tuple[str, str], Named] = {}
    if default:
        absent = Named(type="workspace", id=NAMED["workspace"].absent, name=default_workspace.NAME, workspace=default)
        found[absent.type, absent.id] = absent
    for purpose, page in pages:
        if purpose != "organization" and not _listed(page):
            odd.add(Oddity(purpose.replace("_", " "), "is no list; names stay as they were"))
            continue
        for named in _READ[purpose](page, odd):
            if purpose == "default_workspace" and (named.type, named.id) in found:
                continue
            if named.type == "workspace" and named.id == default:
                named.workspace, named.id = named.id, NAMED["workspace"].absent
            named.details = {name: said for name, said in named.details.items() if said and not deep(said)}
            found[named.type, named.id] = named
    return [found[key] for key in sorted(found)]


def whole(page: Page) -> bool:
    """Whether a page is a list of which every entry has an id, so that what the list does not hold is gone."""
    odd: set[Oddity] = set()
    entries = decode(page, _List).data if _listed(page) else None
    return entries is not None and all(_entry(bytes(entry), _Id, "", odd) for entry in entries)


def _listed(page: Page) -> bool:
    try:
        decode(page, _List)
    except StrangeAnswer:
        return False
    return True


class _Id(msgspec.Struct):
    id: str


def _entry(body: bytes, shape: type[T], of: str, odd: set[Oddity]) -> T | None:
    """One entry of a list; None for one without an id. `odd` is told what of which entry does not fit."""
    oddities: set[Oddity] = set()
    try:
        entry = fitted(body, shape, oddities)
    except (Misfit, msgspec.DecodeError, RecursionError):
        odd.add(Oddity(of, "an entry without an id; it is left out, and an id stands for its name"))
        return None
    if not getattr(entry, "id", ""):
        odd.add(Oddity(of, "an entry with an empty id; it is left out"))
        return None
    odd |= {Oddity(f"{of} {getattr(entry, 'id', '')}: {field}", text) for field, text in oddities}
    return entry


def _entries(page: Page, shape: type[Entry], of: str, odd: set[Oddity]) -> Iterator[Entry]:
    """The entries of a list, their dates as far as they are dates."""
    for body in decode(page, _List).data:
        if (entry := _entry(bytes(body), shape, of, odd)) is None:
            continue
        if not entry.name and shape is not _User:  # users need have none
            odd.add(Oddity(f"{of} {entry.id}: name", "is not told; the id stands for it"))
        for field in ("created_at", "archived_at", "expires_at", "added_at"):
            if (told := getattr(entry, field, None)) and not _dated(told):
                odd.add(Oddity(f"{of} {entry.id}: {field}", "no date; left out"))
                setattr(entry, field, None)
        yield entry


def _dated(text: str) -> bool:
    try:
        instant(text)
    except ValueError:
        return False
    return True


def _organization(page: Page, odd: set[Oddity]) -> Iterator[Named]:
    said = organization(page)
    if said.name == said.id:
        odd.add(Oddity(f"organization {said.id}: name", "is not told; the id stands for it"))
    yield Named(type="organization", id=said.id, name=said.name)


def _workspaces(page: Page, odd: set[Oddity]) -> Iterator[Named]:
    for said in _entries(page, _Workspace, "workspaces", odd):
        yield Named(
            type="workspace",
            id=said.id,
            name=said.name or said.id,
            status="archived" if said.archived_at else "active",
            created_at=said.created_at,
            ended_at=said.archived_at,
            details={
                "tags": said.tags,
                "data_residency": said.data_residency,
                "inference_data_privacy": said.inference_data_privacy,
                "user_profile_id": said.user_profile_id,
            },
        )


def _keys(page: Page, odd: set[Oddity]) -> Iterator[Named]:
    for said in _entries(page, _Key, "keys", odd):
        yield Named(
            type="key",
            id=said.id,
            name=said.name or said.id,
            status=said.status or UNKNOWN,
            workspace=said.workspace_id or (said.scope.workspace_id if said.scope else None),
            created_by=said.created_by.id if said.created_by else None,
            created_at=said.created_at,
            ended_at=said.expires_at,
            details={"hint": said.partial_key_hint},
        )


def _users(page: Page, odd: set[Oddity]) -> Iterator[Named]:
    for said in _entries(page, _User, "users", odd):
        yield Named(
            type="user",
            id=said.id,
            name=said.name or said.email or said.id,
            email=said.email,
            created_at=said.added_at,
            details={"role": said.role},
        )


def _service_accounts(page: Page, odd: set[Oddity]) -> Iterator[Named]:
    for said in _entries(page, _ServiceAccount, "service accounts", odd):
        yield Named(
            type="service_account",
            id=said.id,
            name=said.name or said.id,
            status="archived" if said.archived_at else "active",
            created_at=said.created_at,
            ended_at=said.archived_at,
            details={"description": said.description},
        )


_READ: dict[str, Callable[[Page, set[Oddity]], Iterator[Named]]] = {
    "organization": _organization,
    "workspaces": _workspaces,
    "default_workspace": _workspaces,
    "keys": _keys,
    "users": _users,
    "service_accounts": _service_accounts,
}
