"""Dense readings: the older reports, which answer with every bucket, empty ones too (reports-api 1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pyarrow as pa

from tallystick.api.client import Page
from tallystick.api.endpoints import COST_REPORT, USAGE_REPORT
from tallystick.api.reports import (
    COST_DIMS,
    COUNTER_PATHS,
    Bucket,
    CostRow,
    UsageRow,
    billed,
    cost_dims,
    cost_pages,
    dims,
    extra_fields,
    uncounted,
    usage_pages,
)
from tallystick.core.dimensions import UNKNOWN, USAGE
from tallystick.core.money import total
from tallystick.core.records import COUNTERS, State
from tallystick.core.time import Grain, Window
from tallystick.errors import UnexpectedResponse
from tallystick.store.tables import schema
from tallystick.sync.batch import MEASURES, FetchedPage, Figures, Reading, repeated
from tallystick.sync.plan import Source
from tallystick.sync.remainder import Filters, judged, whole

_GROUPS = {field: name for name, field in {**USAGE_REPORT.groups, **COST_REPORT.groups}.items()}


@dataclass
class DenseReading(Reading):
    """A reading of the older reports: a day is kept if every query answered for each of its buckets."""

    _answered: dict[tuple[Any, ...], set[datetime]] = field(default_factory=dict)
    _batches: dict[Filters, list[pa.Table]] = field(default_factory=dict)
    _fixed: dict[Filters, Mapping[str, str]] = field(default_factory=dict)
    _scouted: dict[tuple[str, ...], set[datetime]] = field(default_factory=dict)

    def add(self, answer: FetchedPage) -> None:
        """Take one page."""
        by = _by(answer.page)
        if self.task.source is Source.USAGE:
            for page, buckets in usage_pages([answer.page], self.odd):
                self._once(answer, by, buckets)
                if answer.purpose == "scout":
                    combinations = {
                        tuple(dims(row, by, USAGE_REPORT.groups).items()) for bucket in buckets for row in bucket.rows
                    }
                    self.seen += [dict(combination) for combination in sorted(combinations)]
                    self._scouted.setdefault(by, set()).update(bucket.window.start for bucket in buckets if bucket.rows)
                elif answer.purpose == "cube":
                    self._keep(answer, buckets, _usage_columns(buckets, answer, by))
                else:
                    for total_bucket in buckets:
                        _no_row_twice(page, total_bucket, [row.counters for row in total_bucket.rows])
                    self._control(answer, {bucket.window.start: _counts(bucket.rows) for bucket in buckets})
                    self._notice(extra_fields(page, UsageRow))
                    self._uncounted[answer.purpose] = self._uncounted.get(answer.purpose, {}) | uncounted(page)
        else:
            for page, costs in cost_pages([answer.page], self.odd):
                self._once(answer, by, costs)
                amounts = [billed(page, bucket) for bucket in costs]
                if answer.purpose == "cube":
                    self._keep(answer, costs, _cost_columns(costs, by, amounts))
                else:
                    for cost, billed_rows in zip(costs, amounts, strict=True):
                        _no_row_twice(page, cost, billed_rows)
                    starts = (cost.window.start for cost in costs)
                    totals = ({"billed": total(billed_rows)} for billed_rows in amounts)
                    self._control(answer, dict(zip(starts, totals, strict=True)))
                    self._notice(extra_fields(page, CostRow))

    def _cube(self) -> tuple[pa.Table, set[date]]:
        empty = schema(self._table).empty_table()
        if not any(smaller < larger for smaller in self._batches for larger in self._batches):
            return pa.concat_tables([empty, *(rows for tables in self._batches.values() for rows in tables)]), set()
        return judged(pa.concat_tables([empty, *whole(self._batches, self._fixed, MEASURES[self.task.source])]))

    def _whole_until(self) -> datetime:
        return self.read_at

    def _buckets(self, day: Window, day_state: State) -> list[datetime]:
        after, starts = self._controls.get("after", {}), self._buckets_of(day)
        answered = [start for start in starts if start in after]
        return answered if day_state is State.RUNNING or len(answered) == len(starts) else []

    def _said(self, purpose: str, start: datetime) -> Figures | None:
        return self._controls.get(purpose, {}).get(start)

    def _agree(self, start: datetime, cube: Mapping[datetime, Figures]) -> bool:
        queries = (starts for key, starts in self._answered.items() if key[0] == "cube")
        # A scout that has nothing of a day that was used would leave its tier, region or account unknown for good.
        used = any(cube.get(start, {}).values())
        seen = not used or all(Grain.DAY.floor(start) in days for days in self._scouted.values())
        return seen and all(start in starts for starts in queries) and super()._agree(start, cube)

    def _once(self, answer: FetchedPage, by: tuple[str, ...], buckets: list[Bucket[Any]]) -> None:
        """Raise UnexpectedResponse for a bucket that came already in answer to this query."""
        starts = self._answered.setdefault((answer.purpose, by, *sorted(answer.fixed.items())), set())
        for bucket in buckets:
            if bucket.window.start in starts:
                raise UnexpectedResponse(
                    f"{answer.page.request.partition('?')[0]} answered at `{bucket.path}` with the bucket "
                    f"{bucket.window} a second time.",
                    "Nothing of this window was kept. Try again; if it stays, report the request-id to Anthropic.",
                    request_id=answer.page.request_id,
                )
            starts.add(bucket.window.start)

    def _notice(self, extras: list[list[dict[str, object]]]) -> None:
        self.new_fields |= {name for bucket in extras for row in bucket for name in row}

    def _keep(self, answer: FetchedPage, buckets: list[Bucket[Any]], columns: dict[str, pa.Array]) -> None:
        sizes = [len(bucket.rows) for bucket in buckets]
        self.densest = max(self.densest, *sizes, 0)
        when = self._columns([bucket.window.start for bucket in buckets], sizes)
        self._bound(answer.page, columns)
        filters = _filters(answer)
        self._fixed[filters] = answer.fixed
        self._batches.setdefault(filters, []).append(self._fitted(columns | when))


def _no_row_twice(page: Page, bucket: Bucket[Any], figures: Sequence[Any]) -> None:
    """Raise UnexpectedResponse where a bucket of what is not grouped holds the same figures twice: it has one row."""
    if len(set(figures)) < len(figures):
        raise repeated(page, bucket.path, bucket.window)


def _by(page: Page) -> tuple[str, ...]:
    """The dimensions that the request grouped by."""
    query = parse_qs(urlsplit(page.request).query)
    return tuple(_GROUPS[name] for name in query.get("group_by[]", []))


def _filters(answer: FetchedPage) -> Filters:
    """What the request filtered on, as values of our dimensions."""
    query = parse_qs(urlsplit(answer.page.request).query)
    return frozenset(
        (name, answer.fixed[name])
        for name, parameter in USAGE_REPORT.filters.items()
        if f"{parameter}[]" in query and name in answer.fixed
    )


def _usage_columns(buckets: list[Bucket[UsageRow]], answer: FetchedPage, by: tuple[str, ...]) -> dict[str, pa.Array]:
    rows = [row for bucket in buckets for row in bucket.rows]
    columns: dict[str, pa.Array] = {}
    for dimension in USAGE:
        name, absent = dimension.name, dimension.absent
        if name in by:
            values = map(attrgetter(USAGE_REPORT.groups[name]), rows)
            columns[name] = pa.array(
                [value or (UNKNOWN if value is msgspec.UNSET else absent) for value in values], pa.string()
            )
        else:
            columns[name] = pa.repeat(answer.fixed.get(name, UNKNOWN), len(rows))
    for name, path in zip(COUNTERS, COUNTER_PATHS, strict=True):
        columns[name] = pa.array(map(attrgetter(path), rows), pa.int64(), size=len(rows))
    return columns


def _cost_columns(
    buckets: list[Bucket[CostRow]], by: tuple[str, ...], amounts: list[list[Decimal]]
) -> dict[str, pa.Array]:
    rows = [row for bucket in buckets for row in bucket.rows]
    unknown = dict.fromkeys(COST_DIMS, UNKNOWN)  # a grouping that was refused leaves its dimensions so
    row_dims = [unknown | cost_dims(row, by) for row in rows]
    columns = {name: pa.array([values[name] for values in row_dims], pa.string()) for name in COST_DIMS}
    columns["currency"] = pa.array([row.currency.upper() for row in rows], pa.string())
    columns["billed"] = pa.array([amount for bucket in amounts for amount in bucket], pa.decimal128(28, 12))
    return columns


def _counts(rows: Iterable[UsageRow]) -> Figures:
    sums = [sum(counts) for counts in zip(*(row.counters for row in rows), strict=True)]
    return dict(zip(COUNTERS, sums or [0] * len(COUNTERS), strict=True))
