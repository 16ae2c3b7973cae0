"""The older reports: `usage_report/messages` and `cost_report`, from question to rows (reports-api 1.1 to 1.3).

A query is checked before it is sent: at most five groupings, known dimensions, limits per width, a window that holds
a bucket. A page is checked as it is read: buckets in order, on their boundaries, inside the window, none twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import MAXYEAR, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

from tallystick.api.client import Envelope, Page, Query, decode
from tallystick.api.endpoints import COST_REPORT, MOST_GROUPS, USAGE_REPORT, WIDTHS, Endpoint
from tallystick.api.leniency import MOST, Counters, Oddity, read
from tallystick.core.dimensions import KINDS, NAMED, UNKNOWN
from tallystick.core.money import from_cents
from tallystick.core.records import CostRecord, UsageRecord
from tallystick.core.time import Grain, Window, instant, text
from tallystick.core.uncounted import unknown_counters
from tallystick.errors import InvalidAmount, InvalidQuestion, UnexpectedResponse

Count = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
Maybe = str | None | msgspec.UnsetType


class CacheCreation(Counters):
    """Tokens written to the cache, by lifetime; never merged (trap 19)."""

    ephemeral_5m_input_tokens: Count
    ephemeral_1h_input_tokens: Count


class ServerToolUse(Counters):
    """Uses of tools that Anthropic runs."""

    web_search_requests: Count


def no_writes() -> CacheCreation:
    """What an absent `cache_creation` means: nothing was written."""
    return CacheCreation(0, 0)


def no_tools() -> ServerToolUse:
    """What an absent `server_tool_use` means: no tool was used."""
    return ServerToolUse(0)


class UsageRow(msgspec.Struct):
    """One result of the usage report (reports-api 1.2.2); dimensions may be absent in older shapes."""

    uncached_input_tokens: Count
    cache_read_input_tokens: Count
    output_tokens: Count
    cache_creation: CacheCreation = msgspec.field(default_factory=no_writes)
    server_tool_use: ServerToolUse = msgspec.field(default_factory=no_tools)
    account_id: Maybe = msgspec.UNSET
    api_key_id: Maybe = msgspec.UNSET
    service_account_id: Maybe = msgspec.UNSET
    workspace_id: Maybe = msgspec.UNSET
    model: Maybe = msgspec.UNSET
    service_tier: Maybe = msgspec.UNSET
    context_window: Maybe = msgspec.UNSET
    inference_geo: Maybe = msgspec.UNSET
    speed: Maybe = msgspec.UNSET

    @property
    def counters(self) -> tuple[int, int, int, int, int, int]:
        """The six counters, in the order of `core.records.COUNTERS`."""
        return _counters(self)


COUNTER_PATHS = (
    "uncached_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
    "server_tool_use.web_search_requests",
)
"""Where a usage row has its counters, in the order of `core.records.COUNTERS`."""


class CostRow(msgspec.Struct):
    """One result of the cost report (reports-api 1.3.2); `amount` is fractional US cents."""

    amount: str
    currency: str
    workspace_id: Maybe = msgspec.UNSET
    description: Maybe = msgspec.UNSET
    cost_type: Maybe = msgspec.UNSET
    model: Maybe = msgspec.UNSET
    token_type: Maybe = msgspec.UNSET
    service_tier: Maybe = msgspec.UNSET
    context_window: Maybe = msgspec.UNSET
    inference_geo: Maybe = msgspec.UNSET
    speed: Maybe = msgspec.UNSET


_counters: Callable[[UsageRow], tuple[int, int, int, int, int, int]] = attrgetter(*COUNTER_PATHS)

Row = TypeVar("Row", UsageRow, CostRow)


class _Bucket(msgspec.Struct, Generic[Row]):
    starting_at: str
    ending_at: str
    results: list[Row]


class _Report(Envelope, Generic[Row]):
    data: list[_Bucket[Row]]


class _UntypedBucket(msgspec.Struct):
    results: list[dict[str, Any]]


class _Untyped(msgspec.Struct):
    data: list[_UntypedBucket]


class Bucket(NamedTuple, Generic[Row]):
    """One interval of a report, its rows in no promised order, and where it stands in its page."""

    window: Window
    rows: list[Row]
    path: str


def usage_query(
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
    return Query(USAGE_REPORT, (*query, *parameters), tuple(sorted(betas)), _Report[UsageRow])


def cost_query(window: Window, now: datetime, *, by: Sequence[str] = (), limit: int | None = None) -> Query:
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
    return Query(COST_REPORT, _query(COST_REPORT, Window(start, end), Grain.DAY, by, limit), shape=_Report[CostRow])


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
    if len(set(by)) != len(by) or len(by) > MOST_GROUPS:
        raise InvalidQuestion(
            f"{len(by)} groupings were asked for; the API takes at most {MOST_GROUPS}, each once.",
            "Leave some out, or hold a dimension fixed with a filter.",
        )
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


def _possible(window: Window) -> None:
    if not window:
        raise InvalidQuestion(f"The window {window} is empty.", "Its end is exclusive: ask for a later one.")
    if window.end.year == MAXYEAR:
        raise InvalidQuestion(f"The window {window} ends out of reach.", "Ask for an earlier end.")


def _choose(names: Iterable[str]) -> str:
    return f"Choose among {', '.join(names)}."


def usage_pages(pages: Iterable[Page], odd: set[Oddity] | None = None) -> Iterator[tuple[Page, list[Bucket[UsageRow]]]]:
    """The buckets of each page of a usage query, checked; UnexpectedResponse where one cannot be.

    What was left out of them, since it did not fit and did not matter, is added to `odd`.
    """
    return _pages(pages, _Report[UsageRow], odd)


def cost_pages(pages: Iterable[Page], odd: set[Oddity] | None = None) -> Iterator[tuple[Page, list[Bucket[CostRow]]]]:
    """The buckets of each page of a cost query, as `usage_pages` gives those of usage."""
    return _pages(pages, _Report[CostRow], odd)


def _pages(
    pages: Iterable[Page], shape: type[_Report[Row]], odd: set[Oddity] | None
) -> Iterator[tuple[Page, list[Bucket[Row]]]]:
    last: datetime | None = None
    for page in pages:
        buckets, (grain, requested) = [], _asked(page)
        report = page.content if isinstance(page.content, _Report) else read(page, shape, odd)
        for index, bucket in enumerate(report.data):
            path = f"$.data[{index}]"
            try:
                window = Window(instant(bucket.starting_at), instant(bucket.ending_at))
            except ValueError as wrong:
                raise _strange(page, f"a bucket at `{path}` that is not a span of time ({wrong})") from None
            if window != grain.around(window.start) or window & requested != window:
                raise _strange(page, f"the bucket {window} at `{path}`, which is no {grain} of {requested}")
            if last is not None and window.start < last:
                raise _strange(page, f"the bucket {window} twice or out of order, at `{path}`")
            last = window.end
            buckets.append(Bucket(window, bucket.results, path))
        yield page, buckets


def _asked(page: Page) -> tuple[Grain, Window]:
    """The grain and window that a page's request asked for."""
    parameters = dict(parse_qsl(urlsplit(page.request).query))
    grain = next(Grain(name) for name, code in WIDTHS.items() if code == parameters["bucket_width"])
    return grain, Window(instant(parameters["starting_at"]), instant(parameters["ending_at"]))


