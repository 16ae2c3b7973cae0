"""Analytics, the newer dialect: `analytics/usage` and `analytics/cost`, from page to rows (analytics-api 1).

Rows are flat and sparse: no empty buckets, no zeros. Several actors that cannot be named each give a row of their own:
(bucket, group) is no key, and what comes twice is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import count, groupby
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from tallystick.api.actors import actor_of
from tallystick.api.analytics_pages import Cost, CostReport, CostRow, Group, Report, RowUsage, UsageReport, UsageRow
from tallystick.api.endpoints import ANALYTICS_COST, WIDTHS
from tallystick.api.figures import COUNTER_PATHS, dollars, unknown_fields
from tallystick.api.leniency import Oddity, part, read
from tallystick.api.page import Page, strange, unreadable
from tallystick.core.dimensions import KINDS, NAMED, UNKNOWN
from tallystick.core.money import from_cents, total
from tallystick.core.records import COUNTERS, TOKENS, CostRecord, UsageRecord
from tallystick.core.time import Grain, Window, instant
from tallystick.core.uncounted import unknown_counters
from tallystick.errors import InvalidAmount

_BOUNDS = attrgetter("starting_at", "ending_at")


class Rows(NamedTuple):
    """The rows of a page, the buckets that there are, and which of these each row is of."""

    buckets: list[Window]
    bucket_of: list[int]
    data: list[Any]

    def placed(self) -> list[Placed]:
        """Each row with its bucket and where it stands."""
        return [*map(Placed, map(self.buckets.__getitem__, self.bucket_of), self.data, count())]


class Placed(NamedTuple):
    """A row, the bucket it is of, and its number in its page."""

    window: Window
    row: Any
    number: int

    @property
    def path(self) -> str:
        """Where it stands in its page."""
        return f"$.data[{self.number}]"


def refreshed(page: Page) -> datetime | None:
    """The watermark: what happened later is not whole in this page; None where nothing of it was exported yet."""
    watermark = _report(page).data_refreshed_at
    try:
        return instant(watermark) if watermark else None
    except ValueError as wrong:
        raise strange(page, f"a `data_refreshed_at` that is not an instant ({wrong})") from None


def organization(page: Page) -> str | None:
    """The id of the organization that answered, where the answer tells it (analytics-api 1.3, reports-api 2)."""
    return _report(page).organization_id or page.headers.get("anthropic-organization-id")


def children(page: Page) -> set[str]:
    """The organizations that a page of `family` names; none where the credential is not a parent's."""
    ids = {group_of(page, bytes(row.group)).organization_id or UNKNOWN for row in _report(page).data}
    return ids - {UNKNOWN}


def rows(pages: Iterable[Page], odd: set[Oddity] | None = None) -> Iterator[tuple[Page, Rows]]:
    """The rows of each page; UnexpectedResponse for one that is of no bucket of what was asked.

    What was left out of them, since it did not fit and did not matter, is added to `odd`.
    """
    for page in pages:
        parameters = dict(page.parameters)
        window = Window(instant(parameters["starting_at"]), instant(parameters["ending_at"]))
        width = parameters.get("time_bucket_width")
        grain = next((Grain(name) for name, code in WIDTHS.items() if code == width), None)
        data = _report(page, odd).data
        runs = [(pair, len([*run])) for pair, run in groupby(map(_BOUNDS, data))]  # rows come in order of time
        index: dict[tuple[str, str], int] = {}
        buckets, bucket_of = list[Window](), list[int]()
        for pair, size in runs:
            if pair not in index:
                index[pair] = len(index)
                buckets.append(_bucket(page, f"$.data[{len(bucket_of)}]", pair, grain, window))
            bucket_of += [index[pair]] * size
        yield page, Rows(buckets, bucket_of, data)


def _report(page: Page, odd: set[Oddity] | None = None) -> Any:
    if isinstance(page.content, Report):
        return page.content
    return read(page, CostReport if page.request.startswith(ANALYTICS_COST.path) else UsageReport, odd)


def _bucket(page: Page, path: str, bounds: tuple[str, str], grain: Grain | None, requested: Window) -> Window:
    try:
        window = Window(instant(bounds[0]), instant(bounds[1]))
    except ValueError as wrong:
        raise strange(page, f"a row at `{path}` that is not of a span of time ({wrong})") from None
    if not requested.covers(window) or (grain and not grain.is_bucket(window)):
        raise strange(page, f"a row of {window} at `{path}`, which is no {grain or 'part'} of {requested}")
    return window


def amounts(page: Page, placed: Placed, odd: set[Oddity] | None = None) -> tuple[Decimal, Decimal | None]:
    """What a row bills, and the same at list price, in exact US dollars.

    InvalidAmount names an amount that cannot be read; a list price that cannot is None, which `odd` is told.
    """
    cost: Cost = placed.row.cost
    path = f"The analytics cost of {placed.window} holds at `{placed.path}.cost`"
    billed = dollars(page, path, cost.amount, cost.currency)
    try:
        return billed, None if cost.list_amount is None else from_cents(cost.list_amount, cost.currency)
    except InvalidAmount:
        if odd is not None:
            odd.add(Oddity("data[].cost.list_amount", "no amount of US cents; the list price is unknown"))
        return billed, None


