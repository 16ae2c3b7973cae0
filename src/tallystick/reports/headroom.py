"""Headroom: rate limits beside the busiest minute of the last 24 hours (analytics-api 3.4, reports-api 1.5).

What counts against a limit is an assumption, and said as such: input is what was read afresh or written to the cache,
for reading from the cache does not count for most models; batch requests have limits of their own, and fast mode too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tallystick.api import analytics, reports
from tallystick.api.client import Client
from tallystick.api.leniency import Oddity
from tallystick.api.limits import HELD, RATES, Held, Rate, RateLimit, entries, odd_words, rates_of, read
from tallystick.core.dimensions import NAMED, UNKNOWN
from tallystick.core.models import same
from tallystick.core.money import ratio
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.records import UsageRecord
from tallystick.core.time import DAY, Grain, Window, text
from tallystick.errors import Refused

HEADINGS = (
    Heading("workspace", Kind.DIMENSION),
    Heading("workspace_name", Kind.NAME),
    Heading("group", Kind.DIMENSION),
    Heading("group_name", Kind.NAME),
    Heading("type", Kind.TEXT),
    Heading("limit", Kind.COUNT),
    Heading("busiest", Kind.COUNT),
    Heading("headroom", Kind.RATIO),
    Heading("minute", Kind.TEXT),
    Heading("counted", Kind.TEXT),
)
ALL = "all"
"""Stands in the place of a workspace for a limit of the organization."""
ASSUMED = (
    "Of input, what was read afresh and written to the cache is counted; for most models reading from the cache does "
    "not count against a limit, and where it does there is less headroom than shown. Batches are not counted. A minute "
    "is a sum: bursts within it do not show."
)


@dataclass(frozen=True, slots=True)
class Meter:
    """What is measured against a type of limit; `fast` in fast mode alone."""

    words: str
    count: Callable[[UsageRecord], int | None]
    fast: bool = False


def _input(it: UsageRecord) -> int:
    return it.uncached_input + it.cache_write_5m + it.cache_write_1h


_INPUT, _OUTPUT = "uncached input and cache writes", "output"
METERS: Mapping[str, Meter] = {
    "requests_per_minute": Meter("requests", lambda it: it.requests),
    "input_tokens_per_minute": Meter(_INPUT, _input),
    "input_tokens_per_minute_cache_aware": Meter(_INPUT, _input),
    "output_tokens_per_minute": Meter(_OUTPUT, lambda it: it.output),
    "tokens_per_minute": Meter(f"{_INPUT}, {_OUTPUT}", lambda it: _input(it) + it.output),
    "fast_itpmca": Meter(f"{_INPUT} in fast mode", _input, fast=True),
    "fast_otpm": Meter(f"{_OUTPUT} in fast mode", lambda it: it.output, fast=True),
}
"""The types of limit that usage by the minute can be measured against, in groups of models."""


@dataclass(frozen=True)
class Used:
    """Usage by the minute; None for `records` where it may not be read. `newer` counts requests and tells fast mode."""

    records: Sequence[UsageRecord] | None
    newer: bool
    said: tuple[str, ...] = ()


def answer(client: Client, now: datetime) -> Table:
    """Every rate limit that the credential may read, of the organization and then of workspaces, least headroom first.

    Raises Refused where it may read none.
    """
    told = read(client, RATES)
    if isinstance(told, Refused):
        mend = "Rate limits need an Admin key or an OAuth token with org:admin. All else works without."
        raise Refused(told.what, mend, status=told.status, code=told.code)
    odd: set[Oddity] = set()
    limits = entries(told, RateLimit, odd)
    names, own, caveats = _workspaces(client, odd)
    caveats += odd_words(odd)
    whole = Grain.MINUTE.floor(now)
    window = Window(whole - DAY, whole)
    used = usage(client, window, now)
    rows = [row for limit in limits for row in _rows(limit, ALL, "Organization", used)]
    for workspace, overrides in own.items():
        rows += [row for limit in overrides for row in _rows(limit, workspace, names[workspace], used)]
    rows.sort(key=_order)
    limited = {model for limit in limits for model in limit.models or ()}
    asked = {it.dims["model"] for it in used.records or ()} - {NAMED["model"].null}
    if loose := {model for model in asked if not any(same(model, listed) for listed in limited)}:
        caveats.append(f"In no rate limit, and so not counted: {', '.join(sorted(loose))}.")
    caveats.append(f"The busiest minute of {window}.")
    days = Window(Grain.DAY.floor(window.start), Grain.DAY.ceil(window.end))
    question = Question("rate-limits", days, ("workspace", "group"))
    return Table(question, HEADINGS, rows, {}, (*used.said, *caveats, ASSUMED))


def usage(client: Client, window: Window, now: datetime) -> Used:
    """Usage by the minute from the newer dialect where it may be read, else from the older one."""
    by = ("model", "workspace", "tier", "speed")
    pages = read(client, analytics.usage_query(window, Grain.MINUTE, now, by=by))
    if not isinstance(pages, Refused):
        known = [analytics.refreshed(page) for page in pages]
        last = min((it for it in known if it), default=None)
        if last is None or None in known or last <= window.start:
            return Used(None, newer=True, said=("Usage of the last 24 hours is not published yet, so unknown.",))
        late = (f"Usage is published up to {text(last)}; what came later is not in this.",) if last < window.end else ()
        return Used(list(analytics.usage_records(pages, by)), newer=True, said=late)
    older = read(client, reports.usage_query(window, Grain.MINUTE, by=by[:3]))
    if isinstance(older, Refused):
        return Used(None, newer=False, said=(f"Usage may not be read, so what is used is unknown. {older.what}",))
    said = (
        "Usage is of the older reports, which count no requests; fast mode is not told apart in it. It shows some five "
        "minutes late."
    )
    return Used(list(reports.usage_records(older, by[:3])), newer=False, said=(said,))


def _workspaces(client: Client, odd: set[Oddity]) -> tuple[dict[str, str], dict[str, list[RateLimit]], list[str]]:
    """The names of the workspaces, the limits of those that have their own, and what may not be read of them."""
    held = read(client, HELD)
    if isinstance(held, Refused):
        return {}, {}, [f"Limits of workspaces are not shown: {held.what}"]
    names = {it.id: it.name for it in entries(held, Held, odd)}
    own: dict[str, list[RateLimit]] = {}
    caveats = []
    for workspace, name in names.items():
        said = read(client, rates_of(workspace))
        if isinstance(said, Refused):
            caveats.append(f"Limits of the workspace {name} are not shown: {said.what}")
        elif found := entries(said, RateLimit, odd):
            own[workspace] = found
    return names, own, caveats


def _rows(limit: RateLimit, workspace: str, called: str, used: Used) -> list[tuple[Cell, ...]]:
    found: list[tuple[Cell, ...]] = []
    for rate in limit.limits:
        busiest, minute, counted = _busiest(limit, rate, workspace, used)
        known = busiest is not None and rate.value is not None
        headroom = ratio(rate.value - busiest, rate.value) if known and busiest is not None and rate.value else None
        place = (workspace, called, limit.group.id or limit.kind if limit.group else limit.kind, limit.name)
        found.append((*place, rate.type, rate.value, busiest, headroom, minute, counted))
    return found


def _busiest(limit: RateLimit, rate: Rate, workspace: str, used: Used) -> tuple[int | None, str, str]:
    """The most that was used in one minute, which one that was, and what was counted or why nothing could be."""
    meter = METERS.get(rate.type)
    if meter is None or limit.models is None:
        return None, UNKNOWN, "not in the usage reports"
    if used.records is None:
        return None, UNKNOWN, "usage is not known"
    if not used.newer and (meter.fast or rate.type == "requests_per_minute"):
        return None, UNKNOWN, "not told by the older reports"
    minutes: dict[datetime, int] = defaultdict(int)
    for it in used.records:
        fast = it.dims.get("speed") == "fast"
        of_limit = any(same(it.dims["model"], listed) for listed in limit.models)
        if not of_limit or workspace not in {ALL, it.dims["workspace"]}:
            continue
        if it.dims["tier"] == "batch" or (used.newer and fast != meter.fast and rate.type != "requests_per_minute"):
            continue
        count = meter.count(it)
        if count is None:
            return None, UNKNOWN, f"{meter.words}: not always told"
        minutes[it.window.start] += count
    if not minutes:
        return 0, "none", meter.words
    most = max(minutes.values())
    return most, text(min(at for at, count in minutes.items() if count == most)), meter.words


def _order(row: tuple[Cell, ...]) -> tuple[bool, bool, object, str]:
    """The organization's limits first; the least headroom first, then what has none."""
    return (row[0] != ALL, row[7] is None, row[7] or 0, f"{row[3]} {row[4]}")
