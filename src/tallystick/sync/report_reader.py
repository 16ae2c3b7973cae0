"""Report reader: asks the API for the pages of a task, and asks otherwise where the API refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy

from tallystick.api import analytics
from tallystick.api.page import Page, Query
from tallystick.core.dimensions import UNKNOWN
from tallystick.errors import CursorExpired, Refused
from tallystick.sync.batch import Batch, FetchedPage
from tallystick.sync.page_checks import Watch
from tallystick.sync.plan import SyncTask
from tallystick.sync.source import Source

OTHERWISE = frozenset({400, 403, 404, 422})
"""What the API answers to a grouping or a filter that an organization, or a span of days, does not have."""

Filter = Mapping[str, tuple[str, ...]]
"""What a query filters on."""
Ask = Callable[[tuple[str, ...], Filter], Query]
"""Makes a query of what to group by and what to filter on."""


class ReportReader:
    """Asks in the name of one sync; `warn` takes what the user should know of the answers.

    `densest` is the most rows that one bucket of a cube held so far, by source.
    """

    def __init__(self, client: Watch, warn: Callable[..., None]) -> None:
        self._client = client
        self.warn = warn
        self._refused: dict[SyncTask, set[str]] = {}
        self._hints: dict[Source, set[str]] = {}
        self.densest: dict[Source, int] = {}

    def warning(self, warn: Callable[..., None]) -> ReportReader:
        """The same, with what it learnt and will learn, for what tells its warnings otherwise."""
        reader = copy(self)
        reader.warn = warn
        return reader

    def pages(self, batch: Batch) -> Iterator[FetchedPage]:
        """The pages of a batch, in order, each to be taken by it before the next is asked for."""
        return batch.task.source.requests.pages(self, batch)

    def refused(self, task: SyncTask) -> set[str]:
        """The dimensions that the API does not group this window by."""
        return self._refused.setdefault(task, set())

    def filtered(
        self,
        task: SyncTask,
        by: tuple[str, ...],
        ask: Ask,
        where: Mapping[str, str],
        fixed: Mapping[str, str],
        filters: list[Filter],
    ) -> Iterator[FetchedPage]:
        """The pages of one query of a cube, without the filters that the API refuses: those values are `unknown`.

        `filters` are those of the queries so far, and grow: without a filter two queries can become one.
        """
        filter_: Filter = {name: (value,) for name, value in where.items()}
        try:
            yield from self.grouped(task, "cube", by, ask, filter_, fixed)
        except Refused as no:
            if not where or not _may_be_asked_otherwise(no):
                raise
            bad = [name for name, values in filter_.items() if not self._accepts(ask((), {name: values}))]
            if not bad:
                raise
            for name in bad:
                self.warn(f"The API takes no filter on {name} {where[name]}; it is `unknown`. {no.what}")
            rest = {name: values for name, values in filter_.items() if name not in bad}
            if rest not in filters:
                filters.append(rest)
                yield from self.grouped(task, "cube", by, ask, rest, {**fixed, **dict.fromkeys(bad, UNKNOWN)})
        else:
            filters.append(filter_)

    def grouped(
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
        refused = self.refused(task)
        while True:
            names = tuple(name for name in by if name not in refused)
            try:
                yield from self.answers(purpose, ask(names, where), fixed)
            except Refused as no:
                if not names or not _may_be_asked_otherwise(no) or not self._accepts(ask((), where)):
                    raise
                new = self._culprits(task.source, names, lambda subset: ask(subset, where))
                refused |= new
                for name in sorted(new - self._hints.setdefault(task.source, set())):
                    report = task.source.report
                    self.warn(f"The {report} report is not given by {name} here; it is `unknown`. {no.what}")
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

    def answers(self, purpose: str, query: Query, fixed: Mapping[str, str] | None = None) -> Iterator[FetchedPage]:
        """The pages of a query, with their purpose and what the query held fixed."""

        def answer(page: Page) -> FetchedPage:
            return FetchedPage(purpose, fixed or {}, page, analytics.refreshed(page) if query.endpoint.paced else None)

        return map(answer, self._client.pages(query))

    def learn(self, batch: Batch) -> None:
        """Learn how dense a report is."""
        source = batch.task.source
        self.densest[source] = max(self.densest.get(source, 0), batch.densest)


def _may_be_asked_otherwise(no: Refused) -> bool:
    return no.status in OTHERWISE and not isinstance(no, CursorExpired)
