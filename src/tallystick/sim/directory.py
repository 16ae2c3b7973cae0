"""The directory: the endpoints that turn ids into names (reports-api 1.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import NAMESPACE_OID, uuid5

from tallystick.core.time import midnight
from tallystick.sim.answer import Json, Refusal
from tallystick.sim.identities import principals, unbound
from tallystick.sim.lists import Entry, listed, tokened
from tallystick.sim.organization import Invite, Key, Organization, ServiceAccount, User, Workspace
from tallystick.sim.query import Query
from tallystick.sim.tariff import MODELS
from tallystick.sim.teams import Team

_T = TypeVar("_T")

OLD_VERSION = "2023-06-01"
NEW_VERSION = "2026-10-21"

_STATUSES = ("active", "inactive", "archived", "expired")
_MOST_IDS = 100
_GROUP_TYPES = ("batch", "files", "model_group", "skills", "token_count", "web_search")
MISSING = "The requested resource could not be found."


class Directory:
    """The directory of an organization, in the shape of one API version."""

    def __init__(self, organization: Organization, version: str, teams: Sequence[Team] = ()) -> None:
        self._organization = organization
        self._old = version == OLD_VERSION
        self._teams = teams

    def me(self) -> Json:
        """`GET /v1/organizations/me`."""
        return {"id": self._organization.id, "name": self._organization.name, "type": "organization"}

    def workspaces(self, query: Query) -> Json:
        """`GET /v1/organizations/workspaces`: without the archived and the default one unless they are asked for."""
        archived, default, ids = query.flag("include_archived"), query.flag("include_default"), query.many("ids[]")
        if len(ids) > _MOST_IDS:
            raise Refusal(400, f"ids[]: at most {_MOST_IDS} ids.")
        return listed(
            query,
            (
                _workspace(workspace)
                for workspace in self._organization.workspaces
                if (archived or workspace.archived_at is None)
                and (default or not workspace.is_default)
                and (not ids or workspace.id in ids)
            ),
        )

    def workspace(self, identity: str) -> Json:
        """`GET /v1/organizations/workspaces/{id}`: archived and default ones too."""
        return _workspace(self._workspace(identity))

    def keys(self, query: Query) -> Json:
        """`GET /v1/organizations/api_keys`: keys of every status, deleted ones excepted."""
        statuses, where = query.many("status", _STATUSES), query.many("workspace_id")
        creators = query.many("created_by_user_id")
        return listed(
            query,
            (
                self._key(key)
                for key in self._organization.keys
                if not key.deleted
                and (not statuses or key.status in statuses)
                and (not where or key.workspace in where)
                and (not creators or key.created_by in creators)
            ),
        )

    def key(self, identity: str) -> Json:
        """`GET /v1/organizations/api_keys/{id}`."""
        return self._key(_only(key for key in self._organization.keys if key.id == identity and not key.deleted))

    def users(self, query: Query) -> Json:
        """`GET /v1/organizations/users`."""
        emails, roles = query.many("email"), query.many("roles[]")
        return listed(
            query,
            (
                _user(user)
                for user in self._organization.users
                if (not emails or user.email in emails) and (not roles or user.role in roles)
            ),
        )

    def user(self, identity: str) -> Json:
        """`GET /v1/organizations/users/{id}`."""
        return _user(_only(user for user in self._organization.users if user.id == identity))

    def invites(self, query: Query) -> Json:
        """`GET /v1/organizations/invites`."""
        emails, roles = query.many("email"), query.many("roles[]")
        statuses = query.many("statuses[]", ("accepted", "expired", "pending"))
        return listed(
            query,
            (
                _invite(invite)
                for invite in self._organization.invites
                if (not emails or invite.email in emails)
                and (not roles or invite.role in roles)
                and (not statuses or invite.status in statuses)
            ),
        )

    def members(self, identity: str, query: Query) -> Json:
        """`GET /v1/organizations/workspaces/{id}/members`: admins are in every workspace, others in half of them."""
        place = self._organization.workspaces.index(self._workspace(identity))
        return listed(
            query,
            (
                {
                    "type": "workspace_member",
                    "user_id": user.id,
                    "workspace_id": identity,
                    "workspace_role": "workspace_admin" if user.role == "admin" else "workspace_developer",
                }
                for number, user in enumerate(self._organization.users)
                if user.role == "admin" or (number + place) % 2
            ),
            name="user_id",
        )

    def rate_limits(self, query: Query) -> Json:
        """`GET /v1/organizations/rate_limits`; 404 for a model that has none."""
        types, model = query.many("group_type", _GROUP_TYPES), query.one("model")
        if model is not None and model not in MODELS:
            raise Refusal(404, MISSING)
        groups: list[tuple[str, str, list[Json], Entry]] = [
            ("model_group", entry.name, [entry.id], {"requests_per_minute": 4000, "output_tokens_per_minute": 800_000})
            for entry in MODELS.values()
        ]
        groups.append(("batch", "Message Batches", [], {"enqueued_batch_requests": 500_000}))
        entries = (
            self._rate_limit(number, sort, name, models, limits)
            for number, (sort, name, models, limits) in enumerate(groups)
            if (not types or sort in types) and (model is None or model in models)
        )
        return tokened(query, entries, usual=len(groups))

    def workspace_rate_limits(self, identity: str, query: Query) -> Json:
        """`GET /v1/organizations/workspaces/{id}/rate_limits`: overrides only, and nobody has any here."""
        self._workspace(identity)
        query.many("group_type", _GROUP_TYPES)
        return tokened(query, (), usual=1000)

    def service_accounts(self, query: Query) -> Json:
        """`GET /v1/organizations/service_accounts`, newest first."""
        accounts = sorted(self._organization.service_accounts, key=lambda account: account.created_at, reverse=True)
        return tokened(query, map(_service_account, accounts), usual=20)

    def workspace_service_accounts(self, identity: str, query: Query) -> Json:
        """`GET /v1/organizations/workspaces/{id}/service_accounts`: 404 for an archived workspace."""
        if self._workspace(identity).archived_at is not None:
            raise Refusal(404, MISSING)
        return self.service_accounts(query)

    def groups(self, query: Query) -> Json:
        """`GET /v1/organizations/rbac_groups`: of an Enterprise organization (analytics-api 3.1)."""
        entries: list[Entry] = [
            {
                "id": team.id,
                "created_at": _stamp(team.created_at),
                "name": team.name,
                "role_ids": [],
                "source_type": team.source,
                "type": "rbac_group",
                "updated_at": _stamp(team.created_at),
            }
            for team in self._teams
        ]
        return tokened(query, entries, usual=20)

    def group_members(self, identity: str, query: Query) -> Json:
        """`GET /v1/organizations/rbac_groups/{id}/members`."""
        team = _only(team for team in self._teams if team.id == identity)
        emails = {user.id: user.email for user in self._organization.users}
        entries: list[Entry] = [
            {
                "created_at": _stamp(max(team.created_at, midnight(since))),
                "email": emails[user],
                "rbac_group_id": team.id,
                "type": "rbac_group_member",
                "user_id": user,
            }
            for user, since in team.members
        ]
        return tokened(query, entries, usual=20)

    def _workspace(self, identity: str) -> Workspace:
        return _only(workspace for workspace in self._organization.workspaces if workspace.id == identity)

    def _key(self, key: Key) -> Entry:
        """A key in the shape of the API version: `workspace_id` before, `scope` from 2026-10-21 on (2.3)."""
        entry: Entry = {
            "id": key.id,
            "created_at": _stamp(key.created_at),
            "created_by": {"id": key.created_by, "type": "user"},
            "expires_at": _stamp(key.expires_at),
            "name": key.name,
            "partial_key_hint": key.hint,
            "status": key.status,
            "type": "api_key",
        }
        actor = principals(self._organization).get(key.id)
        if self._old:
            default = key.workspace == self._organization.default.id
            entry["workspace_id"] = None if default else key.workspace
            kind = "user" if actor and actor.type == "user_actor" else "service_account"
            entry["principal"] = {"id": actor.id, "type": kind} if actor else None
        else:
            whole = key.id in unbound(self._organization)
            entry["scope"] = {"type": "organization"} if whole else {"type": "workspace", "workspace_id": key.workspace}
            entry["principal"] = actor.bare() if actor else None
        return entry

    def _rate_limit(self, number: int, sort: str, name: str, models: list[Json], limits: Entry) -> Entry:
        group: Entry = {"id": f"rlg_{number:024}", "type": sort}
        if sort == "model_group":
            group["display_name"] = name
        return {
            "id": group["id"],
            "type": "rate_limit",
            "group": group,
            **({"group_type": sort} if self._old else {}),
            "limits": [{"type": limit, "value": value} for limit, value in limits.items()],
            "models": models or None,
        }


def _workspace(workspace: Workspace) -> Entry:
    return {
        "id": workspace.id,
        "archived_at": _stamp(workspace.archived_at),
        "compartment_id": str(uuid5(NAMESPACE_OID, workspace.id)),
        "created_at": _stamp(workspace.created_at),
        "data_residency": {
            "allowed_inference_geos": [*workspace.allowed_geos] or "unrestricted",
            "default_inference_geo": workspace.default_geo,
            "workspace_geo": "us",
        },
        "display_color": workspace.color,
        "external_key_id": None,
        "name": workspace.name,
        "tags": {**workspace.tags},
        "type": "workspace",
        "user_profile_id": None,
    }


def _user(user: User) -> Entry:
    return {
        "id": user.id,
        "added_at": _stamp(user.added_at),
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "type": "user",
    }


def _invite(invite: Invite) -> Entry:
    accepted = invite.invited_at + timedelta(hours=3) if invite.status == "accepted" else None
    return {
        "id": invite.id,
        "accepted_at": _stamp(accepted),
        "email": invite.email,
        "expires_at": _stamp(invite.invited_at + timedelta(days=21)),
        "invited_at": _stamp(invite.invited_at),
        "rbac_group_ids": [],
        "role": invite.role,
        "status": invite.status,
        "type": "invite",
    }


def _service_account(account: ServiceAccount) -> Entry:
    return {
        "id": account.id,
        "archived_at": None,
        "archived_by_actor_id": None,
        "created_at": _stamp(account.created_at),
        "created_by_actor_id": account.created_by,
        "description": account.description,
        "name": account.name,
        "organization_role": "developer",
        "type": "service_account",
        "updated_at": _stamp(account.created_at),
        "updated_by_actor_id": account.created_by,
    }


def _stamp(at: datetime | None) -> Json:
    """A time as the directory writes it, with microseconds."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _only(entries: Iterator[_T]) -> _T:
    """The first entry; Refusal where there is none."""
    for entry in entries:
        return entry
    raise Refusal(404, MISSING)
