"""Analytics, the two reports of generation C: analytics/usage and analytics/cost (analytics-api 1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from math import ceil
from typing import NamedTuple

from tallystick.core.time import instant, text
from tallystick.sim.newer.axes import AXES
from tallystick.sim.newer.behavior import AnalyticsBehavior
from tallystick.sim.newer.export import Export
from tallystick.sim.newer.inquiry import Inquiry, understood
from tallystick.sim.newer.ranking import Row, ranked
from tallystick.sim.newer.rows import written
from tallystick.sim.wire.alteration import UNALTERED, Alterations
from tallystick.sim.wire.answer import Json, Refusal
from tallystick.sim.wire.query import Query, read, written as tokened
from tallystick.sim.world.identities import Actor
from tallystick.sim.world.world import World

BETA = "analytics-usage-cost-2026-08-24"
"""The beta header that both reports need."""

_VERSIONS = ("2026-10-21", "2023-06-01")
_REFRESH = {False: timedelta(minutes=5), True: timedelta(hours=4)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_USUAL, _MOST = 20, 1000

AS_CONTRACTED = AnalyticsBehavior()


class Cursor(NamedTuple):
    """Where a page begins: after how many rows, of a query asked at `asked`, in which state of the export."""

    first: int
    asked: datetime
    export: str
    fingerprint: str

    def token(self) -> str:
        """As `next_page` tells it."""
        return tokened(f"{self.first} {text(self.asked)} {self.export} {self.fingerprint}")

    @classmethod
    def of(cls, token: str) -> Cursor:
        """The cursor of a page token; Refusal for what was never given out."""
        try:
            first, asked_at, export, fingerprint, *_ = read(token).split(" ")
            if first.isdecimal():
                return cls(int(first), instant(asked_at), export, fingerprint)
        except ValueError:
            pass
        raise Refusal(400, "page: not a valid page token.")

    def moved(self, rows: int) -> Cursor:
        """The cursor so many rows on."""
        return self._replace(first=self.first + rows)


class Analytics:
    """The newer reports of an organization, or of a parent over its child organizations.

    `world` is the organization that answers; the `children` of a parent hold the use, and its own world none.
    """

    def __init__(self, world: World, behavior: AnalyticsBehavior, children: Sequence[World] = ()) -> None:
        self._world = world
        self._behavior = behavior
        self._children = tuple(child for child in children if not child.hipaa)
        self._left_out = tuple(child for child in children if child.hipaa)
        self._exports = tuple(Export(child, behavior, child.organization.id) for child in self._children) or (
            Export(world, behavior),
        )
        self._refresh = _REFRESH[world.enterprise] if behavior.refresh is None else behavior.refresh
        self._ranked = lru_cache(maxsize=6)(self._rank)
        self._answered: deque[datetime] = deque()

    def report(self, query: Query, now: datetime, altered: Alterations = UNALTERED) -> Json:
        """`GET /v1/organizations/analytics/usage`, or `/cost`: which of them, the path of the query says."""
        self._admit(query)
        if altered == UNALTERED:  # else the same request again
            self._pace(now)
        watermark = _EPOCH + (now - _EPOCH) // self._refresh * self._refresh
        state = f"{text(watermark)}/{sum(export.world.revision for export in self._exports)}"
        start = Cursor(0, now, state, query.fingerprint())
        token = query.one("page")
        cursor = start if token is None else self._followed(Cursor.of(token), start)
        limit = query.limit(_USUAL, _MOST)
        inquiry = understood(query, cursor.asked, self._behavior, parent=bool(self._children))
        self._check_readiness(dict(inquiry.filters).get("organization_id", frozenset()))
        rows = self._ranked(inquiry, watermark, state, altered)
        page = rows[cursor.first : cursor.first + limit]
        if query.flag("exclude_deleted_users"):
            page = [row for row in page if not _of_deleted(row)]
        has_more = cursor.first + limit < len(rows)
        envelope: dict[str, Json] = {
            "data": [*chain.from_iterable(written(row, inquiry) for row in page)],
            "has_more": has_more,
            "next_page": cursor.moved(limit).token() if has_more else None,
            "data_refreshed_at": text(watermark) if watermark > inquiry.window.start else None,
        }
        if self._behavior.envelope_organization:
            envelope["organization_id"] = self._world.organization.id
        return envelope

    def _admit(self, query: Query) -> None:
        """Refusal without the API version and the beta header that both reports need."""
        allowed = _VERSIONS if self._behavior.old_version else _VERSIONS[:1]
        if query.version not in allowed:
            raise Refusal(400, f"anthropic-version: this endpoint needs {allowed[0]}.")
        if self._world.hipaa or (self._left_out and not self._children):
            raise Refusal(400, "This report is not available with HIPAA readiness.")
        if BETA not in query.betas:
            code = "organization_not_enrolled_in_beta"
            raise Refusal(self._behavior.missing_beta, f"This endpoint needs the beta header {BETA}.", code)

    def _check_readiness(self, organizations: frozenset[str]) -> None:
        """Refusal where a child organization with HIPAA readiness is named: the report leaves it out (drift)."""
        for child in self._left_out:
            if not organizations.isdisjoint({child.organization.id, f"org_{child.organization.id}"}):
                raise Refusal(400, f"organization_ids[]: {child.organization.id} has HIPAA readiness enabled.")

    def _pace(self, now: datetime) -> None:
        """Refusal, with how long to wait, once the last minute held as many requests as it may (1.11)."""
        most = self._behavior.most_per_minute
        if most is None:
            return
        while self._answered and self._answered[0] <= now - _MINUTE:
            self._answered.popleft()
        if len(self._answered) >= most:
            wait = ceil((self._answered[0] + _MINUTE - now).total_seconds())
            raise Refusal(429, "Too many requests.", wait=wait)
        self._answered.append(now)

    def _followed(self, cursor: Cursor, present: Cursor) -> Cursor:
        """A cursor that came back; Refusal for one of another query (400), or of an older export (410)."""
        if self._behavior.bound_cursors and cursor.fingerprint != present.fingerprint:
            raise Refusal(400, "page: the cursor does not match the other query parameters.")
        if cursor.export == present.export:
            return cursor
        if self._behavior.expiring_cursors:
            raise Refusal(410, "page: the cursor has expired, the data was refreshed; begin again.")
        return cursor._replace(export=present.export)

    def _rank(self, inquiry: Inquiry, watermark: datetime, _state: str, altered: Alterations) -> list[Row]:
        """The rows of an inquiry; kept for its next pages."""
        known = {
            "organization_id": {f"org_{child.organization.id}": child.organization.id for child in self._children},
            "rbac_group_id": {team.uuid: team.id for export in self._exports for team in export.world.teams},
        }
        filters = tuple(
            (name, frozenset(known.get(name, {}).get(value, value) for value in values))
            for name, values in inquiry.filters
        )
        exports = [
            export
            for export in self._exports
            if export.world.platform_values
            or not (export.world.enterprise and any(AXES[name].console for name, _ in filters))
        ]
        return ranked(exports, replace(inquiry, filters=filters), watermark, self._behavior, altered)


def _of_deleted(row: Row) -> bool:
    """Whether a row names a user who was deleted or has left."""
    return any(isinstance(value, Actor) and value.rendered and value.deleted for value in row.values)
