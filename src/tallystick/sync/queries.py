"""Queries: the ways in which a source is read, from one query a day to a cube between two control totals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from tallystick.api.endpoints import USAGE_REPORT, WIDTHS
from tallystick.api.page import Query
from tallystick.api.reports_query import cost_report_query, usage_report_query
from tallystick.core.time import Grain
from tallystick.sync.batch import Batch, FetchedPage
from tallystick.sync.cube import SCOUTS, SPARSE, cube_queries, sparse_queries
from tallystick.sync.report_reader import Filter, ReportReader

ROWS_A_PAGE = 10_000
"""Rows that a page should hold at most, so that memory stays flat: the older `limit` counts buckets, not rows."""
ROWS = 1000
"""Rows of a page of the newer dialect, before kinds fan out: the most it gives."""
FIRST_BUCKETS = 7
"""Buckets of the first page of a cube, before it is known how dense they are."""
LIMITS = {grain: USAGE_REPORT.limits[WIDTHS[grain]] for grain in (Grain.DAY, Grain.HOUR)}

AnalyticsQuery = Callable[..., Query]
"""`analytics_query.usage_query` or `cost_query`: those of the newer dialect."""


@dataclass(frozen=True, slots=True)
class Daily:
    """One query for each day of a report that has no control total."""

    query: Callable[[date], Query]

    def pages(self, reader: ReportReader, batch: Batch) -> Iterator[FetchedPage]:
        """The pages of a task."""
        for day in batch.task.window.days():
            yield from reader.answers("activity", self.query(day))


class Checked(ABC):
    """A control total before and after the rows, and alone where only that is to be compared."""

    def pages(self, reader: ReportReader, batch: Batch) -> Iterator[FetchedPage]:
        """The pages of a task."""
        control = self._control(batch)
        if batch.task.check:
            yield from reader.answers("check", control)
            return
        yield from reader.answers("before", control)
        yield from self._rows(reader, batch)
        yield from reader.answers("after", control)

    @abstractmethod
    def _control(self, batch: Batch) -> Query:
        """The query of the control total."""

    @abstractmethod
    def _rows(self, reader: ReportReader, batch: Batch) -> Iterator[FetchedPage]:
        """The pages of the rows."""


@dataclass(frozen=True)
class ReportsCost(Checked):
    """The older cost report: one query, grouped by all that it knows."""

    def _control(self, batch: Batch) -> Query:
        return cost_report_query(batch.task.window, batch.read_at)

    def _rows(self, reader: ReportReader, batch: Batch) -> Iterator[FetchedPage]:
        task = batch.task

        def ask(by: tuple[str, ...], where: Filter) -> Query:  # noqa: ARG001 - the report has no filter
            return cost_report_query(task.window, batch.read_at, by=by)

        return reader.grouped(task, "cube", ("workspace", "description"), ask)


@dataclass(frozen=True)
class ReportsUsage(Checked):
    """The older usage report: the scouts, and then the queries that rebuild the cube."""

    def _control(self, batch: Batch) -> Query:
        return usage_report_query(batch.task.window, batch.task.grain)

    def _rows(self, reader: ReportReader, batch: Batch) -> Iterator[FetchedPage]:
        task = batch.task

        def scout(by: tuple[str, ...], where: Filter) -> Query:
            return usage_report_query(task.window, Grain.DAY, by=by, where=where)

        def ask(by: tuple[str, ...], where: Filter) -> Query:
            densest = reader.densest.get(task.source)
            limit = max(1, min(LIMITS[task.grain], ROWS_A_PAGE // densest)) if densest else FIRST_BUCKETS
            return usage_report_query(task.window, task.grain, by=by, where=where, limit=limit)

        for by in SCOUTS:
            yield from reader.grouped(task, "scout", by, scout)
        queries, batch.lost = cube_queries(batch.seen, reader.refused(task))
        filters: list[Filter] = []
        for query in queries:
            yield from reader.filtered(task, query.by, ask, query.where, query.fixed, filters)


@dataclass(frozen=True)
class AnalyticsCube(Checked):
    """A report of the newer dialect: the scout, and then the queries that rebuild the cube."""

    query: AnalyticsQuery

    def _control(self, batch: Batch) -> Query:
        return self.query(batch.task.window, batch.task.grain, batch.read_at, limit=ROWS)

    def _rows(self, reader: ReportReader, batch: Batch) -> Iterator[FetchedPage]:
        task, now = batch.task, batch.read_at

        def scout(by: tuple[str, ...], where: Filter) -> Query:
            return self.query(task.window, None, now, by=by, where=where, limit=ROWS)

        def ask(by: tuple[str, ...], where: Filter) -> Query:
            return self.query(task.window, task.grain, now, by=by, where=where, limit=ROWS)

        yield from reader.grouped(task, "scout", SPARSE, scout)
        queries, batch.lost = sparse_queries(batch.seen, reader.refused(task))
        filters: list[Filter] = []
        for query in queries:
            by = (*query.by, "kind") if task.source.money else query.by
            yield from reader.filtered(task, by, ask, query.where, query.fixed, filters)


@dataclass(frozen=True)
class AnalyticsGroups(AnalyticsCube):
    """A report of the newer dialect in one query, grouped by these dimensions."""

    by: tuple[str, ...] = ()

    def _rows(self, reader: ReportReader, batch: Batch) -> Iterator[FetchedPage]:
        task = batch.task
        query = self.query(task.window, task.grain, batch.read_at, by=self.by, limit=ROWS)
        return reader.answers("cube", query)
