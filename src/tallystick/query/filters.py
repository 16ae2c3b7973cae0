"""The parts of a query that come from a question: its columns of dimensions, its window, its filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches

from sqlglot import exp

from tallystick.core.models import aliases
from tallystick.core.question import Question
from tallystick.core.records import LedgerTable
from tallystick.core.time import Grain, Window
from tallystick.core.zones import Zone
from tallystick.errors import InvalidQuestion
from tallystick.query.names import addresses, directory, organizations
from tallystick.query.spelling import once
from tallystick.store.engine import Engine

SECOND = timedelta(seconds=1)
_AT = "(day + to_hours(hour_of_day))"
"""The start of an hour of usage."""
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


def local(zone: Zone, window: Window, name: str) -> exp.Expression:
    """A grain of time of a zone as text: of the hours of a window, moved as its clocks are ahead of UTC."""
    (_, first), *changes = zone.offsets(window)
    ahead = f"{first // SECOND}"
    offset = f"'{_offset(first)}'"
    for start, change in changes:
        ahead = f"CASE WHEN {_AT} >= TIMESTAMP '{start:%Y-%m-%d %H:%M:%S}' THEN {change // SECOND} ELSE {ahead} END"
        offset = f"CASE WHEN {_AT} >= TIMESTAMP '{start:%Y-%m-%d %H:%M:%S}' THEN '{_offset(change)}' ELSE {offset} END"
    wall = f"({_AT} + to_seconds({ahead}))"
    texts = {
        "hour": f"strftime({wall}, '%Y-%m-%dT%H:00:00') || {offset}",
        "day": f"strftime({wall}, '%Y-%m-%d')",
        "week": f"strftime(date_trunc('week', {wall}), '%Y-%m-%d')",
        "month": f"strftime({wall}, '%Y-%m')",
    }
    return exp.maybe_parse(texts[name], dialect="duckdb")


def _offset(ahead: timedelta) -> str:
    """How far before UTC, as RFC 3339 writes it: +09:00."""
    minutes = ahead // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def asked_for(question: Question, present: Sequence[Window] | None = None) -> exp.Condition:
    """The condition that a row lies in the window of a question, to the hour where it has a zone.

    `present` are the parts of it that are known; of a local day that is not, no hour is counted.
    """
    if not question.zone:
        return within(question.window, months=True)
    pieces = [question.window] if present is None else present
    hours = [
        f"({_AT} >= TIMESTAMP '{piece.start:%Y-%m-%d %H:%M:%S}' AND {_AT} < TIMESTAMP '{piece.end:%Y-%m-%d %H:%M:%S}')"
        for piece in pieces
    ]
    last = Grain.DAY.ceil(question.window.end)  # the condition on days keeps other files shut
    days = within(Window(Grain.DAY.floor(question.window.start), last), months=True)
    return exp.and_(days, exp.maybe_parse(" OR ".join(hours) or "FALSE", dialect="duckdb"))


def wanted(engine: Engine, table: LedgerTable, where: Mapping[str, tuple[str, ...]]) -> list[exp.Condition]:
    """The conditions that hold dimensions to the ids or names wanted; InvalidQuestion for one that nothing has.

    A misspelt name must not look like a spend of zero. An id goes before a name that is spelt alike, and a name of
    today before one that something had.
    """
    conditions: list[exp.Condition] = []
    for name, values in where.items():
        query = exp.select(exp.alias_(column(name), "id")).distinct().from_(exp.table_(table.name, db="ledger"))
        names = directory(engine, name)
        ids = organizations(engine) if name == "organization" else [row["id"] for row in engine.ask(query).to_pylist()]
        present = {*ids, *names}
        chosen: set[str] = set()
        for value in values:
            matches = aliases(value, present) if name == "model" else {value} & present
            matches = matches or {id_ for id_, called in names.items() if called == value}
            matches = matches or {
                id_
                for called in (names, addresses(engine, name))
                for id_, spelling in called.items()
                if spelling.casefold() == value.casefold()
            }
            matches = matches or once(engine, name, value)
            if not matches:
                known = sorted({*present, *names.values()})
                near = get_close_matches(value, known, n=3, cutoff=0.5)
                near = near or [candidate for candidate in known if value.casefold() in candidate.casefold()][:3]
                several = f" For several write {name}=A,{name}=B." if "," in value else ""
                raise InvalidQuestion(
                    f"No {name} in the ledger has the id or name {value!r}.",
                    (f"Near it: {', '.join(near)}." if near else f"`--by {name}` lists what there is.") + several,
                )
            chosen |= matches
        conditions.append(column(name).isin(*(exp.Literal.string(value) for value in sorted(chosen))))
    return conditions