def group_of(page: Page, body: bytes, odd: set[Oddity] | None = None) -> Group:
    """What a row is of, from its `group` as the API wrote it; errors and `odd` as from `rows`."""
    try:
        return part(body, Group, "$.data[].group", set() if odd is None else odd)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise unreadable(page, wrong) from None


def value(name: str, group: Group) -> str:
    """One dimension of a row as tallystick holds it: the API's word, or the name of what is absent."""
    if name == "kind":
        word = group.token_type or group.cost_type
        return KINDS.get(word, word) if word and word != "tokens" else UNKNOWN
    dimension = NAMED[name]
    if name == "actor":
        body = bytes(group.actor)
        actor = actor_of(body) if body else None
        return actor.id if actor else dimension.null if body else UNKNOWN
    return getattr(group, str(dimension.analytics)) or dimension.null


def usage_records(pages: Iterable[Page], by: Sequence[str]) -> Iterator[UsageRecord]:
    """Usage records of a query in order of time, lazily; what comes twice in a bucket is added."""
    for window, dims, group in _groups(pages, by):
        usages = [placed.row.usage for _, placed in group]
        sums = [sum(counts) for counts in zip(*(usage.counters for usage in usages), strict=True)]
        yield UsageRecord(window, dims, **dict(zip(COUNTERS, sums, strict=True)), requests=_requests(usages))


def cost_records(pages: Iterable[Page], by: Sequence[str]) -> Iterator[CostRecord]:
    """Cost records of a query in order of time, lazily; what comes twice in a bucket is added."""
    for window, dims, group in _groups(pages, by):
        billed, listed = zip(*(amounts(page, placed) for page, placed in group), strict=True)
        costs = [placed.row.cost for _, placed in group]
        yield CostRecord(
            window,
            dims,
            total(list(billed)),
            costs[0].currency,
            list=None if None in listed else total(list(listed)),
            requests=_requests(costs),
        )


def _groups(
    pages: Iterable[Page], by: Sequence[str]
) -> Iterator[tuple[Window, dict[str, str], list[tuple[Page, Placed]]]]:
    """The rows of each group of each bucket, with its dimensions."""
    for window, bucket_rows in _by_bucket(pages):
        groups: dict[tuple[str, ...], list[tuple[Page, Placed]]] = {}
        for page, placed in bucket_rows:
            group = group_of(page, bytes(placed.row.group))
            groups.setdefault(tuple(value(name, group) for name in by), []).append((page, placed))
        for dims, members in groups.items():
            yield window, dict(zip(by, dims, strict=True)), members


def _by_bucket(pages: Iterable[Page]) -> Iterator[tuple[Window, list[tuple[Page, Placed]]]]:
    """The rows of pages that are in order of time, bucket by bucket."""
    bucket: Window | None = None
    bucket_rows: list[tuple[Page, Placed]] = []
    for page, page_rows in rows(pages):
        for row in page_rows.placed():
            if bucket is not None and row.window != bucket:
                yield bucket, bucket_rows
                bucket_rows = []
            bucket = row.window
            bucket_rows.append((page, row))
    if bucket is not None:
        yield bucket, bucket_rows


def _requests(records: Sequence[RowUsage | Cost]) -> int | None:
    """How many requests; None where the API does not say for one of them."""
    counts = [record.requests for record in records if record.requests is not None]
    return sum(counts) if len(counts) == len(records) else None


def extra_fields(data: list[dict[str, Any]], shape: type[UsageRow | CostRow]) -> set[str]:
    """The fields of rows that tallystick does not know, by their path in a row."""
    return {name for row in data for name in unknown_fields(row, shape, {"group": Group})}


def uncounted(rows: Rows, data: list[dict[str, Any]]) -> dict[datetime, dict[str, int]]:
    """By the start of a bucket, how many tokens `total_tokens` counts beyond the known kinds, and which fields are new.

    The difference is under the empty name; where there is no total the new fields alone tell. Zeros are left out.
    """
    counts: dict[datetime, dict[str, int]] = {}
    for (window, row, _), untyped in zip(rows.placed(), data, strict=True):
        usage: RowUsage = row.usage
        new = unknown_counters(untyped["usage"], (*COUNTER_PATHS, "total_tokens"))
        known = sum(usage.counters[: len(TOKENS)])
        beyond = sum(new.values()) if usage.total_tokens is None else usage.total_tokens - known
        if beyond:
            day = counts.setdefault(window.start, {})
            for name, tokens in {**new, "": beyond}.items():
                day[name] = day.get(name, 0) + tokens
    return counts
