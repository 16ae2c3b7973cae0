"""The newer dialect: `analytics/usage` and `analytics/cost`, from question to rows (analytics-api 1).

Rows are flat and sparse: no empty buckets, no zeros. A window has at most 31 days (24 hours by minute), none before
2026-01-01 or 365 days ago. Several actors that cannot be named each give a row of their own: (bucket, group) is no key,
and what comes twice is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec

from tallystick.api.actors import actor_of
from tallystick.api.client import Envelope, Page, Query, decode
from tallystick.api.endpoints import ANALYTICS_COST, ANALYTICS_USAGE, MOST_GROUPS, WIDTHS, Endpoint
from tallystick.api.leniency import Oddity, read
from tallystick.api.reports import COUNTER_PATHS, CacheCreation, Count, Maybe, ServerToolUse, no_tools, no_writes
from tallystick.core.dimensions import KINDS, NAMED, UNKNOWN
from tallystick.core.money import from_cents, total
from tallystick.core.records import COUNTERS, TOKENS, CostRecord, UsageRecord
from tallystick.core.time import DAY, Grain, Window, instant, text
from tallystick.core.uncounted import unknown_counters
from tallystick.errors import InvalidAmount, InvalidQuestion, UnexpectedResponse

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


class Group(msgspec.Struct):
    """What a row is of; null where it was not asked for, or absent (analytics-api 1.5)."""

    actor: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    actor_type: Maybe = msgspec.UNSET
    agent_id: Maybe = msgspec.UNSET
    api_key_id: Maybe = msgspec.UNSET
    claude_tag_category: Maybe = msgspec.UNSET
    claude_tag_user_id: Maybe = msgspec.UNSET
    context_window: Maybe = msgspec.UNSET
    cost_type: Maybe = msgspec.UNSET
    deployment_id: Maybe = msgspec.UNSET
    environment_id: Maybe = msgspec.UNSET
    inference_geo: Maybe = msgspec.UNSET
    model: Maybe = msgspec.UNSET
    organization_id: Maybe = msgspec.UNSET
    product: Maybe = msgspec.UNSET
    rbac_group_id: Maybe = msgspec.UNSET
    service_tier: Maybe = msgspec.UNSET
    session_id: Maybe = msgspec.UNSET
    slack_channel_id: Maybe = msgspec.UNSET
    speed: Maybe = msgspec.UNSET
    token_type: Maybe = msgspec.UNSET
    user_profile_id: Maybe = msgspec.UNSET
    workspace_id: Maybe = msgspec.UNSET


class Usage(msgspec.Struct):
    """Tokens, searches and requests of a row (analytics-api 1.4)."""

    uncached_input_tokens: Count
    cache_read_input_tokens: Count
    output_tokens: Count
    cache_creation: CacheCreation = msgspec.field(default_factory=no_writes)
    server_tool_use: ServerToolUse = msgspec.field(default_factory=no_tools)
    requests: Count | None = None
    total_tokens: Count | None = None

    @property
    def counters(self) -> tuple[int, int, int, int, int, int]:
        """The six counters, in the order of `core.records.COUNTERS`."""
        written = self.cache_creation
        return (
            self.uncached_input_tokens,
            written.ephemeral_5m_input_tokens,
            written.ephemeral_1h_input_tokens,
            self.cache_read_input_tokens,
            self.output_tokens,
            self.server_tool_use.web_search_requests,
        )


class Cost(msgspec.Struct):
    """Money of a row, in fractional US cents: after and before contract discounts, both before credits."""

    amount: str
    currency: str
    list_amount: str | None = None
    requests: Count | None = None


class UsageRow(msgspec.Struct):
    """One row of `analytics/usage`."""

    starting_at: str
    ending_at: str
    usage: Usage
    group: Group = msgspec.field(default_factory=Group)


class CostRow(msgspec.Struct):
    """One row of `analytics/cost`."""

    starting_at: str
    ending_at: str
    cost: Cost
    group: Group = msgspec.field(default_factory=Group)


class _Report(Envelope, kw_only=True):
    data_refreshed_at: str | None = None
    organization_id: str | None = None


class UsageReport(_Report):
    """A page of `analytics/usage`."""

    data: list[UsageRow]


class CostReport(_Report):
    """A page of `analytics/cost`."""

    data: list[CostRow]


class _Untyped(msgspec.Struct):
    data: list[dict[str, Any]]


class Placed(NamedTuple):
    """A row, the bucket it is of, and where it stands in its page."""

    window: Window
    row: Any
    path: str


def covered(now: datetime) -> datetime:
    """The start of the first UTC day that can still be asked for."""
    return max(FIRST, Grain.DAY.ceil(now - REACH))


def usage_query(window: Window, grain: Grain | None, now: datetime, *, by: Sequence[str] = (), **options: Any) -> Query:
    """Ask `analytics/usage` for buckets of `grain` (minute, hour, day; None for the whole window as one).

    `by` names our dimensions; `options` are `where`, `order_by`, `order`, `limit` and `without_deleted` (users).
    Raises InvalidQuestion for what the API would refuse (analytics-api 1.2).
    """
    return Query(ANALYTICS_USAGE, _asked(ANALYTICS_USAGE, window, grain, now, by, **options), (), UsageReport)


def cost_query(window: Window, grain: Grain | None, now: datetime, *, by: Sequence[str] = (), **options: Any) -> Query:
    """Ask `analytics/cost`, as `usage_query` does. `kind` in `by` brings cost_type and token_type, not counted as two.

    Token types alone would leave out what is not for tokens, so they cannot be asked for alone (analytics-api 1.7).
    """
    return Query(ANALYTICS_COST, _asked(ANALYTICS_COST, window, grain, now, by, **options), (), CostReport)


def _asked(
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
    if len(set(by)) != len(by) or len(counted) > MOST_GROUPS:
        raise InvalidQuestion(
            f"{len(counted)} groupings were asked for; the API takes at most {MOST_GROUPS}, each once.",
            "Leave some out, or hold a dimension fixed with a filter.",
        )
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


def refreshed(page: Page) -> datetime | None:
    """The watermark: what happened later is not whole in this page; None where nothing of it was exported yet."""
    watermark = _report(page).data_refreshed_at
    try:
        return instant(watermark) if watermark else None
    except ValueError as wrong:
        raise _strange(page, f"a `data_refreshed_at` that is not an instant ({wrong})") from None


def organization(page: Page) -> str | None:
    """The id of the organization that answered, where the answer tells it (analytics-api 1.3, reports-api 2)."""
    return _report(page).organization_id or page.headers.get("anthropic-organization-id")


def family(now: datetime) -> Query | None:
    """Ask which organizations a month's bill is of: a parent's report names its children, any other one nobody.

    None where the newer dialect does not cover a whole day yet (analytics-api 1.2, 1.5).
    """
    today = Grain.DAY.floor(now)
    window = Window(max(covered(now), today - 30 * DAY), max(covered(now), today))
    return cost_query(window, None, now, by=("organization",)) if window else None


def children(page: Page) -> set[str]:
    """The organizations that a page of `family` names; none where the credential is not a parent's."""
    ids = (row.group.organization_id for row in _report(page).data)
    return {child for child in ids if isinstance(child, str) and child}


