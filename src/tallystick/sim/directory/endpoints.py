"""The directory: the endpoints that turn ids into names (reports-api 1.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from tallystick.sim.directory import entries
from tallystick.sim.directory.lists import listed, tokened
from tallystick.sim.wire.answer import Json, Refusal
from tallystick.sim.wire.query import Query
from tallystick.sim.world.organization import Organization, Workspace
from tallystick.sim.world.teams import Team

_T = TypeVar("_T")

PRIVACY = "efs-2026-10-01"
"""The beta header that shows `inference_data_privacy` of a workspace (SDK 2.14)."""

OLD_VERSION = "2023-06-01"
NEW_VERSION = "2026-10-21"

_STATUSES = ("active", "inactive", "archived", "expired")
_MOST_IDS = 100
MISSING = "The requested resource could not be found."


class Directory:
    """The directory of an organization as it is at an instant, in the shape of one API version."""

    def __init__(self, organization: Organization, version: str, now: datetime, teams: Sequence[Team] = ()) -> None:
        self._organization = organization
        self._old = version == OLD_VERSION
        self._now = now
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
                entries.workspace(workspace, self._now, privacy=PRIVACY in query.betas)
                for workspace in self._organization.workspaces
                if (archived or not workspace.archived(self._now))
                and (default or not workspace.is_default)
                and (not ids or workspace.id in ids)
            ),
        )

    def workspace(self, identity: str, query: Query) -> Json:
        """`GET /v1/organizations/workspaces/{id}`: archived and default ones too."""
        return entries.workspace(self._workspace(identity), self._now, privacy=PRIVACY in query.betas)

    def keys(self, query: Query) -> Json:
        """`GET /v1/organizations/api_keys`: keys of every status, deleted ones excepted."""
        statuses, where = query.many("status", _STATUSES), query.many("workspace_id")
        creators = query.many("created_by_user_id")
        return listed(
            query,
            (
                entries.key(key, self._organization, self._now, old=self._old)
                for key in self._organization.keys
                if key.listed_at(self._now)
                and (not statuses or key.status_at(self._now) in statuses)
                and (not where or key.workspace in where)
                and (not creators or key.created_by in creators)
            ),
        )

    def key(self, identity: str) -> Json:
        """`GET /v1/organizations/api_keys/{id}`."""
        entry = only(key for key in self._organization.keys if key.id == identity and key.listed_at(self._now))
        return entries.key(entry, self._organization, self._now, old=self._old)

    def users(self, query: Query) -> Json:
        """`GET /v1/organizations/users`."""
        emails, roles = query.many("email"), query.many("roles[]")
        return listed(
            query,
            (
                entries.user(user)
                for user in self._organization.users
                if (not emails or user.email in emails) and (not roles or user.role in roles)
            ),
        )

    def user(self, identity: str) -> Json:
        """`GET /v1/organizations/users/{id}`."""
        return entries.user(only(user for user in self._organization.users if user.id == identity))

    def invites(self, query: Query) -> Json:
        """`GET /v1/organizations/invites`."""
        emails, roles = query.many("email"), query.many("roles[]")
        statuses = query.many("statuses[]", ("accepted", "expired", "pending"))
        return listed(
            query,
            (
                entries.invite(invite, self._now)
                for invite in self._organization.invites
                if invite.invited_at <= self._now
                and (not emails or invite.email in emails)
                and (not roles or invite.role in roles)
                and (not statuses or invite.status_at(self._now) in statuses)
            ),
        )

    def members(self, identity: str, query: Query) -> Json:
        """`GET /v1/organizations/workspaces/{id}/members`: admins are in every workspace, others in half of them."""
        index = self._organization.workspaces.index(self._workspace(identity))
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
                if user.role == "admin" or (number + index) % 2
            ),
            name="user_id",
        )

    def service_accounts(self, query: Query) -> Json:
        """`GET /v1/organizations/service_accounts`, newest first."""
        accounts = sorted(self._organization.service_accounts, key=lambda account: account.created_at, reverse=True)
        return tokened(query, map(entries.service_account, accounts), usual=20)

    def workspace_service_accounts(self, identity: str, query: Query) -> Json:
        """`GET /v1/organizations/workspaces/{id}/service_accounts`: 404 for an archived workspace."""
        if self._workspace(identity).archived(self._now):
            raise Refusal(404, MISSING)
        return self.service_accounts(query)

    def groups(self, query: Query) -> Json:
        """`GET /v1/organizations/rbac_groups`: of an Enterprise organization (analytics-api 3.1)."""
        return tokened(query, map(entries.team, self._teams), usual=20)

    def group_members(self, identity: str, query: Query) -> Json:
        """`GET /v1/organizations/rbac_groups/{id}/members`."""
        team = only(team for team in self._teams if team.id == identity)
        emails = {user.id: user.email for user in self._organization.users}
        members = (
            entries.team_member(team, user, emails[user], since)
            for user, since in team.members
            if since <= self._now.date()
        )
        return tokened(query, members, usual=20)

    def _workspace(self, identity: str) -> Workspace:
        return only(workspace for workspace in self._organization.workspaces if workspace.id == identity)


def only(entries: Iterator[_T]) -> _T:
    """The first entry; Refusal where there is none."""
    for entry in entries:
        return entry
    raise Refusal(404, MISSING)
