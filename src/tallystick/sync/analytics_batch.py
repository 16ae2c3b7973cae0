"""Analytics batches: of the newer dialect, which answers with what there was, and says until when it is whole.

What no filter can name (no tier, an unknown product) is the unfiltered answer less the filtered ones, group by group.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from operator import attrgetter, itemgetter

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.api.actors import actor_of
from tallystick.api.analytics import (
    Placed,
    Rows,
    amounts,
    extra_fields,
    group_of,
    rows as placed_rows,
    uncounted,
    value,
)
from tallystick.api.analytics_pages import Cost, CostRow, UsageRow
from tallystick.api.entries import Named
from tallystick.api.figures import COUNTER_PATHS
from tallystick.api.leniency import Oddity
from tallystick.api.page import Page, untyped_rows
from tallystick.core.dimensions import ANALYTICS, NAMED, UNKNOWN
from tallystick.core.records import COUNTERS, REQUESTS, State
from tallystick.core.time import Window, spans
from tallystick.store.columns import encoded, flat
from tallystick.sync.batch import FetchedPage, Figures, repeated
from tallystick.sync.cube_batch import SAME, CubeBatch, filtered_by, grouped_by
from tallystick.sync.row_columns import constant, counts, dollars, encoded as encoded_texts

_GROUPS = {str(dimension.analytics): dimension.name for dimension in ANALYTICS} | {"token_type": "kind"}
_FILTERS = {str(dimension.analytics_filter): dimension.name for dimension in ANALYTICS}
_NO_LIST = Oddity("data[].cost.list_amount", "is not told of some rows; their list price is unknown")
_GROUP = attrgetter("group")
Values = tuple[str, ...]
"""The values of a group's dimensions, in the order of its table."""
_ACTORS = {"user_actor": "user", "service_account_actor": "service_account", "federated_actor": "federated"}