def rows(pages: Iterable[Page], odd: set[Oddity] | None = None) -> Iterator[tuple[Page, list[Placed]]]:
    """The rows of each page, each with its bucket; UnexpectedResponse for one that is of no bucket of what was asked.

    What was left out of them, since it did not fit and did not matter, is added to `odd`.
    """
    for page in pages:
        parameters = dict(parse_qsl(urlsplit(page.request).query))
        window = Window(instant(parameters["starting_at"]), instant(parameters["ending_at"]))
        width = parameters.get("time_bucket_width")
        grain = next((Grain(name) for name, code in WIDTHS.items() if code == width), None)
        placed, known = [], {}
        for index, row in enumerate(_report(page, odd).data):
            path = f"$.data[{index}]"
            bounds = (row.starting_at, row.ending_at)
            if bounds not in known:
                known[bounds] = _bucket(page, path, bounds, grain, window)
            placed.append(Placed(known[bounds], row, path))
        yield page, placed


def _report(page: Page, odd: set[Oddity] | None = None) -> Any:
    if isinstance(page.content, _Report):
        return page.content
    return read(page, CostReport if page.request.startswith(ANALYTICS_COST.path) else UsageReport, odd)


def _bucket(page: Page, path: str, bounds: tuple[str, str], grain: Grain | None, requested: Window) -> Window:
    try:
        window = Window(instant(bounds[0]), instant(bounds[1]))
    except ValueError as wrong:
        raise _strange(page, f"a row at `{path}` that is not of a span of time ({wrong})") from None
    if window & requested != window or (grain and window != grain.around(window.start)):
        raise _strange(page, f"a row of {window} at `{path}`, which is no {grain or 'part'} of {requested}")
    return window


def _strange(page: Page, problem: str) -> UnexpectedResponse:
    return UnexpectedResponse(
        f"{page.request.partition('?')[0]} answered with {problem}.",
        "Nothing of this window was kept. Try again; if it stays, report the request-id to Anthropic.",
        request_id=page.request_id,
    )


def amounts(page: Page, placed: Placed, odd: set[Oddity] | None = None) -> tuple[Decimal, Decimal | None]:
    """What a row bills, and the same at list price, in exact US dollars.

    InvalidAmount names an amount that cannot be read; a list price that cannot is None, which `odd` is told.
    """
    cost: Cost = placed.row.cost
    try:
        billed = from_cents(cost.amount, cost.currency)
    except InvalidAmount as bad:
        raise InvalidAmount(
            f"The analytics cost of {placed.window} holds at `{placed.path}.cost`: {bad.what}",
            "Nothing of this window was kept: a wrong amount is worse than none. Try again; if it stays, "
            "report the request-id to Anthropic.",
            request_id=page.request_id,
        ) from None
    try:
        return billed, None if cost.list_amount is None else from_cents(cost.list_amount, cost.currency)
    except InvalidAmount:
        if odd is not None:
            odd.add(Oddity("data[].cost.list_amount", "no amount of US cents; the list price is unknown"))
        return billed, None


