"""Filters: the parts of a query that come from a question: its columns of dimensions, its window, its filters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from tallystick.core.filter import Filter, pattern
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.models import aliases
from tallystick.core.question import Question
from tallystick.core.select import conjunction, select
from tallystick.core.table import LedgerTable
from tallystick.core.text import did_you_mean
from tallystick.core.time import Grain, Window
from tallystick.errors import InvalidQuestion
from tallystick.query.conditions import NEVER, among, within
from tallystick.query.month_source import from_months
from tallystick.query.names import addresses, called, directory, organizations
from tallystick.query.spelling import once
from tallystick.store.engine import Engine, per_version

if TYPE_CHECKING:
    from tallystick.core.zones import Zone

SECOND = timedelta(seconds=1)
_AT = "(day + to_hours(hour_of_day))"
"""The start of an hour of usage."""
_DERIVED = {
    "hour": "CAST(day AS VARCHAR) || 'T' || lpad(CAST(hour_of_day AS VARCHAR), 2, '0') || ':00:00Z'",
    "day": "CAST(day AS VARCHAR)",
    "week": "CAST(CAST(date_trunc('week', day) AS DATE) AS VARCHAR)",
    "month": "month",
}


def column(name: str) -> str:
    """A dimension, or a grain of time as text, as a column of the records."""
    return _DERIVED.get(name, name)


def local(zone: Zone, window: Window, name: str) -> str:
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
    return texts[name]


def _offset(ahead: timedelta) -> str:
    """How far before UTC, as RFC 3339 writes it: +09:00."""
    minutes = ahead // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def asked_for(question: Question, present: Sequence[Window] | None) -> str:
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
    return conjunction(days, " OR ".join(hours) or NEVER)


def wanted(engine: Engine, table: LedgerTable, where: Mapping[str, Filter], *, strict: bool = True) -> list[str]:
    """Return the conditions that hold dimensions to the ids or names of filters.

    A misspelt name must not look like a spend of zero: InvalidQuestion for one that nothing has. Where not `strict`
    (another table has it) no row has it: FALSE where it is asked for, no condition where it is left out.
    """
    conditions: list[str] = []
    for name, part in where.items():
        ids, left_out = named_ids(engine, table, name, part, strict=strict)
        if part.values:
            conditions.append(among(column(name), sorted(ids)))
        if left_out:
            conditions.append(f"NOT {among(column(name), sorted(left_out))}")
    return conditions


def named_ids(
    engine: Engine, table: LedgerTable, name: str, part: Filter, *, strict: bool = True
) -> tuple[set[str], set[str]]:
    """Return the ids that a filter of a dimension asks for, and those that it leaves out; InvalidQuestion as above."""
    return (
        {id_ for value in part.values for id_ in _words(engine, table, name).ids(value, strict=strict)},
        {id_ for value in part.without for id_ in _words(engine, table, name).ids(value, strict=strict)},
    )


def present(engine: Engine, table: LedgerTable, name: str) -> list[str]:
    """The values that a dimension has in a table."""
    query = select(f"{column(name)} AS id").distinct().from_(f"ledger.{table.name}")
    return [row["id"] for row in engine.rows(from_months(engine, query))]


def ids_of(engine: Engine, dimension: str, value: str) -> set[str]:
    """Return the ids of a dimension of the charges that a value of a filter names; none where nothing has it."""
    return _words(engine, CHARGES, dimension).ids(value, strict=False)


class _Words:
    """The ids of a dimension in a table and in the directory, and the words by which a filter can name them."""

    def __init__(self, engine: Engine, table: LedgerTable, name: str) -> None:
        self._engine = engine
        self._table = table
        self._name = name
        self._names = directory(engine, name)

    @cached_property
    def _present(self) -> set[str]:
        is_organization = self._name == "organization"
        ids = organizations(self._engine) if is_organization else present(self._engine, self._table, self._name)
        return {*ids, *self._names}

    def ids(self, value: str, *, strict: bool) -> set[str]:
        """Return the ids that a value names.

        An id of the directory goes before a name that is spelt alike, that before an id that only rows have, then come
        a pattern or a name in another case, and a name of today before one that something had. What the directory
        tells is looked at first, for what else there is takes a look at all rows.
        """
        if value in self._names:
            return {value}
        if matches := called(self._names, value):
            return matches
        matches = aliases(value, self._present) if self._name == "model" else {value} & self._present
        matches = matches or self._alike(pattern(value) or re.compile(re.escape(value), re.IGNORECASE))
        matches = matches or once(self._engine, self._name, value)
        if strict and not matches:
            raise self._unknown(value)
        return matches

    def _alike(self, wild: re.Pattern[str]) -> set[str]:
        """Return the ids whose id, name or e-mail a pattern fits; of a model all of its ids."""
        ids = {id_ for id_ in self._present if wild.fullmatch(id_)}
        for words in (self._names, addresses(self._engine, self._name)):
            ids |= {id_ for id_, word in words.items() if wild.fullmatch(word)}
        if self._name == "model":
            ids |= {id_ for model in ids for id_ in aliases(model, self._present)}
        return ids

    def _unknown(self, value: str) -> InvalidQuestion:
        name = self._name
        if pattern(value):
            return InvalidQuestion(
                f"No {name} in the ledger has an id or name like {value!r}.", f"`--by {name}` lists what there is."
            )
        hint = did_you_mean(value, sorted({*self._present, *self._names.values()}), cutoff=0.5)
        several = f" For several write {name}=A,{name}=B." if "," in value else ""
        return InvalidQuestion(
            f"No {name} in the ledger has the id or name {value!r}.",
            (hint or f"`--by {name}` lists what there is.") + several,
        )


@per_version
def _words(engine: Engine, table: LedgerTable, name: str) -> _Words:
    return _Words(engine, table, name)