def billed(page: Page, bucket: Bucket[CostRow]) -> list[Decimal]:
    """What each row of the bucket bills, in exact US dollars; InvalidAmount names the amount that cannot be read."""
    amounts = []
    for index, row in enumerate(bucket.rows):
        path = f"{bucket.path}.results[{index}]"
        try:
            amounts.append(from_cents(row.amount, row.currency))
        except InvalidAmount as bad:
            raise InvalidAmount(
                f"The cost report of {bucket.window} holds at `{path}.amount`: {bad.what}",
                "Nothing of this window was kept: a wrong amount is worse than none. Try again; if it stays, "
                "report the request-id to Anthropic.",
                request_id=page.request_id,
            ) from None
    return amounts


def _strange(page: Page, problem: str) -> UnexpectedResponse:
    return UnexpectedResponse(
        f"{page.request.partition('?')[0]} answered with {problem}.",
        "Nothing of this window was kept. Try again; if it stays, report the request-id to Anthropic.",
        request_id=page.request_id,
    )


def dims(row: UsageRow | CostRow, by: Iterable[str], fields: Mapping[str, str]) -> dict[str, str]:
    """The row's value of each dimension asked for; what is absent has its name (reports-api 1.2.2)."""
    return {name: value(name, getattr(row, fields[name])) for name in by}


