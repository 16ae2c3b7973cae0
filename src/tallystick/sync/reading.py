"""A reading: the pages of one window, judged together.

A cube stands between two control totals. An ended day is kept if both totals and the cube's sum agree; a day that
moved meanwhile is not. The running day never agrees: it is kept, and its gap stated. The same judgement is passed on
fresh pages and on archived ones, so that a ledger can be rebuilt from its archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tallystick.api.client import Page
from tallystick.api.endpoints import COST_REPORT, USAGE_REPORT
from tallystick.api.reports import (
    Bucket,
    CostRow,
    UsageRow,
    billed,
    cost_dims,
    cost_pages,
    dims,
    extra_fields,
    usage_pages,
)
from tallystick.core.dimensions import UNKNOWN, USAGE
from tallystick.core.money import plain, total
from tallystick.core.records import COST, COUNTERS, USAGE_DAY, USAGE_HOUR, LedgerTable, State
from tallystick.core.time import Grain
from tallystick.errors import StrangeAnswer
from tallystick.ledger.tables import schema
from tallystick.sync.cube import Seen
from tallystick.sync.plan import Errand, Source, state

Counts = tuple[int, ...]
Total = Counts | Decimal
"""A control total: the six usage counters, or US dollars."""

_GROUPS = {field: name for name, field in {**USAGE_REPORT.groups, **COST_REPORT.groups}.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """One page, why it was asked for, and the dimensions that its query held fixed."""

    purpose: str
    fixed: Mapping[str, str]
    page: Page

    @property
    def by(self) -> tuple[str, ...]:
        """The dimensions that the request grouped by."""
        query = parse_qs(urlsplit(self.page.request).query)
        return tuple(_GROUPS[name] for name in query.get("group_by[]", []))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to keep of a reading: days with their state and control total, and the rows of exactly these days.

    `moved` are ended days that changed while they were read, and how; `gaps` says by how much the cube of the
    running day differs from its control total; `new_fields` are fields that tallystick does not know.
    """

    rows: pa.Table
    days: Mapping[date, tuple[State, Total]]
    moved: Mapping[date, str]
    gaps: Mapping[date, str]
    new_fields: frozenset[str]


def table_of(source: Source, grain: Grain) -> LedgerTable:
    """The table that a source fills: one for each grain, never added together."""
    if source is Source.COST:
        return COST
    return USAGE_HOUR if grain is Grain.HOUR else USAGE_DAY


