"""Reports queries: those of the older reports, checked before they are sent (reports-api 1.2, 1.3).

At most five groupings, known dimensions, limits for each width, a window that holds a bucket.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import MAXYEAR, datetime

from tallystick.api.endpoints import COST_REPORT, MOST_GROUPS, USAGE_REPORT, WIDTHS, Endpoint
from tallystick.api.page import Query
from tallystick.api.reports import CostRow, Report, UsageRow
from tallystick.core.dimensions import NAMED
from tallystick.core.time import Grain, Window, text
from tallystick.errors import InvalidQuestion


def usage_report_query(
    window: Window,
    grain: Grain,
    *,
    by: Sequence[str] = (),
    where: Mapping[str, Sequence[str]] | None = None,
    limit: int | None = None,
) -> Query:
    """Ask `usage_report/messages` for whole buckets of `grain` (minute, hour, day) over `window`.

    `by` and `where` name our dimensions. The window is widened to bucket boundaries, so that nothing asked is lost.
    `limit` is buckets a page, the most the API allows where it is not given. Raises InvalidQuestion.
    """
    where = where or {}
    query = _query(USAGE_REPORT, window, grain, by, limit)
    for name, values in where.items():
        if name not in USAGE_REPORT.filters:
            raise InvalidQuestion(f"The usage report has no filter for {name!r}.", _choose(USAGE_REPORT.filters))
        if NAMED[name].absent in values:
            raise InvalidQuestion(
                f"The filter on {name!r} cannot be {NAMED[name].absent!r}: the API has no word for an absent value.",
                f"Group by {name!r} and pick these rows from the answer.",
            )
        if not values or not all(values):
            raise InvalidQuestion(f"The filter on {name!r} has no value.", "The API cannot filter on an absent value.")
    parameters = [(USAGE_REPORT.filters[name] + "[]", value) for name, values in where.items() for value in values]
    betas = {beta for name, beta in USAGE_REPORT.betas.items() if name in by or name in where}
    return Query(USAGE_REPORT, (*query, *parameters), tuple(sorted(betas)), Report[UsageRow])


def cost_report_query(window: Window, now: datetime, *, by: Sequence[str] = (), limit: int | None = None) -> Query:
    """Ask `cost_report` for the ended days of `window`; it knows the grain day alone, and no filter.

    Raises InvalidQuestion where no day of the window has ended: the API would answer 400 (reports-api 1.3.4).
    """
    _possible(window)
    start, end = Grain.DAY.floor(window.start), min(Grain.DAY.ceil(window.end), Grain.DAY.floor(now))
    if start >= end:
        raise InvalidQuestion(
            "No day of this window has ended yet, and cost is published for ended UTC days only.",
            f"Ask for days before {text(Grain.DAY.floor(now))}.",
        )
    return Query(COST_REPORT, _query(COST_REPORT, Window(start, end), Grain.DAY, by, limit), shape=Report[CostRow])


def _query(
    endpoint: Endpoint, window: Window, grain: Grain, by: Sequence[str], limit: int | None
) -> tuple[tuple[str, str], ...]:
    width = WIDTHS.get(grain, "")
    if width not in endpoint.limits:
        known = ", ".join(name for name, code in WIDTHS.items() if code in endpoint.limits)
        raise InvalidQuestion(f"The {endpoint.name} report is not given by {grain}.", f"It is given by {known}.")
    if unknown := [name for name in by if name not in endpoint.groups]:
        raise InvalidQuestion(
            f"The {endpoint.name} report cannot be grouped by {unknown[0]!r}.", _choose(endpoint.groups)
        )
    check_groups(by)
    most = endpoint.limits[width]
    limit = most if limit is None else limit
    if not 1 <= limit <= most:
        raise InvalidQuestion(f"limit={limit} is not possible by {grain}.", f"It counts buckets a page: 1 to {most}.")
    _possible(window)
    start, end = grain.floor(window.start), grain.ceil(window.end)
    return (
        ("starting_at", text(start)),
        ("ending_at", text(end)),
        ("bucket_width", width),
        ("limit", str(limit)),
        *(("group_by[]", endpoint.groups[name]) for name in by),
    )


def check_groups(by: Sequence[str]) -> None:
    """Raise InvalidQuestion for more groupings than the API takes, or one that comes twice."""
    if len(set(by)) != len(by) or len(by) > MOST_GROUPS:
        raise InvalidQuestion(
            f"{len(by)} groupings were asked for; the API takes at most {MOST_GROUPS}, each once.",
            "Leave some out, or hold a dimension fixed with a filter.",
        )


def _possible(window: Window) -> None:
    if not window:
        raise InvalidQuestion(f"The window {window} is empty.", "Its end is exclusive: ask for a later one.")
    if window.end.year == MAXYEAR:
        raise InvalidQuestion(f"The window {window} ends out of reach.", "Ask for an earlier end.")


def _choose(names: Iterable[str]) -> str:
    return f"Choose among {', '.join(names)}."
