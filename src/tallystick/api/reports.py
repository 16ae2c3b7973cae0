"""The older reports: `usage_report/messages` and `cost_report`, from page to rows (reports-api 1.1 to 1.3).

A page is checked as it is read: buckets in order, on their boundaries, inside the window, none twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from tallystick.api.endpoints import COST_REPORT, USAGE_REPORT, WIDTHS
from tallystick.api.figures import COUNTER_PATHS, Maybe, Usage, dollars, unknown_fields
from tallystick.api.leniency import Oddity, read
from tallystick.api.page import Envelope, Page, decode, strange
from tallystick.core.dimensions import KINDS, NAMED, UNKNOWN
from tallystick.core.records import CostRecord, UsageRecord
from tallystick.core.time import Grain, Window, instant
from tallystick.core.uncounted import unknown_counters


class UsageRow(Usage):
    """One result of the usage report (reports-api 1.2.2); dimensions may be absent in older shapes."""

    account_id: Maybe = UNKNOWN
    api_key_id: Maybe = UNKNOWN
    service_account_id: Maybe = UNKNOWN
    workspace_id: Maybe = UNKNOWN
    model: Maybe = UNKNOWN
    service_tier: Maybe = UNKNOWN
    context_window: Maybe = UNKNOWN
    inference_geo: Maybe = UNKNOWN
    speed: Maybe = UNKNOWN


class CostRow(msgspec.Struct, gc=False):
    """One result of the cost report (reports-api 1.3.2); `amount` is fractional US cents."""

    amount: str
    currency: str
    workspace_id: Maybe = UNKNOWN
    description: Maybe = UNKNOWN
    cost_type: Maybe = None
    model: Maybe = None
    token_type: Maybe = None
    service_tier: Maybe = None
    context_window: Maybe = None
    inference_geo: Maybe = None
    speed: Maybe = None


Row = TypeVar("Row", UsageRow, CostRow)


class _Bucket(msgspec.Struct, Generic[Row]):
    starting_at: str
    ending_at: str
    results: list[Row]
    organization_id: Any = None


class Report(Envelope, Generic[Row]):
    """A page of an older report."""

    data: list[_Bucket[Row]]

    def mark(self) -> bytes:
        """Where its buckets start: each comes once."""
        return " ".join(bucket.starting_at for bucket in self.data).encode()


class _UntypedBucket(msgspec.Struct):
    results: list[dict[str, Any]]


class _Untyped(msgspec.Struct):
    data: list[_UntypedBucket]


class Bucket(NamedTuple, Generic[Row]):
    """One interval of a report, its rows in no promised order, and where it stands in its page."""

    window: Window
    rows: list[Row]
    path: str


def usage_pages(pages: Iterable[Page], odd: set[Oddity] | None = None) -> Iterator[tuple[Page, list[Bucket[UsageRow]]]]:
    """The buckets of each page of a usage query, checked; UnexpectedResponse where one cannot be.

    What was left out of them, since it did not fit and did not matter, is added to `odd`.
    """
    return _pages(pages, Report[UsageRow], odd)


def cost_pages(pages: Iterable[Page], odd: set[Oddity] | None = None) -> Iterator[tuple[Page, list[Bucket[CostRow]]]]:
    """The buckets of each page of a cost query, as `usage_pages` gives those of usage."""
    return _pages(pages, Report[CostRow], odd)


def _pages(
    pages: Iterable[Page], shape: type[Report[Row]], odd: set[Oddity] | None
) -> Iterator[tuple[Page, list[Bucket[Row]]]]:
    last: datetime | None = None
    for page in pages:
        buckets, (grain, requested) = [], _request_span(page)
        report = page.content if isinstance(page.content, Report) else read(page, shape, odd)
        for index, bucket in enumerate(report.data):
            path = f"$.data[{index}]"
            try:
                window = Window(instant(bucket.starting_at), instant(bucket.ending_at))
            except ValueError as wrong:
                raise strange(page, f"a bucket at `{path}` that is not a span of time ({wrong})") from None
            if not (grain.is_bucket(window) and requested.covers(window)):
                raise strange(page, f"the bucket {window} at `{path}`, which is no {grain} of {requested}")
            if last is not None and window.start < last:
                raise strange(page, f"the bucket {window} twice or out of order, at `{path}`")
            last = window.end
            buckets.append(Bucket(window, bucket.results, path))
        yield page, buckets


def _request_span(page: Page) -> tuple[Grain, Window]:
    """The grain and window that a page's request asked for."""
    parameters = dict(page.parameters)
    grain = next(Grain(name) for name, code in WIDTHS.items() if code == parameters["bucket_width"])
    return grain, Window(instant(parameters["starting_at"]), instant(parameters["ending_at"]))