@dataclass
class Reading:
    """Takes the pages of an errand as they come, and judges them at the end.

    `seen` is what the scouts found, `densest` the most rows of the cube that one bucket of a page held.

    `add` raises StrangeAnswer and BadMoney for a page that cannot be; nothing of the reading is kept then.
    """

    errand: Errand
    organization: str
    read_at: datetime
    seen: list[Seen] = field(default_factory=list)
    new_fields: set[str] = field(default_factory=set)
    densest: int = 0
    _totals: dict[tuple[Any, ...], dict[datetime, list[Total]]] = field(default_factory=dict)
    _batches: list[pa.Table] = field(default_factory=list)

    def add(self, asked: Asked) -> None:
        """Take one page."""
        if self.errand.source is Source.USAGE:
            for _, buckets in usage_pages([asked.page]):
                self._take(asked, buckets, [[_counts(row.counters for row in it.rows)] for it in buckets])
                if asked.purpose == "scout":
                    self.seen += [dims(row, asked.by, USAGE_REPORT.groups) for it in buckets for row in it.rows]
                elif asked.purpose == "cube":
                    self._keep(buckets, _usage_columns(buckets, asked))
        else:
            for page, costs in cost_pages([asked.page]):
                amounts = [billed(page, bucket) for bucket in costs]
                self._take(asked, costs, [[total(it)] for it in amounts])
                if asked.purpose == "cube":
                    self._keep(costs, _cost_columns(costs, asked.by, amounts))

    def control(self, purpose: str) -> dict[date, Total]:
        """The control totals read for a purpose (before, after, check), by UTC day."""
        days: dict[date, list[Total]] = {}
        for start, totals in self._totals.get((purpose,), {}).items():
            days.setdefault(start.date(), []).extend(totals)
        return {day: _sum(totals) for day, totals in days.items()}

    def verdict(self) -> Verdict:
        """What to keep."""
        queries = [starts for key, starts in self._totals.items() if key[0] == "cube"]
        before, after = self._totals.get(("before",), {}), self._totals.get(("after",), {})
        control = self.control("after")
        days: dict[date, tuple[State, Total]] = {}
        moved, gaps = {}, {}
        for whole in self.errand.window.split(Grain.DAY):
            day = whole.start.date()
            how = state(day, self.read_at)
            starts = [bucket.start for bucket in whole.split(self.errand.grain)]
            if how is State.RUNNING:
                starts = [start for start in starts if start in after]
            if not starts or not all(start in after for start in starts):
                continue
            cube = {start: [sums for query in queries for sums in query.get(start, [])] for start in starts}
            agreed = all(
                start in before
                and all(start in query for query in queries)
                and _sum(before[start]) == _sum(after[start])
                and _same(cube[start], after[start])
                for start in starts
            )
            if not agreed:
                read = [sums for start in starts for sums in cube[start]]
                gap = f"control total {_spoken(control[day])}, cube {_spoken(_sum(read)) if read else 'nothing'}"
                if how is not State.RUNNING:
                    moved[day] = gap
                    continue
                gaps[day] = gap
            days[day] = (how, control[day])
        return Verdict(self._rows(list(days)), days, moved, gaps, frozenset(self.new_fields))

    def _take(self, asked: Asked, buckets: list[Bucket[Any]], totals: Iterable[list[Total]]) -> None:
        key: tuple[Any, ...] = (asked.purpose,)
        if asked.purpose in {"scout", "cube"}:
            key = (asked.purpose, asked.by, tuple(sorted(asked.fixed.items())))
        elif not asked.by:
            shape = UsageRow if self.errand.source is Source.USAGE else CostRow
            self.new_fields |= {name for it in extra_fields(asked.page, shape) for row in it for name in row}
        grain = Grain.DAY if asked.purpose == "scout" else self.errand.grain
        known = self._totals.setdefault(key, {})
        for bucket, sums in zip(buckets, totals, strict=True):
            window = bucket.window
            fits = window.end == grain.after(grain.floor(window.start)) and grain.floor(window.start) == window.start
            if not fits or window & self.errand.window != window or window.start in known:
                raise StrangeAnswer(
                    f"{asked.page.request.partition('?')[0]} answered at `{bucket.path}` with the bucket {window}, "
                    f"{'a second time' if window.start in known else f'which is no {grain} of {self.errand.window}'}.",
                    "Nothing of this window was kept. Try again; if it stays, report the request-id to Anthropic.",
                    request_id=asked.page.request_id,
                )
            known[window.start] = sums

    def _keep(self, buckets: list[Bucket[Any]], columns: dict[str, list[Any]]) -> None:
        self.densest = max(self.densest, *(len(bucket.rows) for bucket in buckets), 0)
        starts = [bucket.window.start for bucket in buckets for _ in bucket.rows]
        columns["organization"] = [self.organization] * len(starts)
        columns["day"] = [start.date() for start in starts]
        columns["month"] = [f"{start:%Y-%m}" for start in starts]
        columns["hour_of_day"] = [start.hour for start in starts]
        fits = schema(table_of(self.errand.source, self.errand.grain))
        self._batches.append(pa.table({name: columns[name] for name in fits.names}, fits))

    def _rows(self, days: list[date]) -> pa.Table:
        none = schema(table_of(self.errand.source, self.errand.grain)).empty_table()
        rows = pa.concat_tables([none, *self._batches])
        return rows.filter(pc.is_in(rows["day"], pa.array(days, pa.date32())))


def _usage_columns(buckets: list[Bucket[UsageRow]], asked: Asked) -> dict[str, list[Any]]:
    rows = [row for bucket in buckets for row in bucket.rows]
    columns: dict[str, list[Any]] = {}
    for dimension in USAGE:
        name, absent = dimension.name, dimension.absent
        if name in asked.by:
            said = map(attrgetter(USAGE_REPORT.groups[name]), rows)
            columns[name] = [it or (UNKNOWN if it is msgspec.UNSET else absent) for it in said]
        else:
            columns[name] = [asked.fixed.get(name, UNKNOWN)] * len(rows)
    counters = list(zip(*(row.counters for row in rows), strict=True)) or [()] * len(COUNTERS)
    return columns | {name: list(counts) for name, counts in zip(COUNTERS, counters, strict=True)}


def _cost_columns(
    buckets: list[Bucket[CostRow]], by: tuple[str, ...], amounts: list[list[Decimal]]
) -> dict[str, list[Any]]:
    rows = [row for bucket in buckets for row in bucket.rows]
    found = [cost_dims(row, by) for row in rows]
    columns: dict[str, list[Any]] = {name: [it[name] for it in found] for name in (found[0] if found else _COST_DIMS)}
    columns["currency"] = [row.currency for row in rows]
    columns["billed"] = [amount for bucket in amounts for amount in bucket]
    return columns


_COST_DIMS = tuple(column.name for column in COST.columns)


def _counts(counters: Iterable[Counts]) -> Counts:
    return tuple(map(sum, zip(*counters, strict=True))) or (0,) * len(COUNTERS)


def _sum(totals: list[Total]) -> Total:
    amounts = [it for it in totals if isinstance(it, Decimal)]
    return total(amounts) if amounts else _counts(it for it in totals if not isinstance(it, Decimal))


def _same(cube: list[Total], control: list[Total]) -> bool:
    """Whether a cube's sum is its control total; no query at all is a cube of nothing."""
    said = _sum(control)
    return _sum(cube) == said if cube else not any(said if isinstance(said, tuple) else (said,))


def _spoken(said: Total) -> str:
    if isinstance(said, Decimal):
        return f"{plain(said)} USD"
    return f"{sum(said[:5])} tokens, {said[5]} searches"
