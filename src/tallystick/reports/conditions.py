"""The parts of a query that come from a question: its columns of dimensions, its window, its filters."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from sqlglot import exp

from tallystick.core.records import LedgerTable
from tallystick.core.time import Window
from tallystick.errors import AskedWrongly
from tallystick.ledger.engine import Engine
from tallystick.reports.names import addresses, directory

_DERIVED = {
    "hour": "CAST(day AS VARCHAR) || 'T' || lpad(CAST(hour_of_day AS VARCHAR), 2, '0') || ':00:00Z'",
    "day": "CAST(day AS VARCHAR)",
    "week": "CAST(CAST(date_trunc('week', day) AS DATE) AS VARCHAR)",
    "month": "month",
}


def column(name: str) -> exp.Expression:
    """A dimension, or a grain of time as text, as a column of the records."""
    return exp.maybe_parse(_DERIVED[name], dialect="duckdb") if name in _DERIVED else exp.column(name)


def within(window: Window, *, months: bool = False) -> exp.Condition:
    """The condition that a row's day lies in the window; with `months`, so said that other files stay shut."""
    start = exp.cast(exp.Literal.string(f"{window.start:%Y-%m-%d}"), "date")
    end = exp.cast(exp.Literal.string(f"{window.end:%Y-%m-%d}"), "date")
    days = exp.and_(exp.column("day") >= start, exp.column("day") < end)
    if not months:
        return days
    last = (window.days() or [window.start.date()])[-1]
    first_month, last_month = exp.Literal.string(f"{window.start:%Y-%m}"), exp.Literal.string(f"{last:%Y-%m}")
    return exp.and_(exp.column("month") >= first_month, exp.column("month") <= last_month, days)


def wanted(engine: Engine, table: LedgerTable, where: Mapping[str, tuple[str, ...]]) -> list[exp.Condition]:
    """The conditions that hold dimensions to the ids or names wanted; AskedWrongly for one that nothing has.

    A misspelt name must not look like a spend of zero. An id goes before a name that is spelt alike.
    """
    conditions: list[exp.Condition] = []
    for name, said in where.items():
        query = exp.select(exp.alias_(column(name), "id")).distinct().from_(exp.table_(table.name, db="ledger"))
        names = directory(engine, name)
        present = {row["id"] for row in engine.ask(query).to_pylist()} | names.keys()
        ids: set[str] = set()
        for value in said:
            found = {value} & present or {id_ for id_, called in names.items() if called == value}
            found = found or {
                id_
                for called in (names, addresses(engine, name))
                for id_, spelling in called.items()
                if spelling.casefold() == value.casefold()
            }
            if not found:
                known = sorted({*present, *names.values()})
                near = get_close_matches(value, known, n=3, cutoff=0.5)
                near = near or [it for it in known if value.casefold() in it.casefold()][:3]
                several = f" For several write {name}=A,{name}=B." if "," in value else ""
                raise AskedWrongly(
                    f"No {name} in the ledger has the id or name {value!r}.",
                    (f"Near it: {', '.join(near)}." if near else f"`--by {name}` lists what there is.") + several,
                )
            ids |= found
        conditions.append(column(name).isin(*(exp.Literal.string(value) for value in sorted(ids))))
    return conditions
