"""Questions: what an errand asks of the API, page by page; what the scouts find decides the queries of the cube."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from tallystick.api import analytics, claude_code
from tallystick.api.client import Client, Query
from tallystick.api.endpoints import USAGE_REPORT, WIDTHS
from tallystick.api.reports import cost_query, usage_query
from tallystick.core.time import Grain, Window
from tallystick.errors import CursorLost, Refused
from tallystick.sync.cube import SCOUTS, SPARSE, cuts, sparse_cuts
from tallystick.sync.plan import Errand, Source
from tallystick.sync.reading import Asked, Reading

ROWS_A_PAGE = 40_000
"""Rows that a page should hold at most, so that memory stays flat: the older `limit` counts buckets, not rows."""
ROWS = 1000
"""Rows of a page of the newer dialect, before kinds fan out: the most it gives."""
FIRST_BUCKETS = 7
"""Buckets of the first page of a cube, before it is known how dense they are."""
LIMITS = {grain: USAGE_REPORT.limits[WIDTHS[grain]] for grain in (Grain.DAY, Grain.HOUR)}
BAD_REQUEST = 400


class Questions:
    """Asks in the name of one sync; `remark` takes what the user should know of the answers."""

    def __init__(self, client: Client, remark: Callable[..., None]) -> None:
        self._client = client
        self._remark = remark
        self._speed = True
        self.densest = 0

    def pages(self, errand: Errand, reading: Reading, now: datetime) -> Iterator[Asked]:
        """The pages of an errand, in order, each to be taken by the reading before the next is asked for."""
        source, window, grain = errand.source, errand.window, errand.grain
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
        if errand.check:
            yield from self._pages("check", control)
            return
        yield from self._pages("before", control)
        if source.cut:
            by = (*source.cut.dims, "kind")
            yield from self._pages("cube", analytics.cost_query(window, grain, now, by=by, limit=ROWS))
        elif source.newer:
            yield from self._sparse_cube(errand, reading, now)
        elif source is Source.COST:
            yield from self._pages("cube", cost_query(window, now, by=("workspace", "description")))
        else:
            yield from self._cube(window, grain, reading)
        yield from self._pages("after", control)

    def _cube(self, window: Window, grain: Grain, reading: Reading) -> Iterator[Asked]:
        """The scouts and then the queries that rebuild the older usage cube."""
        for by in SCOUTS:
            yield from self._scout(window, by)
        queries, lost = cuts(reading.seen)
        for cut in queries:
            where = {name: (value,) for name, value in cut.where.items()}
            limit = max(1, min(LIMITS[grain], ROWS_A_PAGE // self.densest)) if self.densest else FIRST_BUCKETS
            yield from self._pages("cube", usage_query(window, grain, by=cut.by, where=where, limit=limit), cut.fixed)
        self._remark(*(f"{name} could not be cut out of the usage report; it is `unknown`." for name in lost))

    def _scout(self, window: Window, by: tuple[str, ...]) -> Iterator[Asked]:
        """Which values exist; without speed where this organization may not use its beta header."""
        if "speed" in by and self._speed:
            try:
                yield from self._pages("scout", usage_query(window, Grain.DAY, by=by))
            except Refused as no:
                if no.status != BAD_REQUEST or isinstance(no, CursorLost):
                    raise
                self._speed = False
                self._remark(f"The usage report is not given by speed here; it is `unknown`. {no.what}")
            else:
                return
        slower = tuple(name for name in by if name != "speed")
        yield from self._pages("scout", usage_query(window, Grain.DAY, by=slower))

    def _sparse_cube(self, errand: Errand, reading: Reading, now: datetime) -> Iterator[Asked]:
        """The scout and then the queries that rebuild a cube of the newer dialect."""
        query, window = _sparse(errand.source), errand.window
        yield from self._pages("scout", query(window, None, now, by=SPARSE, limit=ROWS))
        queries, lost = sparse_cuts(reading.seen)
        for cut in queries:
            by = (*cut.by, "kind") if errand.source.money else cut.by
            where = {name: (value,) for name, value in cut.where.items()}
            yield from self._pages("cube", query(window, errand.grain, now, by=by, where=where, limit=ROWS), cut.fixed)
        self._remark(
            *(
                f"Some values of {name} could not be told apart in the newer dialect; they are `unknown`."
                for name in lost
            )
        )

    def _pages(self, purpose: str, query: Query, fixed: Mapping[str, str] | None = None) -> Iterator[Asked]:
        for page in self._client.pages(query):
            refreshed = analytics.refreshed(page) if query.endpoint.paced else None
            yield Asked(purpose, fixed or {}, page, refreshed)


def _sparse(source: Source) -> Callable[..., Query]:
    return analytics.cost_query if source.money else analytics.usage_query
