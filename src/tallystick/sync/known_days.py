"""Known days: what the ledger knows of each day, and what reading it has cost so far, from the archive's index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tallystick.core.ledger_tables import LOSSES, LOST, PAGES
from tallystick.core.records import SETTLING, State
from tallystick.core.time import Grain, Window, midnight
from tallystick.store import faults
from tallystick.store.columns import read
from tallystick.store.tables import Tables
from tallystick.store.version import Version
from tallystick.sync.batch import GAP
from tallystick.sync.pending_losses import ACCEPTED
from tallystick.sync.plan import Known
from tallystick.sync.source import RequestCost, Source
from tallystick.sync.sources import SOURCES

if TYPE_CHECKING:
    from deltalake import DeltaTable

Kind = tuple[Source, Grain]
LONG_AGO = datetime.min.replace(tzinfo=UTC)
"""When an old day was read that the index no longer tells of: before all that the plan asks about."""

_Names = tuple[str, str]
"""A source and a grain as the tables spell them."""
_STATES = {str(state): state for state in State}
_GRAINS = {str(grain): grain for grain in Grain}


@dataclass(frozen=True, slots=True)
class _Readings:
    """When days of one source and grain were last read and looked at, as far as a plan asks, and which are in doubt."""

    read_at: dict[date, datetime] = field(default_factory=dict)
    checked_at: dict[date, datetime] = field(default_factory=dict)
    doubtful: set[date] = field(default_factory=set)

    def take(self, row: Mapping[str, Any]) -> None:
        """Take a page of the index; the pages come in the order in which they were read."""
        span = Window(row["window_start"], row["window_end"]).days()
        times = self.checked_at if row["purpose"] == "check" else self.read_at
        times.update(dict.fromkeys(span, row["read_at"]))
        if row["purpose"] != "check":
            self.doubtful.difference_update(span)
        if row["purpose"] == GAP:
            self.doubtful.update(span[-1:])  # the last alone can have been running

    @property
    def days(self) -> set[date]:
        """The days that it tells of."""
        return {*self.read_at, *self.checked_at, *self.doubtful}


def known_days(
    days: pa.Table, tables: Tables, version: Version, organization: str, now: datetime, index: DeltaTable | None = None
) -> Mapping[Kind, Mapping[date, Known]]:
    """What a version knows of each day, by source and grain: its state, and when it was last read and looked at.

    `days` are the organization's rows of the table of that name, `index` is that of the archive where it is open.
    The plan asks for nothing older than what settles a day, so of the index no more is read: a long history costs none.
    """
    if not days.num_rows:
        return {}
    own_rows = [("organization", "=", organization)]
    pages = index or tables.open(PAGES)
    readings = _readings(pages, tables, version, own_rows, now - SETTLING)
    lost = _lost_days(pages, tables, own_rows)
    known = cache(Known)  # days that were read together are known alike
    settling = (now - SETTLING).date()
    by_kind: dict[Kind, dict[date, Known]] = {}
    for names, rows in _by_names(days):
        own, lost_days = readings[names], lost.get(names, set())
        days_told, of_kind = own.days, dict[date, Known]()
        for day, state in rows:
            if day < settling and day not in days_told:
                of_kind[day] = known(state, LONG_AGO, None, False)
            else:
                read_at = own.read_at.get(day) or (LONG_AGO if day < settling else midnight(day))
                of_kind[day] = known(state, read_at, own.checked_at.get(day), day in own.doubtful)
        source, grain = names
        by_kind[SOURCES[source], _GRAINS[grain]] = {day: of_kind[day] for day in of_kind.keys() - lost_days}
    return by_kind


def _by_names(days: pa.Table) -> Iterator[tuple[_Names, Iterator[tuple[date, State]]]]:
    """The days of each source and grain with their states."""
    words = ("source", "grain", "state")
    rows = pa.table({"day": days["day"], **{name: days[name].cast(pa.string()) for name in words}})
    groups = rows.group_by(["source", "grain"], use_threads=False).aggregate([("day", "list"), ("state", "list")])
    for row in groups.to_pylist():
        yield (
            (row["source"], row["grain"]),
            zip(row["day_list"], map(_STATES.__getitem__, row["state_list"]), strict=True),
        )


def _readings(
    index: DeltaTable, tables: Tables, version: Version, own_rows: Sequence[tuple[str, str, str]], since: datetime
) -> Mapping[_Names, _Readings]:
    """What the archive's index tells of readings since an instant, and a version of losses that wait."""
    columns = ["source", "grain", "purpose", "window_start", "window_end", "read_at"]
    purposes = ["after", "activity", "check", GAP]
    with faults.reading(tables.name, "the table pages"):
        rows = read(index, columns, [*own_rows, ("purpose", "in", purposes), ("read_at", ">=", since)]).to_pylist()
    readings = defaultdict[_Names, _Readings](_Readings)
    for row in sorted(rows, key=lambda row: (row["read_at"], row["purpose"] == GAP)):
        readings[row["source"], row["grain"]].take(row)
    if (pin := version.tables.get(LOSSES.name)) is not None:
        for row in tables.rows(LOSSES, pin, filters=own_rows).to_pylist():
            readings[row["source"], row["grain"]].doubtful.add(row["day"])
    return readings


def _lost_days(
    index: DeltaTable, tables: Tables, own_rows: Sequence[tuple[str, str, str]]
) -> Mapping[_Names, set[date]]:
    """The days whose archived reading was damaged, and which were not read again since, by source and grain."""
    columns = ["source", "grain", "purpose", "window_start", "window_end", "reading"]
    with faults.reading(tables.name, "the table pages"):
        if not read(index, ["reading"], [*own_rows, ("purpose", "=", LOST)]).num_rows:
            return {}
        rows = read(index, columns, [*own_rows, ("purpose", "in", ["after", "activity", LOST])]).to_pylist()
    lost = defaultdict[_Names, set[date]](set)
    for row in sorted(rows, key=lambda row: int(row["reading"])):
        days, span = lost[row["source"], row["grain"]], Window(row["window_start"], row["window_end"]).days()
        (days.update if row["purpose"] == LOST else days.difference_update)(span)
    return lost


def request_costs(tables: Tables) -> dict[Kind, RequestCost]:
    """What reading each source and grain has cost so far."""
    if not tables.exists():
        return {}
    columns = ["source", "grain", "window_start", "window_end", "purpose", "request", "size"]
    costs: dict[Kind, list[int]] = {}
    for row in tables.rows(PAGES, columns=columns).to_pylist():
        if row["source"] in SOURCES and row["purpose"] not in {"check", ACCEPTED, GAP, LOST}:
            cost = costs.setdefault((SOURCES[row["source"]], Grain(row["grain"])), [0, 0, 0, 0, 0])
            following, daily = "&page=" in row["request"], row["purpose"] == "activity"  # which is asked for day by day
            last = row["purpose"] == "after" and not following
            days = (row["window_end"] - row["window_start"]).days if last else int(daily and not following)
            following = following or daily
            for index, count in enumerate((not following, following, row["size"], last, days)):
                cost[index] += count
    return {
        kind: RequestCost(queries / max(readings, 1), pages / days, size / days, measured=True)
        for kind, (queries, pages, size, readings, days) in costs.items()
        if days
    }
