"""Spend limits: what an organization may spend, and what its members have spent (analytics-api 3.3).

`caps` says which limits there are; here is who may read them, and how.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property

from tallystick.core.time import Grain, midnight
from tallystick.sim.directory import caps
from tallystick.sim.directory.endpoints import only
from tallystick.sim.directory.entries import stamp
from tallystick.sim.directory.lists import Entry, paged, tokened
from tallystick.sim.newer.behavior import AnalyticsBehavior
from tallystick.sim.newer.export import BILLED, Export
from tallystick.sim.older.reports import Behavior
from tallystick.sim.wire.answer import Json, Refusal
from tallystick.sim.wire.credentials import ADMIN
from tallystick.sim.wire.query import Query
from tallystick.sim.world.identities import person
from tallystick.sim.world.organization import User
from tallystick.sim.world.world import World

BETA = "spend-limit-reads-2026-09-26"
"""The beta header that the list needs."""

SCOPE = "read:spend_limits"
"""What an Enterprise key must hold."""

PERIODS = {"daily": Grain.DAY, "weekly": Grain.WEEK, "monthly": Grain.MONTH}
"""The periods, and what each is a bucket of: they reset at UTC boundaries."""

CONSOLE_SCOPES = ("organization", "workspace", "usage_tier")
ENTERPRISE_SCOPES = ("organization", "seat_tier", "rbac_group", "organization_service", "user")
STATUSES = ("pending", "approved", "denied")
_MOST_USERS = 100


class Limits:
    """The spend limits of a world, a Console organization's or an Enterprise's."""

    def __init__(self, world: World, behavior: Behavior) -> None:
        self._world = world
        self._users = world.organization.users
        self._behavior = behavior
        self._export = Export(world, AnalyticsBehavior())

    def all(self, query: Query) -> Json:
        """`GET /v1/organizations/spend_limits`: a Console organization's newest first, an Enterprise's by scope."""
        enterprise = self._world.enterprise
        self._admit(query)
        if BETA not in query.betas:
            status = self._behavior.spend_headerless
            raise Refusal(status, f"This needs the beta header {BETA}.", "organization_not_enrolled_in_beta")
        if not enterprise and not self._behavior.spend_preview:
            raise Refusal(400, f"This organization is not in the beta {BETA}.", "organization_not_enrolled_in_beta")
        _bracketed(query, "scope_type")
        types = query.many("scope_type[]", ENTERPRISE_SCOPES if enterprise else CONSOLE_SCOPES)
        workspaces = query.many("workspace_id")
        if workspaces and enterprise:
            raise Refusal(400, "workspace_id: only for Console.", "organization_type_not_supported")
        entries = (
            limit.entry()
            for limit in self.limits
            if (not types or limit.scope["type"] in types)
            and (not workspaces or limit.scope.get("workspace_id") in workspaces)
        )
        return tokened(query, entries, usual=20, bound=True)

    def one(self, identity: str, query: Query) -> Json:
        """`GET /v1/organizations/spend_limits/{id}`: needs no beta header, but more than an Admin key may have."""
        if SCOPE not in query.reader.scopes and (self._world.enterprise or not self._behavior.spend_preview):
            raise Refusal(403, "An Admin key may not read this.", "spend_limits_admin_api_writes_not_enabled")
        self._admit(query)
        return only(limit.entry() for limit in self.limits if limit.id == identity)

    def effective(self, query: Query, now: datetime) -> Json:
        """`GET /v1/organizations/spend_limits/effective`: pages are of members, whose periods stay together."""
        self._admit(query, members=True)
        _bracketed(query, "period", "user_ids")
        periods, ids = query.many("period[]", PERIODS) or [*PERIODS], query.many("user_ids[]")
        if len(ids) > _MOST_USERS:
            raise Refusal(400, f"user_ids[]: at most {_MOST_USERS}.")
        users = [user for user in self._users if not ids or user.id in ids]
        page, token = paged(query, users, usual=20, bound=True)
        spent = {period: self.spent(period, now) for period in PERIODS if period in periods}
        rows = (self._summary(user, period, amounts) for user in page for period, amounts in spent.items())
        return {"data": [row for row in rows if row is not None], "next_page": token}

    def increases(self, query: Query, now: datetime) -> Json:
        """`GET /v1/organizations/spend_limit_increase_requests`, newest first [?]."""
        self._admit(query, members=True)
        _bracketed(query, "status", "actor_ids")
        statuses, actors = query.many("status[]", STATUSES), query.many("actor_ids[]")
        requests = (
            entry
            for actor, entry in self._increases(now)
            if (not statuses or entry["status"] in statuses) and (not actors or actor in actors)
        )
        return tokened(query, requests, usual=20, bound=True)

    def increase(self, identity: str, query: Query, now: datetime) -> Json:
        """`GET /v1/organizations/spend_limit_increase_requests/{id}`."""
        self._admit(query, members=True)
        return only(entry for _, entry in self._increases(now) if entry["id"] == identity)

    @cached_property
    def limits(self) -> list[caps.Limit]:
        """Every limit of the organization, in the order of the list."""
        if self._world.enterprise:
            return [*caps.enterprise(self._world)]
        return sorted(caps.console(self._world), key=lambda limit: limit.created_at, reverse=True)

    def spent(self, period: str, now: datetime) -> Counter[str]:
        """What each identity was billed since the period began, in picodollars, by id: as `analytics/cost` has it."""
        spent: Counter[str] = Counter()
        day = PERIODS[period].floor(now)
        while day < now:
            for _, facet, measures in self._export.facts(day.date(), Grain.DAY, now):
                if facet.actor is not None:
                    spent[facet.actor.id] += sum(measures[BILLED])
            day = Grain.DAY.after(day)
        return spent

    def _summary(self, user: User, period: str, spent: Counter[str]) -> Entry | None:
        """A member's row of a period; None where no limit of that period concerns the member."""
        concerning = [limit for limit in self.limits if limit.period == period and user.id in limit.members]
        if not concerning:
            return None
        limit = max(concerning, key=lambda limit: ENTERPRISE_SCOPES.index(limit.scope["type"]))
        return {
            "actor": person(user).wire(),
            "amount": None if limit.amount is None else str(limit.amount),
            "currency": "USD",
            "period": period,
            "period_to_date_spend": thousandths(spent[user.id]) if self._behavior.spend_read else "0",
            "scope": {"type": "user", "user_id": user.id},
            "source": {**limit.scope},
            "spend_limit_id": limit.id,
        }

    def _increases(self, now: datetime) -> Iterator[tuple[str, Entry]]:
        """Who asked for more, and the request: one in each status."""
        admin, *others = self._users
        spent = self.spent("monthly", now)
        for index, (user, status) in enumerate(zip(others, STATUSES, strict=False)):
            created = midnight(self._world.end) - timedelta(days=5 + 9 * index, hours=7)
            if created > now:
                continue
            pending = status == "pending"
            yield (
                user.id,
                {
                    "id": f"slir_01{hashlib.sha256(user.id.encode()).hexdigest()[:22]}",
                    "actor": person(user).wire(),
                    "status": status,
                    "period": "monthly",
                    "created_at": stamp(created),
                    "resolved_at": None if pending else stamp(created + timedelta(hours=20)),
                    "resolved_by": None if pending else person(admin).wire(),
                    "spend_summary": self._summary(user, "monthly", spent) if pending else None,
                    "type": "spend_limit_increase_request",
                },
            )

    def _admit(self, query: Query, *, members: bool = False) -> None:
        """Refusal without the right that the kind of organization asks for, and of `members` on Console."""
        enterprise, scopes = self._world.enterprise, query.reader.scopes
        needed = SCOPE if enterprise else ADMIN
        if needed not in scopes:
            message = f"This credential holds {', '.join(sorted(scopes))}; {needed} is needed."
            raise Refusal(403, message, "api_key_scope_missing")
        if members and not enterprise:
            raise Refusal(400, "Only for Claude Enterprise.", "organization_type_not_supported")


def thousandths(picodollars: int) -> str:
    """US cents to three decimals, half of the last one up, without idle zeros."""
    whole_cents, fraction = divmod((2 * picodollars + 10**7) // (2 * 10**7), 1000)
    return f"{whole_cents}.{fraction:03d}".rstrip("0").rstrip(".")


def _bracketed(query: Query, *names: str) -> None:
    for name in names:
        if query.many(name):
            raise Refusal(400, f"{name}: arrays are written with brackets: use `{name}[]` instead.")