def value(name: str, group: Group) -> str:
    """One dimension of a row as tallystick holds it: the API's word, or the name of what is absent."""
    if name == "kind":
        word = group.token_type or group.cost_type
        return KINDS.get(str(word), str(word)) if word and word != "tokens" else UNKNOWN
    dimension = NAMED[name]
    word = getattr(group, str(dimension.analytics))
    if word is msgspec.UNSET:
        return UNKNOWN
    if isinstance(word, msgspec.Raw):
        actor = actor_of(bytes(word))
        return actor.id if actor else dimension.null
    return str(word) if word else dimension.null


def usage_records(pages: Iterable[Page], by: Sequence[str]) -> Iterator[UsageRecord]:
    """Usage records of a query in order of time, lazily; what comes twice in a bucket is added."""
    for window, bucket_rows in _by_bucket(pages):
        groups: dict[tuple[str, ...], list[Usage]] = {}
        for _, placed in bucket_rows:
            groups.setdefault(tuple(value(name, placed.row.group) for name in by), []).append(placed.row.usage)
        for dims, usages in groups.items():
            sums = [sum(counts) for counts in zip(*(usage.counters for usage in usages), strict=True)]
            counters = dict(zip(COUNTERS, sums, strict=True))
            yield UsageRecord(window, dict(zip(by, dims, strict=True)), **counters, requests=_requests(usages))


def cost_records(pages: Iterable[Page], by: Sequence[str]) -> Iterator[CostRecord]:
    """Cost records of a query in order of time, lazily; what comes twice in a bucket is added."""
    for window, bucket_rows in _by_bucket(pages):
        groups: dict[tuple[str, ...], list[tuple[Page, Placed]]] = {}
        for page, placed in bucket_rows:
            groups.setdefault(tuple(value(name, placed.row.group) for name in by), []).append((page, placed))
        for dims, cost_rows in groups.items():
            billed, listed = zip(*(amounts(page, placed) for page, placed in cost_rows), strict=True)
            costs = [placed.row.cost for _, placed in cost_rows]
            yield CostRecord(
                window,
                dict(zip(by, dims, strict=True)),
                total(list(billed)),
                costs[0].currency,
                list=None if None in listed else total(list(listed)),
                requests=_requests(costs),
            )


def _by_bucket(pages: Iterable[Page]) -> Iterator[tuple[Window, list[tuple[Page, Placed]]]]:
    """The rows of pages that are in order of time, bucket by bucket."""
    bucket: Window | None = None
    bucket_rows: list[tuple[Page, Placed]] = []
    for page, placed in rows(pages):
        for row in placed:
            if bucket is not None and row.window != bucket:
                yield bucket, bucket_rows
                bucket_rows = []
            bucket = row.window
            bucket_rows.append((page, row))
    if bucket is not None:
        yield bucket, bucket_rows


def _requests(records: Sequence[Usage | Cost]) -> int | None:
    """How many requests; None where the API does not say for one of them."""
    counts = [record.requests for record in records if record.requests is not None]
    return sum(counts) if len(counts) == len(records) else None


def extra_fields(page: Page, shape: type[UsageRow | CostRow]) -> set[str]:
    """The fields of the page's rows that tallystick does not know, by their path in a row."""
    return {name for row in decode(page, _Untyped).data for name in _unknown(row, shape)}


_NESTED: Mapping[str, type[msgspec.Struct]] = {
    "group": Group,
    "usage": Usage,
    "cost": Cost,
    "cache_creation": CacheCreation,
    "server_tool_use": ServerToolUse,
}


def _unknown(row: Mapping[str, Any], shape: type[msgspec.Struct]) -> Iterator[str]:
    for name, field_value in row.items():
        if name not in shape.__struct_fields__:
            yield name
        elif name in _NESTED and isinstance(field_value, dict):
            yield from (f"{name}.{inner}" for inner in _unknown(field_value, _NESTED[name]))


def uncounted(page: Page) -> dict[datetime, dict[str, int]]:
    """By the start of a bucket, how many tokens `total_tokens` counts beyond the known kinds, and which fields are new.

    The difference is under the empty name; where there is no total the new fields alone tell. Zeros are left out.
    """
    counts: dict[datetime, dict[str, int]] = {}
    for placed, untyped in zip(next(rows([page]))[1], decode(page, _Untyped).data, strict=True):
        usage: Usage = placed.row.usage
        new = unknown_counters(untyped["usage"], (*COUNTER_PATHS, "total_tokens"))
        known = sum(usage.counters[: len(TOKENS)])
        beyond = sum(new.values()) if usage.total_tokens is None else usage.total_tokens - known
        if beyond:
            day = counts.setdefault(placed.window.start, {})
            for name, count in {**new, "": beyond}.items():
                day[name] = day.get(name, 0) + count
    return counts
