"""Reports batches: of the older reports, which answer with every bucket, empty ones too (reports-api 1.1)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar

import pyarrow as pa

from tallystick.api.endpoints import COST_REPORT, USAGE_REPORT
from tallystick.api.figures import COUNTER_PATHS
from tallystick.api.page import Page, strange
from tallystick.api.reports import (
    COST_DIMS,
    DESCRIBED,
    Bucket,
    CostRow,
    UsageRow,
    billed,
    cost_dims,
    cost_pages,
    dims,
    extra_fields,
    uncounted,
    untyped_rows,
    usage_pages,
)
from tallystick.core.dimensions import NAMED, UNKNOWN, USAGE
from tallystick.core.money import total
from tallystick.core.records import COUNTERS, State
from tallystick.core.time import Grain, Window
from tallystick.sync.batch import FetchedPage, Figures, repeated
from tallystick.sync.cube_batch import CubeBatch, filtered_by, grouped_by
from tallystick.sync.row_columns import constant, counts, dimensions, dollars, texts

_GROUPS = {field: name for name, field in {**USAGE_REPORT.groups, **COST_REPORT.groups}.items()}
_FILTERS = {parameter: name for name, parameter in USAGE_REPORT.filters.items()}


@dataclass
class ReportBatch(CubeBatch):
    """A batch of an older report: a day is kept if every query answered for each of its buckets."""

    _answered: dict[tuple[Any, ...], set[datetime]] = field(default_factory=dict)
    _scouted: dict[tuple[str, ...], set[datetime]] = field(default_factory=dict)
    _shape: ClassVar[type[UsageRow | CostRow]]

    def add(self, answer: FetchedPage) -> None:
        """Take one page."""
        by = grouped_by(answer.page, _GROUPS)
        for page, buckets in self._pages(answer.page):
            self._once(answer, by, buckets)
            if answer.purpose == "scout":
                scouted = (row for bucket in buckets for row in bucket.rows)
                combinations = {tuple(dims(row, by, USAGE_REPORT.groups).items()) for row in scouted}
                self.seen += [dict(combination) for combination in sorted(combinations)]
                self._scouted.setdefault(by, set()).update(bucket.window.start for bucket in buckets if bucket.rows)
            elif answer.purpose == "cube":
                self.densest = max(self.densest, *(len(bucket.rows) for bucket in buckets), 0)
                columns = self._columns(page, buckets, answer, by)
                index = pa.array([index for index, bucket in enumerate(buckets) for _ in bucket.rows], pa.int32())
                starts = [bucket.window.start for bucket in buckets]
                self._keep(answer, filtered_by(answer, _FILTERS), columns, starts, index)
            else:
                totals = {bucket.window.start: self._total(page, bucket) for bucket in buckets}
                self._controls.setdefault(answer.purpose, {}).update(totals)
                rows = untyped_rows(page)
                extras = extra_fields(rows, self._shape)
                self.new_fields |= {name for bucket_rows in extras for row in bucket_rows for name in row}
                if self._shape is UsageRow:
                    self._uncounted.setdefault(answer.purpose, {}).update(uncounted(buckets, rows))

    @abstractmethod
    def _pages(self, page: Page) -> Iterable[tuple[Page, list[Bucket[Any]]]]:
        """The page with its buckets, checked."""

    @abstractmethod
    def _columns(
        self, page: Page, buckets: list[Bucket[Any]], answer: FetchedPage, by: tuple[str, ...]
    ) -> dict[str, pa.Array]:
        """The dimensions and figures of a page's rows."""

    @abstractmethod
    def _total(self, page: Page, bucket: Bucket[Any]) -> Figures:
        """The control total of a bucket."""

    @property
    def _adds_up(self) -> bool:
        return not any(smaller < larger for smaller in self._parts for larger in self._parts)

    def _complete_until(self) -> datetime:
        return self.read_at

    def _buckets(self, day: Window, day_state: State) -> list[datetime]:
        after, starts = self._controls.get("after", {}), self._buckets_of(day)
        answered = [start for start in starts if start in after]
        return answered if day_state is State.RUNNING or len(answered) == len(starts) else []

    def _control(self, purpose: str, start: datetime) -> Figures | None:
        return self._controls.get(purpose, {}).get(start)

    def _agree(self, start: datetime, cube: Mapping[datetime, Figures]) -> bool:
        queries = (starts for key, starts in self._answered.items() if key[0] == "cube")
        # A scout that has nothing of a day that was used would leave its tier, region or account unknown for good.
        used = any(cube.get(start, {}).values())
        is_scouted = not used or all(Grain.DAY.floor(start) in days for days in self._scouted.values())
        return is_scouted and all(start in starts for starts in queries) and super()._agree(start, cube)

    def _once(self, answer: FetchedPage, by: tuple[str, ...], buckets: list[Bucket[Any]]) -> None:
        """Raise UnexpectedResponse for a bucket that came already in answer to this query."""
        starts = self._answered.setdefault((answer.purpose, by, *sorted(answer.fixed.items())), set())
        for bucket in buckets:
            if bucket.window.start in starts:
                raise strange(answer.page, f"the bucket {bucket.window} a second time, at `{bucket.path}`")
            starts.add(bucket.window.start)