@dataclass
class AnalyticsBatch(CubeBatch):
    """A batch of the newer dialect: a day is kept if the export behind every page covers it."""

    _refreshed: list[datetime | None] = field(default_factory=list)
    _groups: dict[Values, int] = field(default_factory=dict)
    """The numbers of the groups met so far, by the values of their dimensions."""
    _written: dict[Hashable, dict[bytes, int]] = field(default_factory=dict)
    """The same, by the dimensions that a query groups by and holds fixed, and by what the API wrote of a group."""
    _actors_met: set[bytes] = field(default_factory=set)
    """The actors met so far, as the API wrote them."""

    def add(self, answer: FetchedPage) -> None:
        """Take one page."""
        cost = self.task.source.money
        by = grouped_by(answer.page, _GROUPS)
        for page, rows in placed_rows([answer.page], self.odd):
            self._refreshed.append(self._watermark(answer, rows))
            if answer.purpose == "scout":
                groups = [group_of(page, bytes(row.group), self.odd) for row in rows.data]
                combinations = {tuple((name, value(name, group)) for name in by) for group in groups}
                self.seen += [dict(combination) for combination in sorted(combinations)]
                continue
            if answer.purpose == "cube":
                self._keep_rows(page, answer, by, rows)
            else:
                totals: dict[datetime, Figures] = self._controls.setdefault(answer.purpose, {})
                for placed in rows.placed():
                    start = placed.window.start
                    if start in totals:
                        raise repeated(page, placed.path, placed.window)
                    totals[start] = self._figures(page, placed, cost=cost)
                data = untyped_rows(page)
                self.new_fields |= extra_fields(data, CostRow if cost else UsageRow)
                if not cost:
                    self._uncounted.setdefault(answer.purpose, {}).update(uncounted(rows, data))

    def _watermark(self, answer: FetchedPage, rows: Rows) -> datetime | None:
        """Until when a page is whole; of rows without a watermark, until they were read."""
        if answer.refreshed_at is None and rows.data:
            self.odd.add(Oddity("data_refreshed_at", "is not told though there are rows; taken as complete when read"))
            return self.read_at
        return answer.refreshed_at

    def _figures(self, page: Page, placed: Placed, *, cost: bool) -> Figures:
        if cost:
            billed, listed = amounts(page, placed, self.odd)
            if listed is None:
                self.odd.add(_NO_LIST)
            return {"billed": billed, "list": listed}
        usage = placed.row.usage
        return {**dict(zip(COUNTERS, usage.counters, strict=True)), "requests": usage.requests}

    @property
    def _adds_up(self) -> bool:
        return False

    @cached_property
    def _dims(self) -> tuple[str, ...]:
        """The dimensions of its table."""
        return tuple(column.name for column in self._table.columns if column.name in NAMED.keys() - SAME)

    @cached_property
    def _row_schema(self) -> pa.Schema:
        """The day, the number of the group, and the figures."""
        fits = encoded(self._table)
        figures = (fits.field(name) for name in self.task.source.measures)
        return pa.schema([fits.field("day"), ("group", pa.int32()), *figures])

    def _keep_rows(self, page: Page, answer: FetchedPage, by: tuple[str, ...], rows: Rows) -> None:
        bodies = [*map(bytes, map(_GROUP, rows.data))]
        numbers = self._written.setdefault((by, *sorted(answer.fixed.items())), {})
        known = [*map(numbers.get, bodies)]
        if None in known:
            for body in bodies:
                if body not in numbers:
                    numbers[body] = self._number(page, body, by, answer.fixed)
            known = [*map(numbers.__getitem__, bodies)]
        columns = {"group": pa.array(known, pa.int32())}
        columns |= self._money(page, rows) if self.task.source.money else self._counts(rows)
        starts = [window.start for window in rows.buckets]
        self._keep(answer, filtered_by(answer, _FILTERS), columns, starts, pa.array(rows.bucket_of, pa.int32()))

    def _number(self, page: Page, body: bytes, by: Iterable[str], fixed: Mapping[str, str]) -> int:
        """The number of a group, from what the API wrote of it."""
        group = group_of(page, body, self.odd)
        self._meet(bytes(group.actor))
        values = {name: value(name, group) for name in by}
        if values.get("workspace") == self.ids.default:
            values["workspace"] = NAMED["workspace"].absent  # it goes by one name in both dialects
        return self._numbered({**dict.fromkeys(self._dims, UNKNOWN), **fixed, **values})

    def _numbered(self, values: Mapping[str, str]) -> int:
        return self._groups.setdefault(itemgetter(*self._dims)(values), len(self._groups))

    def _under(self, rows: pa.Table, fixed: Mapping[str, str]) -> pa.Table:
        groups, distinct = [*self._groups], rows["group"].unique()
        changed = []
        for number in distinct.to_pylist():
            values = dict(zip(self._dims, groups[number], strict=True))
            changed.append(self._numbered({**values, **fixed}))
        numbers = pa.array(changed, pa.int32()).take(pc.index_in(rows["group"], distinct))
        return rows.set_column(rows.schema.get_field_index("group"), "group", numbers)

    def _filled(self, rows: pa.Table) -> dict[str, pa.Array]:
        number = flat(rows["group"])
        texts = dict(zip(self._dims, zip(*self._groups, strict=True), strict=True)) if self._groups else {}
        columns = {name: encoded_texts(texts.get(name, ())).take(number) for name in self._dims}
        return super()._filled(rows) | columns | {"currency": constant("USD", rows.num_rows)}

    def _money(self, page: Page, rows: Rows) -> dict[str, pa.Array]:
        """What rows bill, and the same at list price."""
        costs: list[Cost] = [row.cost for row in rows.data]
        currencies = {cost.currency for cost in costs}
        billed = dollars(
            [cost.amount for cost in costs], currencies, lambda: (amounts(page, placed)[0] for placed in rows.placed())
        )
        listed = dollars(
            [cost.list_amount for cost in costs],
            currencies,
            lambda: (amounts(page, placed, self.odd)[1] for placed in rows.placed()),
        )
        if listed.null_count:
            self.odd.add(_NO_LIST)
        return {"billed": billed, "list": listed}

    def _counts(self, rows: Rows) -> dict[str, pa.Array]:
        """What rows count."""
        usages = [row.usage for row in rows.data]
        paths = zip((*COUNTERS, REQUESTS), (*COUNTER_PATHS, "requests"), strict=True)
        return {name: counts(usages, path) for name, path in paths}

    def _meet(self, body: bytes) -> None:
        """Remember how one is called who asked; an actor of a type that is new is an `actor`."""
        if body in self._actors_met:
            return
        self._actors_met.add(body)
        actor = actor_of(body) if body else None
        if actor is None or actor.id in self.people:
            return
        self.odd |= actor.oddities
        if actor.type == "api_actor":
            return
        provider = actor.provider if isinstance(actor.provider, dict) else None
        self.people[actor.id] = Named(
            type=_ACTORS.get(actor.type, "actor"),
            id=actor.id,
            name=actor.name or actor.email_address or actor.subject or actor.id,
            email=actor.email_address,
            status="gone" if actor.deleted else "active",
            details={"provider": provider} if provider else {},
        )

    def _cube(self) -> tuple[pa.Table, set[date]]:
        rows, wrong = super()._cube()
        return (self._listed(rows) if self.task.source.money else rows), wrong

    def _listed(self, rows: pa.Table) -> pa.Table:
        """The rows without the list prices of days on which these do not add up: what is billed decides alone.

        A remainder of a list price alone, billed at nothing, is no row of such a day.
        """
        totals, breakdown = self._sums(rows), self.task.source.breakdown
        days = set()
        for start in {*totals, *self._controls.get("before", ()), *self._controls.get("after", ())}:
            controls = [
                self._control("before", start) or self._nothing,
                self._control("after", start) or self._nothing,
            ]
            figures = controls if breakdown and breakdown.overlap else [*controls, totals.get(start, self._nothing)]
            if len({figure["list"] for figure in figures} - {None}) > 1:
                days.add(start.date())
                for purpose in ("before", "after"):
                    controls_by_start = self._controls.setdefault(purpose, {})
                    controls_by_start[start] = {**controls_by_start.get(start, self._nothing), "list": None}
        if not days:
            return rows
        self.odd.add(Oddity("data[].cost.list_amount", f"does not add up; the list price of {spans(days)} is unknown"))
        concerned = pc.is_in(rows["day"], pa.array(days, pa.date32()))
        unlisted = pa.scalar(None, rows.schema.field("list").type)
        index = rows.schema.get_field_index("list")
        rows = rows.set_column(index, rows.schema.field("list"), pc.if_else(concerned, unlisted, rows["list"]))
        return rows.filter(pc.or_(pc.invert(concerned), pc.not_equal(rows["billed"], Decimal(0))))

    def _complete_until(self) -> datetime:
        return min([self.read_at, *(watermark for watermark in self._refreshed if watermark)])

    def _buckets(self, day: Window, day_state: State) -> list[datetime]:
        """A cost is kept of ended days only, and nothing of a day that the export has not reached."""
        early = day_state is State.RUNNING and self.task.source.money
        if None in self._refreshed or early or day.start >= self._complete_until():
            return []
        return self._buckets_of(day)

    def _agree(self, start: datetime, cube: Mapping[datetime, Figures]) -> bool:
        """A breakdown whose groups do not add up has its control totals alone to agree."""
        breakdown = self.task.source.breakdown
        if breakdown and breakdown.overlap:
            cube = {start: self._control("after", start) or self._nothing}
        return super()._agree(start, cube)

    def _control(self, purpose: str, start: datetime) -> Figures | None:
        return self._controls.get(purpose, {}).get(start, self._nothing)
