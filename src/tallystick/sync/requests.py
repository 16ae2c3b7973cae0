"""Questions: what a task asks of the API, page by page; what the scouts find decides the queries of the cube."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from tallystick.api import analytics, claude_code
from tallystick.api.client import Query
from tallystick.api.endpoints import USAGE_REPORT, WIDTHS
from tallystick.api.reports import cost_query, usage_query
from tallystick.core.dimensions import UNKNOWN
from tallystick.core.time import Grain
from tallystick.errors import CursorExpired, Refused
from tallystick.sync.batch import FetchedPage, Reading
from tallystick.sync.cube import SCOUTS, SPARSE, Cut, cuts, sparse_cuts
from tallystick.sync.page_checks import Watch
from tallystick.sync.plan import Source, SyncTask

ROWS_A_PAGE = 40_000
"""Rows that a page should hold at most, so that memory stays flat: the older `limit` counts buckets, not rows."""
ROWS = 1000
"""Rows of a page of the newer dialect, before kinds fan out: the most it gives."""
FIRST_BUCKETS = 7
"""Buckets of the first page of a cube, before it is known how dense they are."""
LIMITS = {grain: USAGE_REPORT.limits[WIDTHS[grain]] for grain in (Grain.DAY, Grain.HOUR)}
BAD_REQUEST = 400
OTHERWISE = frozenset({400, 403, 404, 422})
"""What the API answers to a grouping or a filter that an organization, or a span of days, does not have."""

Filter = Mapping[str, tuple[str, ...]]
"""What a query filters on."""
Ask = Callable[[tuple[str, ...], Filter], Query]
"""Makes a query of what to group by and what to filter on."""


class Questions:
    """Asks in the name of one sync; `warn` takes what the user should know of the answers."""

    def __init__(self, client: Watch, warn: Callable[..., None]) -> None:
        self._client = client
        self._warn = warn
        self._refused: dict[SyncTask, set[str]] = {}
        self._hints: dict[Source, set[str]] = {}
        self.densest = 0

    def pages(self, task: SyncTask, reading: Reading, now: datetime) -> Iterator[FetchedPage]:
        """The pages of a task, in order, each to be taken by the reading before the next is asked for."""
        source, window, grain = task.source, task.window, task.grain
        if source is Source.CLAUDE_CODE:
            for day in window.days():
                yield from self._pages("activity", claude_code.query(day))
            return
        match source:
            case Source.USAGE:
                control = usage_query(window, grain)
            case Source.COST:
                control = cost_query(window, now)
            case _:
                control = _sparse(source)(window, grain, now, limit=ROWS)
        if task.check:
            yield from self._pages("check", control)
            return
        yield from self._pages("before", control)
        if source.cut:
            by = (*source.cut.dims, "kind")
            yield from self._pages("cube", analytics.cost_query(window, grain, now, by=by, limit=ROWS))
        elif source.newer:
            yield from self._sparse_cube(task, reading, now)
        elif source is Source.COST:
            yield from self._grouped(
                task,
                "cube",
                ("workspace", "description"),
                lambda by, where: cost_query(window, now, by=by),  # noqa: ARG005
            )
        else:
            yield from self._cube(task, reading)
        yield from self._pages("after", control)

    def _cube(self, task: SyncTask, reading: Reading) -> Iterator[FetchedPage]:
        """The scouts and then the queries that rebuild the older usage cube."""
        window, grain = task.window, task.grain
        for by in SCOUTS:
            yield from self._grouped(
                task, "scout", by, lambda by, where: usage_query(window, Grain.DAY, by=by, where=where)
            )
        queries, lost = cuts(reading.seen, self._refused.get(task, ()))
        filters: list[Filter] = []
        for cut in queries:
            limit = max(1, min(LIMITS[grain], ROWS_A_PAGE // self.densest)) if self.densest else FIRST_BUCKETS

            def ask(by: tuple[str, ...], where: Filter, limit: int = limit) -> Query:
                return usage_query(window, grain, by=by, where=where, limit=limit)

            yield from self._filtered(task, cut, cut.by, ask, filters)
        reading.lost = lost

    def _sparse_cube(self, task: SyncTask, reading: Reading, now: datetime) -> Iterator[FetchedPage]:
        """The scout and then the queries that rebuild a cube of the newer dialect."""
        query, window = _sparse(task.source), task.window
        yield from self._grouped(
            task, "scout", SPARSE, lambda by, where: query(window, None, now, by=by, where=where, limit=ROWS)
        )
        queries, lost = sparse_cuts(reading.seen, self._refused.get(task, ()))
        filters: list[Filter] = []
        for cut in queries:
            by = (*cut.by, "kind") if task.source.money else cut.by
            yield from self._filtered(
                task,
                cut,
                by,
                lambda by, where: query(window, task.grain, now, by=by, where=where, limit=ROWS),
                filters,
            )
        reading.lost = lost

    def _filtered(
        self, task: SyncTask, cut: Cut, by: tuple[str, ...], ask: Ask, filters: list[Filter]
    ) -> Iterator[FetchedPage]:
        """The pages of one query of a cube, without the filters that the API refuses: those values are `unknown`.

        `filters` are those of the queries so far, and grow: without a filter two queries can become one.
        """
        where: Filter = {name: (value,) for name, value in cut.where.items()}
        fixed = dict(cut.fixed)
        try:
            yield from self._grouped(task, "cube", by, ask, where, fixed)
        except Refused as no:
            if not where or not _may_be_asked_otherwise(no):
                raise
            bad = [name for name, values in where.items() if not self._accepts(ask((), {name: values}))]
            if not bad:
                raise
            for name in bad:
                self._warn(f"The API takes no filter on {name} {where[name][0]}; it is `unknown`. {no.what}")
            rest = {name: values for name, values in where.items() if name not in bad}
            if rest not in filters:
                filters.append(rest)
                yield from self._grouped(task, "cube", by, ask, rest, fixed | dict.fromkeys(bad, UNKNOWN))
        else:
            filters.append(where)

    def _grouped(
        self,
        task: SyncTask,
        purpose: str,
        by: tuple[str, ...],
        ask: Ask,
        where: Filter | None = None,
        fixed: Mapping[str, str] | None = None,
    ) -> Iterator[FetchedPage]:
        """The pages of a query, grouped by as much of `by` as the API takes for this window; the rest is `unknown`."""
        where = where or {}
        while True:
            refused = self._refused.setdefault(task, set())
            names = tuple(name for name in by if name not in refused)
            try:
                yield from self._pages(purpose, ask(names, where), fixed)
            except Refused as no:
                if not names or not _may_be_asked_otherwise(no) or not self._accepts(ask((), where)):
                    raise
                new = self._culprits(task.source, names, lambda some: ask(some, where))
                refused |= new
                report = "cost" if task.source.money else "usage"
                for name in sorted(new - self._hints.setdefault(task.source, set())):
                    self._warn(f"The {report} report is not given by {name} here; it is `unknown`. {no.what}")
                self._hints[task.source] |= new
            else:
                return

    def _culprits(self, source: Source, names: tuple[str, ...], ask: Callable[[tuple[str, ...]], Query]) -> set[str]:
        """Which of several groupings the API refuses: what it refused before, each alone, or else the last."""
        if len(names) == 1:
            return {*names}
        before = self._hints.get(source, set()) & {*names}
        if before and self._accepts(ask(tuple(name for name in names if name not in before))):
            return before
        return {name for name in names if not self._accepts(ask((name,)))} or {names[-1]}

    def _accepts(self, query: Query) -> bool:
        try:
            self._client.get(query)
        except Refused as no:
            if not _may_be_asked_otherwise(no):
                raise
            return False
        return True

    def _pages(self, purpose: str, query: Query, fixed: Mapping[str, str] | None = None) -> Iterator[FetchedPage]:
        for page in self._client.pages(query):
            refreshed = analytics.refreshed(page) if query.endpoint.paced else None
            yield FetchedPage(purpose, fixed or {}, page, refreshed)


def _may_be_asked_otherwise(no: Refused) -> bool:
    return no.status in OTHERWISE and not isinstance(no, CursorExpired)


def _sparse(source: Source) -> Callable[..., Query]:
    return analytics.cost_query if source.money else analytics.usage_query
