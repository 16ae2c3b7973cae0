"""Sparse readings: the newer dialect, which answers with what there was, and says until when it is whole.

What no filter can name (no tier, an unknown product) is the unfiltered answer less the filtered ones, group by group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tallystick.api.analytics import (
    Actor,
    CostRow,
    Placed,
    UsageRow,
    amounts,
    extra_fields,
    rows as placed_rows,
    value,
)
from tallystick.api.client import Page
from tallystick.api.directory import Named
from tallystick.core.dimensions import ANALYTICS, NAMED, UNKNOWN
from tallystick.core.records import COUNTERS, State, Type
from tallystick.core.time import Window
from tallystick.ledger.tables import schema
from tallystick.sync.reading import MEASURES, Asked, Figures, Reading, added

_GROUPS = {str(dimension.analytics): dimension.name for dimension in ANALYTICS} | {"token_type": "kind"}
_FILTERS = {f"{dimension.analytics_filter}[]": dimension.name for dimension in ANALYTICS}
_ACTORS = {"user_actor": "user", "service_account_actor": "service_account", "federated_actor": "federated"}

Cut = frozenset[tuple[str, str]]
"""The filters of a query of the cube."""


@dataclass
class SparseReading(Reading):
    """A reading of the newer dialect: a day is kept if the export behind every page covers it."""

    _refreshed: list[datetime | None] = field(default_factory=list)
    _batches: dict[Cut, list[pa.Table]] = field(default_factory=dict)
    _fixed: dict[Cut, Mapping[str, str]] = field(default_factory=dict)

    def add(self, asked: Asked) -> None:
        """Take one page."""
        cost = self.errand.source.money
        by = _names(asked.page, "group_by[]", _GROUPS)
        for page, found in placed_rows([asked.page]):
            self._refreshed.append(asked.refreshed_at)
            if asked.purpose == "scout":
                combinations = {tuple((name, value(name, it.row.group)) for name in by) for it in found}
                self.seen += [dict(it) for it in sorted(combinations)]
                continue
            figures = [_figures(page, it, cost=cost) for it in found]
            if asked.purpose == "cube":
                self._keep(asked, by, found, figures)
                self._meet(it.row.group.actor for it in found)
            else:
                said: dict[datetime, Figures] = self._controls.setdefault(asked.purpose, {})
                for it, more in zip(found, figures, strict=True):
                    start = it.window.start
                    said[start] = added([said[start], more]) if start in said else more
                self.new_fields |= extra_fields(page, CostRow if cost else UsageRow)

    def _keep(self, asked: Asked, by: tuple[str, ...], found: list[Placed], figures: list[Figures]) -> None:
        where = _names(asked.page, "", _FILTERS)
        cut = frozenset((name, asked.fixed[name]) for name in where)
        self._fixed[cut] = asked.fixed
        columns = {name: self._values(name, found) for name in by}
        columns |= {name: pa.repeat(said, len(found)) for name, said in asked.fixed.items()}
        columns["currency"] = pa.repeat("USD", len(found))
        fits = schema(self._table)
        for column in self._table.columns:
            if column.name in MEASURES[self.errand.source]:
                said = [it[column.name] for it in figures]
                columns[column.name] = pa.array(said, fits.field(column.name).type)
            elif column.type is Type.TEXT and column.name not in {*columns, "organization", "month"}:
                columns[column.name] = pa.repeat(UNKNOWN, len(found))
        when = self._columns([it.window.start for it in found], [1] * len(found))
        self._batches.setdefault(cut, []).append(self._fitted(columns | when))

    def _values(self, name: str, found: list[Placed]) -> pa.Array:
        said = [value(name, it.row.group) for it in found]
        if name == "workspace" and self.default:
            said = [NAMED[name].absent if it == self.default else it for it in said]
        return pa.array(said, pa.string())

    def _meet(self, actors: Iterable[Actor | msgspec.UnsetType | None]) -> None:
        """Remember how those are called who asked."""
        for actor in actors:
            if not isinstance(actor, Actor) or actor.id in self.people or actor.type not in _ACTORS:
                continue
            self.people[actor.id] = Named(
                type=_ACTORS[actor.type],
                id=actor.id,
                name=actor.name or actor.email_address or actor.subject or actor.id,
                email=actor.email_address,
                status="gone" if actor.deleted else "active",
                details={"provider": actor.provider} if actor.provider else {},
            )

    def _cube(self) -> tuple[pa.Table, set[date]]:
        rests: dict[Cut, pa.Table] = {}
        for cut in sorted(self._batches, key=lambda it: (-len(it), sorted(it))):
            rows = pa.concat_tables(self._batches[cut])
            for finer, them in rests.items():
                if cut < finer:
                    rows = pa.concat_tables([rows, self._less(them, self._fixed[cut])])
            rests[cut] = self._summed(rows)
        rows = pa.concat_tables([schema(self._table).empty_table(), *rests.values()])
        below = self._any(rows, pc.less)
        return rows.filter(pc.invert(below)), set(rows.filter(below)["day"].to_pylist())

    def _less(self, rows: pa.Table, fixed: Mapping[str, str]) -> pa.Table:
        """The rows with their figures below zero, under what another query held fixed."""
        for name, said in fixed.items():
            rows = rows.set_column(rows.schema.get_field_index(name), rows.field(name), pa.repeat(said, rows.num_rows))
        for name in MEASURES[self.errand.source]:
            figures = pc.negate(rows[name])
            rows = rows.set_column(rows.schema.get_field_index(name), rows.field(name), figures)
        return rows

    def _summed(self, rows: pa.Table) -> pa.Table:
        """One row a group, none of nothing: several actors without a name come each in its own (analytics-api 1.5)."""
        measures = MEASURES[self.errand.source]
        by = [name for name in rows.schema.names if name not in measures]
        known = pc.ScalarAggregateOptions(skip_nulls=False)
        summed = rows.group_by(by).aggregate([(name, "sum", known) for name in measures])
        summed = summed.rename_columns([name.removesuffix("_sum") for name in summed.schema.names])
        summed = summed.select(rows.schema.names).cast(rows.schema)
        return summed.filter(self._any(summed, pc.not_equal))

    def _any(self, rows: pa.Table, compare: Callable[[pa.ChunkedArray, Any], pa.ChunkedArray]) -> pa.ChunkedArray:
        """Which rows have a figure that compares so with zero; one that is not known does not."""
        found = pa.chunked_array([pa.repeat(False, rows.num_rows)])
        for name in MEASURES[self.errand.source]:
            zero = pa.scalar(self._nothing[name], rows.schema.field(name).type)
            found = pc.or_(found, pc.fill_null(compare(rows[name], zero), False))
        return found

    def _whole_until(self) -> datetime:
        return min([self.read_at, *(it for it in self._refreshed if it)])

    def _buckets(self, day: Window, how: State) -> list[datetime]:
        """A cost is kept of ended days only, and nothing of a day that the export has not reached."""
        early = how is State.RUNNING and self.errand.source.money
        if None in self._refreshed or early or day.start >= self._whole_until():
            return []
        return self._buckets_of(day)

    def _agree(self, start: datetime, cube: Mapping[datetime, Figures]) -> bool:
        """A cut whose groups do not add up has its control totals alone to agree."""
        cut = self.errand.source.cut
        if cut and cut.apart:
            cube = {start: self._said("after", start) or self._nothing}
        return super()._agree(start, cube)

    def _said(self, purpose: str, start: datetime) -> Figures | None:
        return self._controls.get(purpose, {}).get(start, self._nothing)


def _figures(page: Page, placed: Placed, *, cost: bool) -> Figures:
    if cost:
        billed, listed = amounts(page, placed)
        return {"billed": billed, "list": listed}
    usage = placed.row.usage
    return {**dict(zip(COUNTERS, usage.counters, strict=True)), "requests": usage.requests}


def _names(page: Page, parameter: str, known: Mapping[str, str]) -> tuple[str, ...]:
    """Our names of what the request grouped by, or (without a parameter) filtered on."""
    query = parse_qs(urlsplit(page.request).query, keep_blank_values=True)
    asked = query.get(parameter, []) if parameter else query
    return tuple(known[name] for name in asked if name in known)
