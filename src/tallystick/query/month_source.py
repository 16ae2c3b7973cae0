"""Month source: where a query of charges by who used reads them: in the sums of whole months, and else as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from tallystick.core.ledger_tables import CHARGES, MONTH_SUMS
from tallystick.core.select import Select, select
from tallystick.core.time import Grain, Window
from tallystick.query.charge_source import IN_SUMS, from_sums
from tallystick.query.conditions import among
from tallystick.query.filters import within
from tallystick.store.ahead import QUOTED
from tallystick.store.engine import Engine, per_version

_CHARGES, _MONTHS = (f"ledger.{table.name}" for table in (CHARGES, MONTH_SUMS))
_UNSUMMED = re.compile(r"\b(day|relaxed|priced_high)\b")
_NEWEST = re.compile(r"\bmax\(day\) AS \w+")
_SHARED = [column.name for column in MONTH_SUMS.columns if column in CHARGES.columns or column.name == "day"]


def from_months(engine: Engine, query: Select, *windows: Window) -> Select:
    """Return the query with sums of days or of months in the place of charges, where it needs no more.

    As with `from_sums`, figures stand in sums. Its conditions on days are of these windows alone, as `within` says
    them; without windows it has none. It may ask for the newest day. A month that a window has in part is read from the
    charges; of the others the newest day of a sum is in the windows of all its charges.
    """
    if (summed := from_sums(engine, query)) is not query:
        return summed
    text = _NEWEST.sub("", str(query))
    for window in windows:
        text = text.replace(within(window), "")
    if query.source != _CHARGES or not engine.version.has_months or _UNSUMMED.search(QUOTED.sub("", text)):
        return query
    parts = _parts(engine, windows)
    if windows and {f"{piece.start:%Y-%m}" for window in windows for piece in window.split(Grain.MONTH)} <= {*parts}:
        return query
    sums = select(*_SHARED, "rows").from_(_MONTHS)
    source = sums.subquery("charges")
    if parts:
        elsewhere = f"NOT {among('month', parts)}"
        charges = select(*_SHARED, "1::BIGINT AS rows").from_(_CHARGES).where(among("month", parts))
        source = f"({sums.where(elsewhere)} UNION ALL {charges}) AS charges"
    return replace(query, source=source, columns=tuple(IN_SUMS.get(sql, sql) for sql in query.columns))


def _parts(engine: Engine, windows: Sequence[Window]) -> list[str]:
    """The months of which one of these windows has some days with charges and not all."""
    edges = {edge.date() for window in windows for edge in (window.start, window.end)}
    days = _days(engine, tuple(sorted({f"{edge:%Y-%m}" for edge in edges if edge.day > 1})))
    return [month for month, own in days.items() if any(0 < _share(own, window) < 1 for window in windows)]


def _share(days: Sequence[date], window: Window) -> float:
    """The share of these days that a window has."""
    start, end = window.start.date(), window.end.date()
    return sum(start <= day < end for day in days) / len(days)


@per_version
def _days(engine: Engine, months: Sequence[str]) -> Mapping[str, Sequence[date]]:
    """The days of these months on which there are charges, of all organizations; of a month without any nothing."""
    query = select("month", "bit_or(days) AS days").from_(_MONTHS).where(among("month", months)).group_by("month")
    return {
        row["month"]: [date.fromisoformat(f"{row['month']}-{day:02}") for day in range(1, 32) if row["days"] >> day & 1]
        for row in (engine.rows(query.order_by("month")) if months else ())
    }
