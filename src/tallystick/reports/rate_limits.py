"""Rate limits beside the busiest minute of the last 24 hours (analytics-api 3.4, reports-api 1.5).

What counts against a limit is an assumption, and said as such: input is what was read afresh or written to the cache,
for reading from the cache does not count for most models; batch requests have limits of their own, and fast mode too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tallystick.api import analytics, analytics_query, reports, reports_query
from tallystick.api.client import Client
from tallystick.api.leniency import Oddity
from tallystick.api.limits import HELD, RATES, Held, Rate, RateLimit, entries, odd_words, rates_of, read
from tallystick.core.dimensions import NAMED, UNKNOWN
from tallystick.core.message import Message, note, warning
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


def _input(record: UsageRecord) -> int:
    return record.uncached_input + record.cache_write_5m + record.cache_write_1h


_INPUT, _OUTPUT = "uncached input and cache writes", "output"
METERS: Mapping[str, Meter] = {
    "requests_per_minute": Meter("requests", lambda record: record.requests),
    "input_tokens_per_minute": Meter(_INPUT, _input),
    "input_tokens_per_minute_cache_aware": Meter(_INPUT, _input),
    "output_tokens_per_minute": Meter(_OUTPUT, lambda record: record.output),
    "tokens_per_minute": Meter(f"{_INPUT}, {_OUTPUT}", lambda record: _input(record) + record.output),
    "fast_itpmca": Meter(f"{_INPUT} in fast mode", _input, fast=True),
    "fast_otpm": Meter(f"{_OUTPUT} in fast mode", lambda record: record.output, fast=True),
}
"""The types of limit that usage by the minute can be measured against, in groups of models."""


@dataclass(frozen=True)
class Used:
    """Usage by the minute; None for `records` where it may not be read. `newer` counts requests and tells fast mode."""

    records: Sequence[UsageRecord] | None
    newer: bool
    messages: tuple[Message, ...] = ()


def answer(client: Client, now: datetime) -> Table:
    """Every rate limit that the credential may read, of the organization and then of workspaces, least headroom first.

    Raises Refused where it may read none.
    """
    pages = read(client, RATES)
    if isinstance(pages, Refused):
        hint = "Rate limits need an Admin key or an OAuth token with org:admin. All else works without."
        raise Refused(pages.what, hint, status=pages.status, code=pages.code)
    odd: set[Oddity] = set()
    limits = entries(pages, RateLimit, odd)
    names, own, messages = _workspaces(client, odd)
    if not all(limit.limits for limit in (*limits, *(limit for overrides in own.values() for limit in overrides))):
        odd.add(Oddity("data[].limits", "is empty; what it limits is unknown and not shown"))
    messages += map(warning, odd_words(odd))
    end = Grain.MINUTE.floor(now)
    window = Window(end - DAY, end)
    used = usage(client, window, now)
    rows = [row for limit in limits for row in _rows(limit, ALL, "Organization", used)]
    for workspace, overrides in own.items():
        rows += [row for limit in overrides for row in _rows(limit, workspace, names[workspace], used)]
    rows.sort(key=_order)
    limited = {model for limit in limits for model in limit.models or ()}
    used_models = {record.dims["model"] for record in used.records or ()} - {NAMED["model"].null}
    if unlimited := {model for model in used_models if not any(same(model, listed) for listed in limited)}:
        messages.append(note(f"In no rate limit, and so not counted: {', '.join(sorted(unlimited))}."))
    messages.append(note(f"The busiest minute of {window}."))
    days = Window(Grain.DAY.floor(window.start), Grain.DAY.ceil(window.end))
    question = Question("rate-limits", days, ("workspace", "group"))
    return Table(question, HEADINGS, rows, {}, (*used.messages, *messages, note(ASSUMED)))


def usage(client: Client, window: Window, now: datetime) -> Used:
    """Usage by the minute from the newer dialect where it may be read, else from the older one."""
    by = ("model", "workspace", "tier", "speed")
    pages = read(client, analytics_query.usage_query(window, Grain.MINUTE, now, by=by))
    if not isinstance(pages, Refused):
        known = [analytics.refreshed(page) for page in pages]
        last = min((moment for moment in known if moment), default=None)
        if last is None or None in known or last <= window.start:
            unknown = warning("Usage of the last 24 hours is not published yet, so unknown.")
            return Used(None, newer=True, messages=(unknown,))
        published = note(f"Usage is published up to {text(last)}; what came later is not in this.")
        late = (published,) if last < window.end else ()
        return Used(list(analytics.usage_records(pages, by)), newer=True, messages=late)
    older = read(client, reports_query.usage_report_query(window, Grain.MINUTE, by=by[:3]))
    if isinstance(older, Refused):
        unknown = warning(f"Usage may not be read, so what is used is unknown. {older.what}")
        return Used(None, newer=False, messages=(unknown,))
    coarse = note(
        "Usage is of the older reports, which count no requests; fast mode is not told apart in it. It shows some five "
        "minutes late."
    )
    return Used(list(reports.usage_records(older, by[:3])), newer=False, messages=(coarse,))


def _workspaces(client: Client, odd: set[Oddity]) -> tuple[dict[str, str], dict[str, list[RateLimit]], list[Message]]:
    """The names of the workspaces, the limits of those that have their own, and what may not be read of them."""
    pages = read(client, HELD)
    if isinstance(pages, Refused):
        return {}, {}, [warning(f"Limits of workspaces are not shown: {pages.what}")]
    names = {workspace.id: workspace.name for workspace in entries(pages, Held, odd)}
    own: dict[str, list[RateLimit]] = {}
    refused: list[Message] = []
    for workspace, name in names.items():
        rate_pages = read(client, rates_of(workspace))
        if isinstance(rate_pages, Refused):
            refused.append(warning(f"Limits of the workspace {name} are not shown: {rate_pages.what}"))
        elif overrides := entries(rate_pages, RateLimit, odd):
            own[workspace] = overrides
    return names, own, refused


def _rows(limit: RateLimit, workspace: str, name: str, used: Used) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for rate in limit.limits:
        busiest, minute, counted = _busiest(limit, rate, workspace, used)
        known = busiest is not None and rate.value is not None
        headroom = ratio(rate.value - busiest, rate.value) if known and busiest is not None and rate.value else None
        key_cells = (workspace, name, limit.group.id or limit.kind if limit.group else limit.kind, limit.name)
        rows.append((*key_cells, rate.type, rate.value, busiest, headroom, minute, counted))
    return rows


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
    for record in used.records:
        fast = record.dims.get("speed") == "fast"
        of_limit = any(same(record.dims["model"], listed) for listed in limit.models)
        if not of_limit or workspace not in {ALL, record.dims["workspace"]}:
            continue
        if record.dims["tier"] == "batch" or (used.newer and fast != meter.fast and rate.type != "requests_per_minute"):
            continue
        count = meter.count(record)
        if count is None:
            return None, UNKNOWN, f"{meter.words}: not always told"
        minutes[record.window.start] += count
    if not minutes:
        return 0, "none", meter.words
    most = max(minutes.values())
    return most, text(min(minute for minute, count in minutes.items() if count == most)), meter.words


def _order(row: tuple[Cell, ...]) -> tuple[bool, bool, object, str]:
    """The organization's limits first; the least headroom first, then what has none."""
    return (row[0] != ALL, row[7] is None, row[7] or 0, f"{row[3]} {row[4]}")