@dataclass
class UsageBatch(ReportBatch):
    """A batch of the older usage report."""

    _shape = UsageRow

    def _pages(self, page: Page) -> Iterable[tuple[Page, list[Bucket[UsageRow]]]]:
        return usage_pages([page], self.odd)

    def _columns(
        self,
        page: Page,  # noqa: ARG002 - names the page of a wrong amount; a count is checked where it is decoded
        buckets: list[Bucket[UsageRow]],
        answer: FetchedPage,
        by: tuple[str, ...],
    ) -> dict[str, pa.Array]:
        rows = [row for bucket in buckets for row in bucket.rows]
        fixed = {dimension.name: answer.fixed.get(dimension.name, UNKNOWN) for dimension in USAGE}
        columns = {name: constant(value, len(rows)) for name, value in fixed.items()}
        columns |= {name: texts(rows, USAGE_REPORT.groups[name], NAMED[name].absent) for name in by}
        return columns | {name: counts(rows, path) for name, path in zip(COUNTERS, COUNTER_PATHS, strict=True)}

    def _total(self, page: Page, bucket: Bucket[UsageRow]) -> Figures:
        counters = [row.counters for row in bucket.rows]
        _no_row_twice(page, bucket, counters)
        sums = [sum(column) for column in zip(*counters, strict=True)]
        return dict(zip(COUNTERS, sums or [0] * len(COUNTERS), strict=True))


@dataclass
class CostBatch(ReportBatch):
    """A batch of the older cost report."""

    _shape = CostRow

    def _pages(self, page: Page) -> Iterable[tuple[Page, list[Bucket[CostRow]]]]:
        return cost_pages([page], self.odd)

    def _columns(
        self,
        page: Page,
        buckets: list[Bucket[CostRow]],
        answer: FetchedPage,  # noqa: ARG002 - no filter holds a dimension fixed
        by: tuple[str, ...],
    ) -> dict[str, pa.Array]:
        rows = [row for bucket in buckets for row in bucket.rows]
        unknown = dict.fromkeys(COST_DIMS, UNKNOWN)  # a grouping that was refused leaves its dimensions so
        keys = map(attrgetter(*COST_REPORT.groups.values(), "token_type", *DESCRIBED.values()), rows)
        columns = dimensions(rows, keys, COST_DIMS, lambda row: unknown | cost_dims(row, by))
        columns["billed"] = dollars(
            [row.amount for row in rows],
            (row.currency for row in rows),
            lambda: (amount for bucket in buckets for amount in billed(page, bucket)),
        )
        return columns | {"currency": constant("USD", len(rows))}

    def _total(self, page: Page, bucket: Bucket[CostRow]) -> Figures:
        amounts = billed(page, bucket)
        _no_row_twice(page, bucket, amounts)
        return {"billed": total(amounts)}


def _no_row_twice(page: Page, bucket: Bucket[Any], figures: Sequence[Any]) -> None:
    """Raise UnexpectedResponse where a bucket of what is not grouped holds the same figures twice: it has one row."""
    if len(set(figures)) < len(figures):
        raise repeated(page, bucket.path, bucket.window)
