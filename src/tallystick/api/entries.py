"""Entries of the directory: a workspace, a key, a user, a service account, each as one name (reports-api 1.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from tallystick.api.leniency import Misfit, Oddity, fitted, read
from tallystick.api.page import Page, decode
from tallystick.core.dimensions import UNKNOWN
from tallystick.core.time import instant
from tallystick.errors import UnexpectedResponse

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


def organization(page: Page) -> Organization:
    """Who the credential belongs to; UnexpectedResponse where it has no id."""
    organization = read(page, Organization)
    organization.name = organization.name or organization.id
    return organization


def is_complete_list(page: Page) -> bool:
    """Whether a page is a list of which every entry has an id, so that what the list does not hold is gone."""
    odd: set[Oddity] = set()
    entries = decode(page, _List).data if is_list(page) else None
    return entries is not None and all(_entry(bytes(entry), _Id, "", odd) for entry in entries)


def is_list(page: Page) -> bool:
    """Whether a page is a list of entries, whatever these are."""
    try:
        decode(page, _List)
    except UnexpectedResponse:
        return False
    return True


class _Id(msgspec.Struct):
    id: str


def _entry(body: bytes, shape: type[T], list_name: str, odd: set[Oddity]) -> T | None:
    """One entry of a list; None for one without an id. `odd` is told what of which entry does not fit."""
    oddities: set[Oddity] = set()
    try:
        entry = fitted(body, shape, oddities)
    except (Misfit, msgspec.DecodeError, RecursionError):
        odd.add(Oddity(list_name, "an entry without an id; it is left out, and an id stands for its name"))
        return None
    if not getattr(entry, "id", ""):
        odd.add(Oddity(list_name, "an entry with an empty id; it is left out"))
        return None
    odd |= {Oddity(f"{list_name} {getattr(entry, 'id', '')}: {field}", text) for field, text in oddities}
    return entry


def _entries(page: Page, shape: type[Entry], list_name: str, odd: set[Oddity]) -> Iterator[Entry]:
    """The entries of a list, their dates as far as they are dates."""
    for body in decode(page, _List).data:
        if (entry := _entry(bytes(body), shape, list_name, odd)) is None:
            continue
        if not entry.name and shape is not _User:  # users need have none
            odd.add(Oddity(f"{list_name} {entry.id}: name", "is not told; the id stands for it"))
        for field in ("created_at", "archived_at", "expires_at", "added_at"):
            if (text := getattr(entry, field, None)) and not _dated(text):
                odd.add(Oddity(f"{list_name} {entry.id}: {field}", "no date; left out"))
                setattr(entry, field, None)
        yield entry


def _dated(text: str) -> bool:
    try:
        instant(text)
    except ValueError:
        return False
    return True


def _organization(page: Page, odd: set[Oddity]) -> Iterator[Named]:
    own_organization = organization(page)
    if own_organization.name == own_organization.id:
        odd.add(Oddity(f"organization {own_organization.id}: name", "is not told; the id stands for it"))
    yield Named(type="organization", id=own_organization.id, name=own_organization.name)


def _workspaces(page: Page, odd: set[Oddity]) -> Iterator[Named]:
    for workspace in _entries(page, _Workspace, "workspaces", odd):
        yield Named(
            type="workspace",
            id=workspace.id,
            name=workspace.name or workspace.id,
            status="archived" if workspace.archived_at else "active",
            created_at=workspace.created_at,
            ended_at=workspace.archived_at,
            details={
                "tags": workspace.tags,
                "data_residency": workspace.data_residency,
                "inference_data_privacy": workspace.inference_data_privacy,
                "user_profile_id": workspace.user_profile_id,
            },
        )


def _keys(page: Page, odd: set[Oddity]) -> Iterator[Named]:
    for key in _entries(page, _Key, "keys", odd):
        yield Named(
            type="key",
            id=key.id,
            name=key.name or key.id,
            status=key.status or UNKNOWN,
            workspace=key.workspace_id or (key.scope.workspace_id if key.scope else None),
            created_by=key.created_by.id if key.created_by else None,
            created_at=key.created_at,
            ended_at=key.expires_at,
            details={"hint": key.partial_key_hint},
        )


def _users(page: Page, odd: set[Oddity]) -> Iterator[Named]:
    for user in _entries(page, _User, "users", odd):
        yield Named(
            type="user",
            id=user.id,
            name=user.name or user.email or user.id,
            email=user.email,
            created_at=user.added_at,
            details={"role": user.role},
        )


def _service_accounts(page: Page, odd: set[Oddity]) -> Iterator[Named]:
    for account in _entries(page, _ServiceAccount, "service accounts", odd):
        yield Named(
            type="service_account",
            id=account.id,
            name=account.name or account.id,
            status="archived" if account.archived_at else "active",
            created_at=account.created_at,
            ended_at=account.archived_at,
            details={"description": account.description},
        )


OWN_NAME = "own_name"
"""The purpose of the page by which a sync keeps how the settings call an organization; the API sends none such."""
READERS: dict[str, Callable[[Page, set[Oddity]], Iterator[Named]]] = {
    "organization": _organization,
    OWN_NAME: _organization,
    "workspaces": _workspaces,
    "default_workspace": _workspaces,
    "keys": _keys,
    "users": _users,
    "service_accounts": _service_accounts,
}
