"""Entries: the objects of the directory as the wire has them (reports-api 1.5, analytics-api 3.1)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import NAMESPACE_OID, uuid5

from tallystick.core.time import midnight
from tallystick.sim.directory.lists import Entry
from tallystick.sim.wire.answer import Json
from tallystick.sim.world.identities import principals, unbound
from tallystick.sim.world.organization import Invite, Key, Organization, ServiceAccount, User, Workspace
from tallystick.sim.world.teams import Team


def key(entry: Key, organization: Organization, when: datetime, *, old: bool) -> Entry:
    """A key at an instant, in the shape of the API version.

    It has `workspace_id` before 2026-10-21 and `scope` from then on (reports-api 2.3).
    """
    fields: Entry = {
        "id": entry.id,
        "created_at": stamp(entry.created_at),
        "created_by": {"id": entry.created_by, "type": "user"},
        "expires_at": stamp(entry.expires_at),
        "name": entry.name,
        "partial_key_hint": entry.hint,
        "status": entry.status_at(when),
        "type": "api_key",
    }
    actor = principals(organization).get(entry.id)
    if old:
        fields["workspace_id"] = None if entry.workspace == organization.default.id else entry.workspace
        kind = "user" if actor and actor.type == "user_actor" else "service_account"
        fields["principal"] = {"id": actor.id, "type": kind} if actor else None
    else:
        is_unbound = entry.id in unbound(organization)
        fields["scope"] = (
            {"type": "organization"} if is_unbound else {"type": "workspace", "workspace_id": entry.workspace}
        )
        fields["principal"] = actor.bare() if actor else None
    return fields


def team(entry: Team) -> Entry:
    """An RBAC group."""
    return {
        "id": entry.id,
        "created_at": stamp(entry.created_at),
        "name": entry.name,
        "role_ids": [],
        "source_type": entry.source,
        "type": "rbac_group",
        "updated_at": stamp(entry.created_at),
    }


def team_member(entry: Team, user: str, email: str, since: date) -> Entry:
    """A member of an RBAC group."""
    return {
        "created_at": stamp(max(entry.created_at, midnight(since))),
        "email": email,
        "rbac_group_id": entry.id,
        "type": "rbac_group_member",
        "user_id": user,
    }


def workspace(entry: Workspace, when: datetime, *, privacy: bool) -> Entry:
    """A workspace at an instant; what it says of `privacy` is for those alone who send the beta header (drift)."""
    settings: Entry = {"human_review": None, "safeguards_storage": None, "transcripts_storage": None}
    return {
        "id": entry.id,
        "archived_at": stamp(entry.archived_at) if entry.archived(when) else None,
        "compartment_id": str(uuid5(NAMESPACE_OID, entry.id)),
        "created_at": stamp(entry.created_at),
        "data_residency": {
            "allowed_inference_geos": [*entry.allowed_geos] or "unrestricted",
            "default_inference_geo": entry.default_geo,
            "workspace_geo": "us",
        },
        "display_color": entry.color,
        "external_key_id": None,
        **({"inference_data_privacy": settings} if privacy else {}),
        "name": entry.name,
        "tags": {**entry.tags},
        "type": "workspace",
        "user_profile_id": None,
    }


def user(entry: User) -> Entry:
    """A member."""
    return {
        "id": entry.id,
        "added_at": stamp(entry.added_at),
        "email": entry.email,
        "name": entry.name,
        "role": entry.role,
        "type": "user",
    }


def invite(entry: Invite, when: datetime) -> Entry:
    """An invitation at an instant."""
    status = entry.status_at(when)
    return {
        "id": entry.id,
        "accepted_at": stamp(entry.accepted_at) if status == "accepted" else None,
        "email": entry.email,
        "expires_at": stamp(entry.expires_at),
        "invited_at": stamp(entry.invited_at),
        "rbac_group_ids": [],
        "role": entry.role,
        "status": status,
        "type": "invite",
    }


def service_account(entry: ServiceAccount) -> Entry:
    """A service account."""
    return {
        "id": entry.id,
        "archived_at": None,
        "archived_by_actor_id": None,
        "created_at": stamp(entry.created_at),
        "created_by_actor_id": entry.created_by,
        "description": entry.description,
        "name": entry.name,
        "organization_role": "developer",
        "type": "service_account",
        "updated_at": stamp(entry.created_at),
        "updated_by_actor_id": entry.created_by,
    }


def stamp(when: datetime | None) -> Json:
    """A time as the directory writes it, with microseconds."""
    return None if when is None else when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
