"""Analytics queries: those of the newer dialect, checked before they are sent (analytics-api 1.2).

A window has at most 31 days (24 hours by minute), none before 2026-01-01 or 365 days ago.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from tallystick.api.analytics_pages import CostReport, UsageReport
from tallystick.api.endpoints import ANALYTICS_COST, ANALYTICS_USAGE, WIDTHS, Endpoint
from tallystick.api.page import Query
from tallystick.api.reports_query import check_groups
from tallystick.core.dimensions import NAMED
from tallystick.core.time import DAY, Grain, Window, text
from tallystick.errors import InvalidQuestion

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
"""The newer dialect knows nothing before (analytics-api 1.2)."""
REACH = DAY * 365
"""How far back it can be asked."""
LONGEST: Mapping[Grain | None, timedelta] = {
    None: DAY * 31,
    Grain.DAY: DAY * 31,
    Grain.HOUR: DAY * 31,
    Grain.MINUTE: DAY,
}
"""The longest window of one query, by grain; None is one row for the whole window."""
_OVERLAPPING = ("claude_tag_user", "rbac_group")


def covered(now: datetime) -> datetime:
    """The start of the first UTC day that can still be asked for."""
    return max(FIRST, Grain.DAY.ceil(now - REACH))


def usage_query(window: Window, grain: Grain | None, now: datetime, *, by: Sequence[str] = (), **options: Any) -> Query:
    """Ask `analytics/usage` for buckets of `grain` (minute, hour, day; None for the whole window as one).

    `by` names our dimensions; `options` are `where`, `order_by`, `order`, `limit` and `without_deleted` (users).
    Raises InvalidQuestion for what the API would refuse (analytics-api 1.2).
    """
    return Query(ANALYTICS_USAGE, _parameters(ANALYTICS_USAGE, window, grain, now, by, **options), (), UsageReport)


def cost_query(window: Window, grain: Grain | None, now: datetime, *, by: Sequence[str] = (), **options: Any) -> Query:
    """Ask `analytics/cost`, as `usage_query` does. `kind` in `by` brings cost_type and token_type, not counted as two.

    Token types alone would leave out what is not for tokens, so they cannot be asked for alone (analytics-api 1.7).
    """
    return Query(ANALYTICS_COST, _parameters(ANALYTICS_COST, window, grain, now, by, **options), (), CostReport)


def _parameters(
    endpoint: Endpoint,
    window: Window,
    grain: Grain | None,
    now: datetime,
    by: Sequence[str],
    *,
    where: Mapping[str, Sequence[str]] | None = None,
    order_by: str = "time",
    order: Literal["asc", "desc"] = "asc",
    limit: int = 1000,
    without_deleted: bool = False,
) -> tuple[tuple[str, str], ...]:
    """The parameters of a query, in order."""
    where = where or {}
    _possible(window, grain, now)
    counted = [name for name in by if name not in {"kind", "cost_type"}]
    groups = [endpoint.groups[name] for name in counted if name in endpoint.groups and name != "token_type"]
    if len(groups) < len(counted) or (len(by) > len(counted) and endpoint is ANALYTICS_USAGE):
        raise InvalidQuestion(
            f"{endpoint.path} cannot be grouped by all of {', '.join(by)}.",
            f"Choose among {', '.join(endpoint.groups)}.",
        )
    check_groups(counted)
    if set(_OVERLAPPING) <= {*by, *where} and "claude_tag_user" in by:
        raise InvalidQuestion(
            "Slack users and RBAC groups cannot be asked for together.", "Ask for one, then the other."
        )
    if without_deleted and "actor" not in by:
        raise InvalidQuestion("Deleted users can be left out of a grouping by actor only.", "Group by actor.")
    if order_by not in endpoint.orders or not 1 <= limit <= endpoint.limits[""]:
        raise InvalidQuestion(
            f"{endpoint.path} cannot be ordered by {order_by} with limit={limit}.",
            f"It is ordered by {', '.join(endpoint.orders)}, 1 to {endpoint.limits['']} rows a page.",
        )
    fan_out = ("cost_type", "token_type") if "kind" in by else ("cost_type",) if "cost_type" in by else ()
    return (
        ("starting_at", text(window.start)),
        ("ending_at", text(window.end)),
        *((("time_bucket_width", WIDTHS[grain]),) if grain else ()),
        ("limit", str(limit)),
        ("order_by", order_by),
        ("order", order),
        *(("group_by[]", name) for name in (*groups, *fan_out)),
        *(pair for name, values in where.items() for pair in _filter(endpoint, name, values)),
        *((("exclude_deleted_users", "true"),) if without_deleted else ()),
    )


def _filter(endpoint: Endpoint, name: str, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    if name not in endpoint.filters:
        raise InvalidQuestion(
            f"{endpoint.path} has no filter for {name!r}.", f"Choose among {', '.join(endpoint.filters)}."
        )
    dimension = NAMED[name]
    for value in values:
        absent = value == dimension.null and value not in dimension.values
        if not value or (absent and name != "key"):
            raise InvalidQuestion(
                f"The filter on {name!r} cannot be {value!r}: the API has no word for an absent value.",
                f"Group by {name!r} and pick these rows from the answer.",
            )
        yield endpoint.filters[name] + "[]", "" if absent else value


def _possible(window: Window, grain: Grain | None, now: datetime) -> None:
    if grain not in LONGEST:
        raise InvalidQuestion(
            f"The analytics reports are not given by {grain}.", "They are given by minute, hour, day."
        )
    boundary = grain or Grain.HOUR
    if not window or window.start != boundary.floor(window.start) or window.end != boundary.floor(window.end):
        raise InvalidQuestion(f"The window {window} is empty or not whole {boundary}s.", "Its end is exclusive.")
    if window.end - window.start > LONGEST[grain]:
        raise InvalidQuestion(
            f"The window {window} is longer than {LONGEST[grain].days} days, the most that one query can have.",
            "Ask for it in pieces.",
        )
    if window.start < covered(now):
        raise InvalidQuestion(
            f"The analytics reports know nothing before {text(covered(now))}, and {window} begins earlier.",
            "The older reports do: --source reports.",
        )


def family(now: datetime) -> Query | None:
    """Ask which organizations a month's bill is of: a parent's report names its children, any other one nobody.

    None where the newer dialect does not cover a whole day yet (analytics-api 1.2, 1.5).
    """
    today = Grain.DAY.floor(now)
    window = Window(max(covered(now), today - 30 * DAY), max(covered(now), today))
    return cost_query(window, None, now, by=("organization",)) if window else None