def value(name: str, field_value: Maybe) -> str:
    """One dimension's value as tallystick holds it: the API's, or the name of what is absent."""
    if field_value:
        return str(field_value)
    return UNKNOWN if field_value is msgspec.UNSET else NAMED[name].absent


DESCRIBED = {
    "cost_type": "cost_type",
    "model": "model",
    "tier": "service_tier",
    "context": "context_window",
    "geo": "inference_geo",
    "speed": "speed",
}
"""What grouping by description fills beside it (reports-api 1.3.2)."""
COST_DIMS = ("workspace", "description", "kind", *DESCRIBED)
"""The dimensions of a cost row grouped by workspace and description."""


def cost_dims(row: CostRow, by: Iterable[str]) -> dict[str, str]:
    """The dimensions of a cost row; grouping by description brings kind, model, tier, context, geo, speed with it.

    A line that is not a token cost has no model, tier, context, geo or speed: `none`. On a token line a field that
    is absent is `unknown`: it has a value, which the answer does not tell.
    """
    dimensions = dims(row, by, COST_REPORT.groups)
    if "description" not in dimensions:
        return dimensions
    tokens = row.cost_type == "tokens" or bool(row.token_type)
    for name, field in DESCRIBED.items():
        field_value = getattr(row, field)
        dimensions[name] = str(field_value) if field_value else (UNKNOWN if tokens or name == "cost_type" else "none")
    kind = row.token_type if tokens else row.cost_type
    dimensions["kind"] = KINDS.get(str(kind), str(kind)) if kind else UNKNOWN
    return dimensions


def usage_records(pages: Iterable[Page], by: Sequence[str]) -> Iterator[UsageRecord]:
    """Usage records of a query grouped by `by`, lazily."""
    for page, buckets in usage_pages(pages):
        for bucket, extras in zip(buckets, extra_fields(page, UsageRow), strict=True):
            for row, extra in zip(bucket.rows, extras, strict=True):
                yield UsageRecord(bucket.window, dims(row, by, USAGE_REPORT.groups), *row.counters, extra=extra)


def cost_records(pages: Iterable[Page], by: Sequence[str]) -> Iterator[CostRecord]:
    """Cost records of a query grouped by `by`, lazily."""
    for page, buckets in cost_pages(pages):
        for bucket, extras in zip(buckets, extra_fields(page, CostRow), strict=True):
            for row, amount, extra in zip(bucket.rows, billed(page, bucket), extras, strict=True):
                yield CostRecord(bucket.window, cost_dims(row, by), amount, row.currency, extra)


def extra_fields(page: Page, shape: type[UsageRow | CostRow]) -> list[list[dict[str, object]]]:
    """For each row of each bucket, the fields that tallystick does not know, as sent; nested ones by their path."""
    return [[_unknown(row, shape) for row in bucket.results] for bucket in decode(page, _Untyped).data]


_NESTED: Mapping[str, type[msgspec.Struct]] = {"cache_creation": CacheCreation, "server_tool_use": ServerToolUse}


def _unknown(row: Mapping[str, Any], shape: type[msgspec.Struct]) -> dict[str, object]:
    unknown = {name: field_value for name, field_value in row.items() if name not in shape.__struct_fields__}
    for name in _NESTED.keys() & row.keys() & set(shape.__struct_fields__):
        if isinstance(row[name], dict):
            unknown |= {
                f"{name}.{inner}": field_value for inner, field_value in _unknown(row[name], _NESTED[name]).items()
            }
    return unknown


def uncounted(page: Page) -> dict[datetime, dict[str, int]]:
    """By the start of a bucket, the tokens of counters that tallystick does not know; all of them under the empty name.

    Zeros are left out. A flat count of what is counted nested cannot be told from a new kind (trap 18).
    """
    counts: dict[datetime, dict[str, int]] = {}
    for bucket, untyped in zip(next(usage_pages([page]))[1], decode(page, _Untyped).data, strict=True):
        for row in untyped.results:
            for name, count in unknown_counters(row, COUNTER_PATHS).items():
                day = counts.setdefault(bucket.window.start, {})
                day |= {name: day.get(name, 0) + count, "": day.get("", 0) + count}
    return counts
