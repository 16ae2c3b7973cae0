"""Caps: the spend limits that an organization has (analytics-api 3.3).

They fit the truth: every limit leaves room for what its scope is billed in a month, so that nobody has hit one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tallystick.core.time import Grain, midnight
from tallystick.sim.directory.entries import stamp
from tallystick.sim.directory.lists import Entry
from tallystick.sim.world import tariff
from tallystick.sim.world.requests import Counts, Group, rates_of
from tallystick.sim.world.world import World

TIER_CAPS = (50_000, 100_000, 20_000_000)
"""The monthly caps of the tiers Start, Build and Scale in cents; above them is none."""

_ROOM = 60  # so many times a usual day: a month, and the days of a runaway loop besides
_OFF = 4  # the place of the workspace whose limit is switched off


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit; `amount` in cents, None where its scope has no number. `members` are those it concerns (Enterprise)."""

    scope: dict[str, str]
    amount: int | None
    created_at: datetime
    period: str = "monthly"
    is_enabled: bool = True
    members: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """Its id, the same in every answer."""
        return f"spl_01{hashlib.sha256(f'{self.scope}{self.period}{self.created_at}'.encode()).hexdigest()[:22]}"

    def entry(self) -> Entry:
        """The limit as the API writes it; the cap of a tier is never updated."""
        later = timedelta(0) if self.scope["type"] == "usage_tier" else timedelta(days=9)
        return {
            "id": self.id,
            "type": "spend_limit",
            "amount": None if self.amount is None else str(self.amount),
            "currency": "USD",
            "is_enabled": self.is_enabled,
            "period": self.period,
            "scope": {**self.scope},
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.created_at + later),
        }


def console(world: World) -> Iterator[Limit]:
    """A Console organization's: its tier, itself, and every live workspace but the default one."""
    opened = world.organization.default.created_at
    organization_room = _room(world)
    cap = next((cap for cap in TIER_CAPS if cap >= organization_room), None)
    yield Limit({"type": "usage_tier"}, cap, opened)
    yield Limit({"type": "organization"}, organization_room, opened + timedelta(hours=30))
    for index, workspace in enumerate(world.organization.workspaces):
        if index and workspace.archived_at is None:
            room = _room(world, workspace=workspace.id)
            scope = {"type": "workspace", "workspace_id": workspace.id}
            yield Limit(scope, room, workspace.created_at + timedelta(hours=40), is_enabled=index != _OFF)


def enterprise(world: World) -> Iterator[Limit]:
    """An Enterprise organization's: the nearer scope counts, and weekly the organization has no number."""
    users, opened = [user.id for user in world.organization.users], world.organization.default.created_at
    room, team, everyone = _members_room(world), world.teams[0], frozenset(users)
    yield Limit({"type": "organization"}, room * 9, opened, members=everyone)
    yield Limit({"type": "organization"}, None, opened, "weekly", members=everyone)
    yield Limit({"type": "seat_tier", "seat_tier": "premium"}, room * 3, opened, members=frozenset(users[2:5]))
    members = frozenset(user for user, _ in team.members)
    yield Limit({"type": "rbac_group", "rbac_group_id": team.id}, room * 2, opened, members=members)
    yield Limit({"type": "organization_service", "service": "claude_code"}, room * 9, opened)
    yield Limit({"type": "user", "user_id": users[0]}, room, opened, members=frozenset(users[:1]))
    yield Limit({"type": "user", "user_id": users[1]}, room, opened, "daily", members=frozenset(users[1:2]))


def _room(world: World, *, workspace: str | None = None) -> int:
    """A limit in cents that a workspace or all will keep."""
    usual = _usual(world)
    return _roomy(
        sum(
            _listed(group, counts, usual)
            for group, counts in world.sums(midnight(usual), Grain.DAY)
            if workspace in (None, group.workspace)
        )
    )


def _members_room(world: World) -> int:
    """A limit in cents that each member will keep."""
    spent: Counter[str] = Counter()
    for request in world.requests(_usual(world)):
        actor = world.facet(request).actor
        if actor is not None:
            spent[actor.id] += sum(request.picodollars().values())
    return _roomy(max(spent[user.id] for user in world.organization.users))


def _usual(world: World) -> date:
    """A usual day: the last Wednesday before the anchor."""
    return world.end - timedelta(days=(world.end.weekday() - 3) % 7 + 1)


def _roomy(picodollars: int) -> int:
    """`_ROOM` times so much, up to the next $100, in cents."""
    return max(1, -(-picodollars * _ROOM // (100 * tariff.PICODOLLARS))) * 10_000


def _listed(group: Group, counts: Counts, day: date) -> int:
    """What requests of a group cost on a day at list price, in picodollars."""
    tokens = sum(count * rate for count, rate in zip(counts, rates_of(group, day) or (), strict=False))
    return tokens + counts.searches * tariff.SEARCH
