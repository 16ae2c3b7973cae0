"""Month source: where a query of charges by who used reads them: in the sums of whole months, and else as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tallystick.core.ledger_tables import CHARGES, MONTH_SUMS, MONTH_USED, USED
from tallystick.core.select import Select, select
from tallystick.core.table import LedgerTable
from tallystick.core.time import Grain, Window
from tallystick.query.charge_source import IN_SUMS, from_sums
from tallystick.query.conditions import among, within
from tallystick.store.ahead import QUOTED
from tallystick.store.engine import Engine, per_version

_MONTHS = f"ledger.{MONTH_SUMS.name}"
_NEWEST = re.compile(r"\bmax\(day\) AS \w+")


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the sums of a table stand, which columns both have, and a pattern of those that the sums lack."""

    sums: str
    shared: Sequence[str]
    lacking: re.Pattern[str]

    @classmethod
    def of(cls, table: LedgerTable, sums: LedgerTable) -> _Source:
        summed = {column.name for column in sums.columns}
        shared = [column.name for column in table.columns if column.name in summed]
        lacking = [column.name for column in table.columns if column.name not in summed]
        return cls(f"ledger.{sums.name}", shared, re.compile(rf"\b({'|'.join(('day', *lacking))})\b"))


_SOURCES = {
    f"ledger.{table.name}": _Source.of(table, sums) for table, sums in ((CHARGES, MONTH_SUMS), (USED, MONTH_USED))
}


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
    source = _SOURCES.get(query.source)
    if not source or not engine.version.has_months or source.lacking.search(QUOTED.sub("", text)):
        return query
    parts = _parts(engine, windows)
    if windows and {f"{piece.start:%Y-%m}" for window in windows for piece in window.split(Grain.MONTH)} <= {*parts}:
        return query
    sums = select(*source.shared, "rows").from_(source.sums)
    read = sums.subquery("charges")
    if parts:
        elsewhere = f"NOT {among('month', parts)}"
        charges = select(*source.shared, "1::BIGINT AS rows").from_(query.source).where(among("month", parts))
        read = f"({sums.where(elsewhere)} UNION ALL {charges}) AS charges"
    return replace(query, source=read, columns=tuple(IN_SUMS.get(sql, sql) for sql in query.columns))


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