def billed(page: Page, bucket: Bucket[CostRow]) -> list[Decimal]:
    """What each row of the bucket bills, in exact US dollars; InvalidAmount names the amount that cannot be read."""
    return [
        dollars(
            page,
            f"The cost report of {bucket.window} holds at `{bucket.path}.results[{index}].amount`",
            row.amount,
            row.currency,
        )
        for index, row in enumerate(bucket.rows)
    ]


def dims(row: UsageRow | CostRow, by: Iterable[str], fields: Mapping[str, str]) -> dict[str, str]:
    """The row's value of each dimension asked for; what is absent has its name (reports-api 1.2.2)."""
    return {name: value(name, getattr(row, fields[name])) for name in by}


def value(name: str, field_value: Maybe) -> str:
    """One dimension's value as tallystick holds it: the API's, or the name of what is absent."""
    return field_value or NAMED[name].absent


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
        dimensions[name] = field_value or (UNKNOWN if tokens or name == "cost_type" else "none")
    kind = row.token_type if tokens else row.cost_type
    dimensions["kind"] = KINDS.get(kind, kind) if kind else UNKNOWN
    return dimensions


def usage_records(pages: Iterable[Page], by: Sequence[str]) -> Iterator[UsageRecord]:
    """Usage records of a query grouped by `by`, lazily."""
    for page, buckets in usage_pages(pages):
        for bucket, extras in zip(buckets, extra_fields(untyped_rows(page), UsageRow), strict=True):
            for row, extra in zip(bucket.rows, extras, strict=True):
                yield UsageRecord(bucket.window, dims(row, by, USAGE_REPORT.groups), *row.counters, extra=extra)


def cost_records(pages: Iterable[Page], by: Sequence[str]) -> Iterator[CostRecord]:
    """Cost records of a query grouped by `by`, lazily."""
    for page, buckets in cost_pages(pages):
        for bucket, extras in zip(buckets, extra_fields(untyped_rows(page), CostRow), strict=True):
            for row, amount, extra in zip(bucket.rows, billed(page, bucket), extras, strict=True):
                yield CostRecord(bucket.window, cost_dims(row, by), amount, row.currency, extra)


def untyped_rows(page: Page) -> list[list[dict[str, Any]]]:
    """The rows of each bucket as they were sent, with fields that tallystick does not know."""
    return [bucket.results for bucket in decode(page, _Untyped).data]


def extra_fields(rows: list[list[dict[str, Any]]], shape: type[UsageRow | CostRow]) -> list[list[dict[str, object]]]:
    """For each row of each bucket, the fields that tallystick does not know, as sent; nested ones by their path."""
    return [[unknown_fields(row, shape) for row in bucket_rows] for bucket_rows in rows]


def uncounted(buckets: list[Bucket[UsageRow]], rows: list[list[dict[str, Any]]]) -> dict[datetime, dict[str, int]]:
    """By the start of a bucket, the tokens of counters that tallystick does not know; all of them under the empty name.

    Zeros are left out. A flat count of what is counted nested cannot be told from a new kind (trap 18).
    """
    counts: dict[datetime, dict[str, int]] = {}
    for bucket, bucket_rows in zip(buckets, rows, strict=True):
        for row in bucket_rows:
            for name, count in unknown_counters(row, COUNTER_PATHS).items():
                day = counts.setdefault(bucket.window.start, {})
                day |= {name: day.get(name, 0) + count, "": day.get("", 0) + count}
    return counts
