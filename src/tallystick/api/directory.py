"""The directory: organization, workspaces, keys, users, service accounts, to turn ids into names (reports-api 1.5).

Archived workspaces and keys of every status are asked for. The default workspace has a real id here and none in the
reports; it is the one that a list shows only when asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

import msgspec

from tallystick.api import default_workspace
from tallystick.api.client import Client, Page, Query, decode
from tallystick.api.endpoints import API_KEYS, ORGANIZATION, SERVICE_ACCOUNTS, USERS, WORKSPACES
from tallystick.core.dimensions import NAMED
from tallystick.errors import CursorLost, Refused

T = TypeVar("T")


class Organization(msgspec.Struct):
    """Who the credential belongs to."""

    id: str
    name: str


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
    name: str
    created_at: str | None = None
    archived_at: str | None = None
    tags: dict[str, str] | None = None
    data_residency: dict[str, Any] | None = None


class _Key(msgspec.Struct):
    id: str
    name: str
    status: str = "active"
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
    name: str
    created_at: str | None = None
    archived_at: str | None = None
    description: str | None = None


class _List(msgspec.Struct, Generic[T]):
    data: list[T]


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
    """Who the credential belongs to."""
    return decode(page, Organization)


def read(client: Client, refused: Callable[[str, Refused], None]) -> Iterator[tuple[str, Page]]:
    """The pages of the directory with the purpose of each, the organization first.

    A list comes whole or not at all. One that this credential may not read is told to `refused` and left out: names
    are a convenience (trap 33). Service accounts are not asked for with a key, to which they are always refused.
    """
    for purpose, query in LISTS:
        if query.endpoint is SERVICE_ACCOUNTS and not client.bearer:
            continue
        try:
            pages = list(client.pages(query))
        except Refused as no:
            if isinstance(no, CursorLost) or no.status not in {400, 403, 404}:
                raise
            refused(purpose, no)
        else:
            yield from ((purpose, page) for page in pages)


def names(pages: Iterable[tuple[str, Page]]) -> list[Named]:
    """The directory that these pages say, by type and id; StrangeAnswer where one cannot be read.

    The default workspace comes as the id `default` with its real id in `workspace`.
    """
    pages = list(pages)
    default = default_workspace.real_id(pages)
    found: dict[tuple[str, str], Named] = {}
    if default:
        absent = Named(type="workspace", id=NAMED["workspace"].absent, name=default_workspace.NAME, workspace=default)
        found[absent.type, absent.id] = absent
    for purpose, page in pages:
        for named in _READ[purpose](page):
            if purpose == "default_workspace" and (named.type, named.id) in found:
                continue
            if named.type == "workspace" and named.id == default:
                named.workspace, named.id = named.id, NAMED["workspace"].absent
            named.details = {name: said for name, said in named.details.items() if said}
            found[named.type, named.id] = named
    return [found[key] for key in sorted(found)]


def _organization(page: Page) -> Iterator[Named]:
    said = organization(page)
    yield Named(type="organization", id=said.id, name=said.name)


def _workspaces(page: Page) -> Iterator[Named]:
    for said in decode(page, _List[_Workspace]).data:
        yield Named(
            type="workspace",
            id=said.id,
            name=said.name,
            status="archived" if said.archived_at else "active",
            created_at=said.created_at,
            ended_at=said.archived_at,
            details={"tags": said.tags, "data_residency": said.data_residency},
        )


def _keys(page: Page) -> Iterator[Named]:
    for said in decode(page, _List[_Key]).data:
        yield Named(
            type="key",
            id=said.id,
            name=said.name,
            status=said.status,
            workspace=said.workspace_id or (said.scope.workspace_id if said.scope else None),
            created_by=said.created_by.id if said.created_by else None,
            created_at=said.created_at,
            ended_at=said.expires_at,
            details={"hint": said.partial_key_hint},
        )


def _users(page: Page) -> Iterator[Named]:
    for said in decode(page, _List[_User]).data:
        yield Named(
            type="user",
            id=said.id,
            name=said.name or said.email or said.id,
            email=said.email,
            created_at=said.added_at,
            details={"role": said.role},
        )


def _service_accounts(page: Page) -> Iterator[Named]:
    for said in decode(page, _List[_ServiceAccount]).data:
        yield Named(
            type="service_account",
            id=said.id,
            name=said.name,
            status="archived" if said.archived_at else "active",
            created_at=said.created_at,
            ended_at=said.archived_at,
            details={"description": said.description},
        )


_READ: dict[str, Callable[[Page], Iterator[Named]]] = {
    "organization": _organization,
    "workspaces": _workspaces,
    "default_workspace": _workspaces,
    "keys": _keys,
    "users": _users,
    "service_accounts": _service_accounts,
}
