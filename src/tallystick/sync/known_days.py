"""Known days: what the ledger knows of each day, and what reading it has cost so far, from the archive's index."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from tallystick.core.ledger_tables import DAYS, LOSSES, PAGES
from tallystick.core.records import SETTLING, State
from tallystick.core.time import Grain, Window, midnight
from tallystick.store.tables import Tables
from tallystick.sync.batch import GAP
from tallystick.sync.pending_losses import ACCEPTED
from tallystick.sync.plan import Known
from tallystick.sync.source import RequestCost, Source
from tallystick.sync.sources import SOURCES

Kind = tuple[Source, Grain]


def known_days(tables: Tables, organization: str, now: datetime) -> Mapping[Kind, Mapping[date, Known]]:
    """What the ledger knows of each day, by source and grain: its state, and when it was last read and looked at.

    The plan asks for nothing older than what settles a day, so of the index no more is read: a long history costs none.
    """
    if not tables.exists():
        return {}
    own_rows = [("organization", "=", organization)]
    states = tables.rows(DAYS, tables.newest().tables[DAYS.name], filters=own_rows).to_pylist()
    index = tables.rows(
        PAGES,
        filters=[
            *own_rows,
            ("purpose", "in", ["after", "activity", "check", GAP]),
            ("read_at", ">=", now - SETTLING),
        ],
        columns=["source", "grain", "purpose", "window_start", "window_end", "read_at"],
    )
    read: dict[tuple[str, str, date], datetime] = {}
    seen: dict[tuple[str, str, date], datetime] = {}
    moved: dict[tuple[str, str, date], bool] = {}
    for row in sorted(index.to_pylist(), key=lambda row: (row["read_at"], row["purpose"] == GAP)):
        days = Window(row["window_start"], row["window_end"]).days()
        for day in days:
            key = (row["source"], row["grain"], day)
            (seen if row["purpose"] == "check" else read)[key] = row["read_at"]
            if row["purpose"] != "check":
                moved[key] = row["purpose"] == GAP and day == days[-1]  # the last alone can have been running
    pin = tables.newest().tables.get(LOSSES.name)
    lost = tables.rows(LOSSES, pin, filters=own_rows).to_pylist() if pin is not None else []
    doubtful = {(row["source"], row["grain"], row["day"]) for row in lost} | {key for key, gap in moved.items() if gap}
    days_by_kind: dict[Kind, dict[date, Known]] = {}
    for row in states:
        source, grain, day = row["source"], row["grain"], row["day"]
        key = (source, grain, day)
        known = Known(State(row["state"]), read.get(key, midnight(day)), seen.get(key), key in doubtful)
        days_by_kind.setdefault((SOURCES[source], Grain(grain)), {})[day] = known
    return days_by_kind


def request_costs(tables: Tables) -> dict[Kind, RequestCost]:
    """What reading each source and grain has cost so far."""
    if not tables.exists():
        return {}
    columns = ["source", "grain", "window_start", "window_end", "purpose", "request", "size"]
    costs: dict[Kind, list[int]] = {}
    for row in tables.rows(PAGES, columns=columns).to_pylist():
        if row["source"] in SOURCES and row["purpose"] not in {"check", ACCEPTED, GAP}:
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
