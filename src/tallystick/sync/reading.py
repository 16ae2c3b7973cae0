"""A reading: the pages of one window, judged together.

A cube stands between two control totals. An ended day is kept if both totals and the cube's sum agree; a day that
moved meanwhile is not. The running day never agrees: it is kept, and its gap stated. The same judgement is passed on
fresh pages and on archived ones, so that a ledger can be rebuilt from its archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
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
    usage_pages,
)
from tallystick.core.dimensions import UNKNOWN, USAGE
from tallystick.core.money import plain, total
from tallystick.core.records import COST, COUNTERS, USAGE_DAY, USAGE_HOUR, LedgerTable, State
from tallystick.core.time import Grain, midnight
from tallystick.errors import StrangeAnswer
from tallystick.ledger.tables import schema
from tallystick.sync.cube import Seen
from tallystick.sync.plan import Errand, Source, state

Counts = tuple[int, ...]
Total = Counts | Decimal
"""A control total: the six usage counters, or US dollars."""

_NOTHING: Counts = (0,) * len(COUNTERS)
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
    _controls: dict[str, dict[datetime, Total]] = field(default_factory=dict)
    _answered: dict[tuple[Any, ...], set[datetime]] = field(default_factory=dict)
    _batches: list[pa.Table] = field(default_factory=list)

    def add(self, asked: Asked) -> None:
        """Take one page."""
        if self.errand.source is Source.USAGE:
            for page, buckets in usage_pages([asked.page]):
                self._once(asked, buckets)
                if asked.purpose == "scout":
                    by = asked.by
                    found = {tuple(dims(row, by, USAGE_REPORT.groups).items()) for it in buckets for row in it.rows}
                    self.seen += [dict(it) for it in sorted(found)]
                elif asked.purpose == "cube":
                    self._keep(buckets, _usage_columns(buckets, asked))
                else:
                    self._control(asked, {it.window.start: _counts(r.counters for r in it.rows) for it in buckets})
                    self._notice(extra_fields(page, UsageRow))
        else:
            for page, costs in cost_pages([asked.page]):
                self._once(asked, costs)
                amounts = [billed(page, bucket) for bucket in costs]
                if asked.purpose == "cube":
                    self._keep(costs, _cost_columns(costs, asked.by, amounts))
                else:
                    starts = (it.window.start for it in costs)
                    self._control(asked, dict(zip(starts, map(total, amounts), strict=True)))
                    self._notice(extra_fields(page, CostRow))

    def control(self, purpose: str) -> dict[date, Total]:
        """The control totals read for a purpose (before, after, check), by UTC day."""
        days: dict[date, list[Total]] = {}
        for start, said in self._controls.get(purpose, {}).items():
            days.setdefault(start.date(), []).append(said)
        return {day: _sum(totals) for day, totals in days.items()}

    def verdict(self) -> Verdict:
        """What to keep."""
        rows = pa.concat_tables([schema(self._table).empty_table(), *self._batches])
        cube = _sums(rows)
        queries = [starts for key, starts in self._answered.items() if key[0] == "cube"]
        before, after = self._controls.get("before", {}), self._controls.get("after", {})
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
            nothing = Decimal(0) if self.errand.source is Source.COST else _NOTHING
            agreed = all(
                before.get(start) == after[start] == cube.get(start, nothing)
                and all(start in query for query in queries)
                for start in starts
            )
            if not agreed:
                read = _sum([nothing, *(cube[start] for start in starts if start in cube)])
                gap = f"control total {_spoken(control[day])}, cube {_spoken(read)}"
                if how is not State.RUNNING:
                    moved[day] = gap
                    continue
                gaps[day] = gap
            days[day] = (how, control[day])
        if moved or len(days) < len(self.errand.window.days()):
            rows = rows.filter(pc.is_in(rows["day"], pa.array(days, pa.date32())))
        return Verdict(rows, days, moved, gaps, frozenset(self.new_fields))

    @property
    def _table(self) -> LedgerTable:
        return table_of(self.errand.source, self.errand.grain)

    def _once(self, asked: Asked, buckets: list[Bucket[Any]]) -> None:
        """Raise StrangeAnswer for a bucket that came already in answer to this query."""
        starts = self._answered.setdefault((asked.purpose, asked.by, *sorted(asked.fixed.items())), set())
        for bucket in buckets:
            if bucket.window.start in starts:
                raise StrangeAnswer(
                    f"{asked.page.request.partition('?')[0]} answered at `{bucket.path}` with the bucket "
                    f"{bucket.window} a second time.",
                    "Nothing of this window was kept. Try again; if it stays, report the request-id to Anthropic.",
                    request_id=asked.page.request_id,
                )
            starts.add(bucket.window.start)

    def _control(self, asked: Asked, totals: Mapping[datetime, Total]) -> None:
        self._controls.setdefault(asked.purpose, {}).update(totals)

    def _notice(self, extras: list[list[dict[str, object]]]) -> None:
        self.new_fields |= {name for bucket in extras for row in bucket for name in row}

    def _keep(self, buckets: list[Bucket[Any]], columns: dict[str, pa.Array]) -> None:
        sizes = [len(bucket.rows) for bucket in buckets]
        self.densest = max(self.densest, *sizes, 0)
        starts = [bucket.window.start for bucket in buckets]
        columns["organization"] = pa.repeat(self.organization, sum(sizes))
        columns["month"] = _spread([f"{start:%Y-%m}" for start in starts], sizes, pa.string())
        columns["day"] = _spread([start.date() for start in starts], sizes, pa.date32())
        columns["hour_of_day"] = _spread([start.hour for start in starts], sizes, pa.int64())
        fits = schema(self._table)
        self._batches.append(pa.table([columns[name] for name in fits.names], schema=fits))


def _usage_columns(buckets: list[Bucket[UsageRow]], asked: Asked) -> dict[str, pa.Array]:
    rows = [row for bucket in buckets for row in bucket.rows]
    columns: dict[str, pa.Array] = {}
    by = asked.by
    for dimension in USAGE:
        name, absent = dimension.name, dimension.absent
        if name in by:
            said = map(attrgetter(USAGE_REPORT.groups[name]), rows)
            columns[name] = pa.array([it or (UNKNOWN if it is msgspec.UNSET else absent) for it in said], pa.string())
        else:
            columns[name] = pa.repeat(asked.fixed.get(name, UNKNOWN), len(rows))
    for name, path in zip(COUNTERS, COUNTER_PATHS, strict=True):
        columns[name] = pa.array(map(attrgetter(path), rows), pa.int64(), size=len(rows))
    return columns


def _cost_columns(
    buckets: list[Bucket[CostRow]], by: tuple[str, ...], amounts: list[list[Decimal]]
) -> dict[str, pa.Array]:
    rows = [row for bucket in buckets for row in bucket.rows]
    found = [cost_dims(row, by) for row in rows]
    columns = {name: pa.array([it[name] for it in found], pa.string()) for name in COST_DIMS}
    columns["currency"] = pa.array([row.currency for row in rows], pa.string())
    columns["billed"] = pa.array([amount for bucket in amounts for amount in bucket], pa.decimal128(28, 12))
    return columns


def _spread(values: list[Any], sizes: list[int], kind: pa.DataType) -> pa.Array:
    """Each value as often as its size says."""
    places = [place for place, size in enumerate(sizes) for _ in range(size)]
    return pa.array(values, kind).take(pa.array(places, pa.int32()))


def _sums(rows: pa.Table) -> dict[datetime, Total]:
    """The sums of a cube by bucket."""
    by = [name for name in ("day", "hour_of_day") if name in rows.schema.names]
    figures = [name for name in (*COUNTERS, "billed") if name in rows.schema.names]
    sums: dict[datetime, Total] = {}
    for row in rows.group_by(by).aggregate([(name, "sum") for name in figures]).to_pylist():
        start = midnight(row["day"]) + timedelta(hours=row.get("hour_of_day", 0))
        said = tuple(row[f"{name}_sum"] for name in figures)
        sums[start] = said[0] if figures == ["billed"] else said
    return sums


def _counts(counters: Iterable[Counts]) -> Counts:
    return tuple(map(sum, zip(*counters, strict=True))) or _NOTHING


def _sum(totals: list[Total]) -> Total:
    amounts = [it for it in totals if isinstance(it, Decimal)]
    return total(amounts) if amounts else _counts(it for it in totals if not isinstance(it, Decimal))


def _spoken(said: Total) -> str:
    if isinstance(said, Decimal):
        return f"{plain(said)} USD"
    return f"{sum(said[:5])} tokens, {said[5]} searches"
