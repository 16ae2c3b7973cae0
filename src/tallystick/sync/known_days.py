"""Known days: what the ledger knows of each day, and what reading it has cost so far, from the archive's index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING

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
_STATES = {str(state): state for state in State}
_GRAINS = {str(grain): grain for grain in Grain}


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
    purposes, since = ["after", "activity", "check", GAP], now - SETTLING
    with faults.reading(tables.name, "the table pages"):
        readings = read(
            index or tables.open(PAGES),
            ["source", "grain", "purpose", "window_start", "window_end", "read_at"],
            [*own_rows, ("purpose", "in", purposes), ("read_at", ">=", since)],
        )
    read_at_by_day = defaultdict[_Names, dict[date, datetime]](dict)
    checked_at = defaultdict[_Names, dict[date, datetime]](dict)
    doubtful = defaultdict[_Names, set[date]](set)
    for row in sorted(readings.to_pylist(), key=lambda row: (row["read_at"], row["purpose"] == GAP)):
        names, span = (row["source"], row["grain"]), Window(row["window_start"], row["window_end"]).days()
        (checked_at if row["purpose"] == "check" else read_at_by_day)[names].update(dict.fromkeys(span, row["read_at"]))
        if row["purpose"] != "check":
            doubtful[names].difference_update(span)
        if row["purpose"] == GAP:
            doubtful[names].update(span[-1:])  # the last alone can have been running
    if (pin := version.tables.get(LOSSES.name)) is not None:
        for row in tables.rows(LOSSES, pin, filters=own_rows).to_pylist():
            doubtful[row["source"], row["grain"]].add(row["day"])
    settling = (now - SETTLING).date()
    known = cache(Known)  # days that were read together are known alike
    long_ago = {text: known(state, LONG_AGO, None, False) for text, state in _STATES.items()}
    days_by_names = {
        names: {*read_at_by_day[names], *checked_at[names], *doubtful[names]}
        for names in {*read_at_by_day, *checked_at, *doubtful}
    }
    by_names = defaultdict[_Names, dict[date, Known]](dict)
    names_of_states = (days[name].cast(pa.string()).to_pylist() for name in ("source", "grain", "state"))
    lost = _lost_days(index or tables.open(PAGES), tables, own_rows)
    for day, source, grain, text in zip(days["day"].to_pylist(), *names_of_states, strict=True):
        names = source, grain
        if day in lost.get(names, ()):
            continue
        if day < settling and day not in days_by_names.get(names, ()):
            by_names[names][day] = long_ago[text]
            continue
        read_at = read_at_by_day[names].get(day) or (LONG_AGO if day < settling else midnight(day))
        by_names[names][day] = known(_STATES[text], read_at, checked_at[names].get(day), day in doubtful[names])
    return {(SOURCES[source], _GRAINS[grain]): by_day for (source, grain), by_day in by_names.items()}


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
