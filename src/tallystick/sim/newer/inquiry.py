"""Inquiries: a query of the newer reports understood, with the refusals of analytics-api 1.2 and 1.12."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tallystick.core.time import DATE_LENGTH, Grain, Window
from tallystick.sim.newer.axes import AXES, FANNED, UNIFIED
from tallystick.sim.newer.behavior import AnalyticsBehavior
from tallystick.sim.wire.answer import Refusal
from tallystick.sim.wire.query import Query

OPENS = datetime(2026, 1, 1, tzinfo=UTC)
"""Nothing before this is answered."""

BACK = timedelta(days=365)
LONGEST = timedelta(days=31)
_LONGEST_BY_MINUTE = timedelta(hours=24)

_WIDTHS = {"1m": Grain.MINUTE, "1h": Grain.HOUR, "1d": Grain.DAY}
_ORDERS = {
    False: ("total_tokens", "output_tokens", "uncached_input_tokens", "requests", "time"),
    True: ("amount", "list_amount", "time"),
}
_MOST_GROUPS = 5
_KNOWN = (
    "starting_at",
    "ending_at",
    "time_bucket_width",
    "group_by[]",
    "order_by",
    "order",
    "limit",
    "page",
    "exclude_deleted_users",
    *(axis.parameter for axis in AXES.values()),
)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is asked: the rows and their order; which page of them is not part of it.

    `window` is what the rows cover, whole hours or whole buckets; `grain` is None without buckets. `metric` is what
    rows are ranked by, `by_time` whether buckets come first. `filters` are names of axes and the values let through,
    `sees` the workspaces that the reader sees, None for all.
    """

    cost: bool
    window: Window
    grain: Grain | None
    grouped: tuple[str, ...]
    fanned: frozenset[str]
    filters: tuple[tuple[str, frozenset[str]], ...]
    metric: str
    by_time: bool
    descending: bool
    sees: frozenset[str] | None


def understood(query: Query, now: datetime, behavior: AnalyticsBehavior, *, parent: bool) -> Inquiry:
    """The inquiry of a query that is asked now; Refusal where it cannot be answered."""
    cost = query.path.endswith("/cost")
    if behavior.strict_parameters:
        query.only(_KNOWN)
    names = query.many("group_by[]", (*AXES, *FANNED) if cost else AXES)
    _check_groups(names)
    filters = _filters(query, behavior)
    if "organization_id" in filters and not parent:
        raise Refusal(
            400, "organization_ids[]: needs the key of a parent organization.", "parent_organization_required"
        )
    if "claude_tag_user_id" in names and ("rbac_group_id" in names or "rbac_group_id" in filters):
        raise Refusal(400, "claude_tag_user_id cannot be combined with RBAC groups.")
    if query.flag("exclude_deleted_users") and "actor" not in names:
        raise Refusal(400, "exclude_deleted_users: needs group_by[]=actor.")
    widths = query.many("time_bucket_width", _WIDTHS)
    grain = _WIDTHS[widths[-1]] if widths else None
    orders = _ORDERS[cost]
    metric = (query.many("order_by", orders) or [orders[0]])[-1]
    return Inquiry(
        cost=cost,
        window=_window(query, now, grain, behavior),
        grain=grain,
        grouped=tuple(name for name in AXES if name in names),
        fanned=frozenset(names) & frozenset(FANNED),
        filters=tuple(filters.items()),
        metric=orders[0] if metric == "time" else metric,
        by_time=metric == "time" and grain is not None,
        descending=(query.many("order", ("asc", "desc")) or ["desc"])[-1] == "desc",
        sees=query.reader.sees,
    )


def _check_groups(names: list[str]) -> None:
    """Refusal for a dimension named twice, or more than five that count."""
    if len(set(names)) < len(names):
        raise Refusal(400, "group_by[]: a dimension is named twice.")
    if len(set(names) - set(FANNED)) > _MOST_GROUPS:
        raise Refusal(400, "Cannot specify more than 5 group_by[] dimensions.")


def _filters(query: Query, behavior: AnalyticsBehavior) -> dict[str, frozenset[str]]:
    result = {}
    for name, axis in AXES.items():
        allowed = (*axis.values, UNIFIED) if name == "product" and behavior.unified else axis.values
        values = query.many(axis.parameter, allowed)
        if values:
            result[name] = frozenset(values)
    return result


def _window(query: Query, now: datetime, grain: Grain | None, behavior: AnalyticsBehavior) -> Window:
    """What the rows cover (analytics-api 1.2 and 1.4); Refusal for a range that is none, too long or too old."""
    start, end = _instant(query, "starting_at"), _instant(query, "ending_at")
    if start is None:
        raise Refusal(400, "starting_at: field required.")
    if start < OPENS or start < now - BACK:
        raise Refusal(400, "starting_at: must be within the last 365 days and not before 2026-01-01T00:00:00Z.")
    if end is None:
        if grain is not None:
            raise Refusal(400, "ending_at: required with time_bucket_width.")
        end = min(now, start + LONGEST) if start < now else now
    if end <= start:
        raise Refusal(400, "ending_at: must be after starting_at.")
    if end - start > (_LONGEST_BY_MINUTE if grain is Grain.MINUTE else LONGEST):
        raise Refusal(400, "The range is too long: at most 31 days, and 24 hours with time_bucket_width=1m.")
    if grain is None:
        return Window(Grain.HOUR.floor(start), Grain.HOUR.floor(end))
    try:
        window = Window(grain.floor(start), grain.ceil(end))
    except OverflowError:
        raise Refusal(400, "ending_at: too late.") from None
    if behavior.strict_alignment and window != Window(start, end):
        raise Refusal(400, "starting_at, ending_at: must lie on the bounds of buckets.")
    return window


def _instant(query: Query, name: str) -> datetime | None:
    """A timestamp with a time and a zone; Refusal for a bare date, which RFC 3339 does not know."""
    written = query.one(name)
    if written is not None and len(written) <= DATE_LENGTH:
        raise Refusal(400, f"{name}: {written!r} is not a valid RFC 3339 timestamp.")
    return query.at(name)
