"""Teams: the RBAC groups of an Enterprise organization (analytics-api 1.5 and 3.1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from tallystick.core.time import midnight
from tallystick.sim.world.identities import derived_id
from tallystick.sim.world.organization import Organization


@dataclass(frozen=True, slots=True)
class Team:
    """A group; each member is in it from a day on. Names need not be unique."""

    id: str
    uuid: str
    name: str
    source: str
    created_at: datetime
    members: tuple[tuple[str, date], ...]

    def holds(self, user: str, day: date) -> bool:
        """Whether a user is in it on a day."""
        return any(member == user and since <= day for member, since in self.members)


# name, source, the places of its members, the place of one who joins 20 days before the anchor
_TEAMS: tuple[tuple[str, str, tuple[int, ...], int | None], ...] = (
    ("Engineering", "scim", (0, 1, 2, 4), None),
    ("Platform", "direct", (0,), 1),
    ("Platform", "scim", (3, 4), None),
)


def teams(organization: Organization, end: date) -> tuple[Team, ...]:
    """The groups of an organization: some users are in two, some in none, one joins 20 days before `end`."""
    users, opened = organization.users, organization.default.created_at
    result = []
    for number, (name, source, places, joining) in enumerate(_TEAMS):
        members = [(users[index].id, date.min) for index in places]
        if joining is not None:
            members.append((users[joining].id, end - timedelta(days=20)))
        digest = hashlib.sha256(f"{organization.id}:{number}".encode()).hexdigest()
        result.append(
            Team(
                id=derived_id("rbac_group", organization.id, number),
                uuid=str(UUID(digest[:32], version=4)),
                name=name,
                source=source,
                created_at=midnight(opened.date()),
                members=tuple(members),
            )
        )
    return tuple(result)
