"""Hours of the running day: what part of a usual day's use has passed, for each key and person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from tallystick.core.ledger_tables import USED_HOUR
from tallystick.core.records import TOKENS
from tallystick.core.select import select
from tallystick.core.time import Window, midnight
from tallystick.outlook.anomalies.subjects import Subject
from tallystick.query.conditions import day_of, equals, within
from tallystick.store.engine import Engine

BEFORE = 28
"""Days before the running one whose hours are compared."""
SATURDAY = 5
LEAST = 0.02
"""The least part of a day that counts as passed."""


def day_share(engine: Engine, organization: str, today: date) -> Callable[[Subject], float]:
    """Return what says of a subject which part of its usual day's tokens is used by the last hour that was read.

    All of it, where no hour of the running day is in the ledger, or none of the days before it: then the running day
    is news only when it is more than a whole one.
    """
    running = select("max(hour_of_day) AS hour").from_("ledger.usage_hour")
    running = running.where(equals("organization", organization), f"month = '{today:%Y-%m}'", f"day = {day_of(today)}")
    hour = engine.rows(running)[0]["hour"]
    if hour is None:
        return lambda _: 1.0
    window = Window(midnight(today - timedelta(BEFORE)), midnight(today))
    tokens = " + ".join(TOKENS)
    kind = ">=" if today.weekday() >= SATURDAY else "<"
    query = (
        select("key", "actor", f"sum({tokens}) FILTER (hour_of_day <= {int(hour)}) AS part", f"sum({tokens}) AS whole")
        .from_(f"ledger.{USED_HOUR.name}")
        .where(equals("organization", organization), within(window, months=True), f"isodow(day) - 1 {kind} {SATURDAY}")
        .group_by("key", "actor")
    )
    parts: dict[tuple[str, str], tuple[int, int]] = {}
    everything = (0, 0)
    for row in engine.rows(query):
        counts = (int(row["part"] or 0), int(row["whole"] or 0))
        for name in ("key", "actor"):
            before = parts.get((name, row[name]), (0, 0))
            parts[name, row[name]] = (before[0] + counts[0], before[1] + counts[1])
        everything = (everything[0] + counts[0], everything[1] + counts[1])

    def share(subject: Subject) -> float:
        part, day_total = parts.get((subject.level, subject.id), everything)
        return max(LEAST, part / day_total) if day_total else 1.0

    return share
