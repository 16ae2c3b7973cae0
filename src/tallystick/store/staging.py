"""Staging: the rows that a writer wants in one table, in memory until they are written in one go."""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from tallystick.core.select import literal
from tallystick.core.table import LedgerTable
from tallystick.store import files
from tallystick.store.columns import encoded, flat

Filter = tuple[str, str, Any]
"""A column, `=` or `in`, and a value or several."""
FULL = 2**24
"""Bytes of staged rows that are written before more are staged, so that memory does not grow with a commit."""


class Staging:
    """The rows that one table is to have: some appended, some in the place of whatever it has of their days.

    `file_rows` are the most that one file is to have.
    """

    def __init__(self, table: LedgerTable, file_rows: int = files.MOST_ROWS) -> None:
        self._table = table
        self._file_rows = file_rows
        self._schema = encoded(table)
        self._appended: list[pa.Table] = []
        self._replacing: list[pa.Table] = []
        self._days: dict[tuple[tuple[str, str], ...], set[date]] = {}
        """The days that are replaced, by the columns that hold a value on them."""

    def append(self, rows: pa.Table) -> None:
        """Add rows."""
        self._appended.append(_by_day(rows.cast(self._schema)))

    def replace(self, fixed: Mapping[str, str], days: Sequence[date], rows: pa.Table) -> None:
        """Put `rows` in the place of the rows of these days that hold the columns of `fixed` to their values."""
        key = tuple(fixed.items())
        if self._appended or any(staged & {*days} for staged in self._days.values()):
            self._appended = [_elsewhere(part, key, days) for part in self._appended]
            self._replacing = [_elsewhere(part, key, days) for part in self._replacing]
        self._replacing.append(_by_day(rows.cast(self._schema)))
        self._days.setdefault(key, set()).update(days)

    @property
    def full(self) -> bool:
        """Whether so many rows are staged that they should be written now."""
        return bool(sum(part.nbytes for part in (*self._replacing, *self._appended)) > FULL)

    def replaced(self, organization: str) -> Collection[date]:
        """The days of which no row of an organization is left on the disk."""
        return self._days.get((("organization", organization),), ())

    def over(self, stored: pa.Table, filters: Sequence[Filter]) -> pa.Table:
        """The rows that fit the filters, of those that the disk has and those that are staged."""
        for key, days in self._days.items():
            stored = _elsewhere(stored, key, days)
        parts = (*self._replacing, *self._appended)
        staged = (part.filter(_fitting(part, filters)).select(stored.schema.names) for part in parts)
        fits = pa.schema([self._schema.field(name) for name in stored.schema.names])
        return pa.concat_tables([stored.cast(fits), *staged])

    def write(self, delta: DeltaTable) -> None:
        """Write the rows: one Delta commit, or two where the table has rows of the days that are replaced."""
        if self._days and self._may_have(delta):
            delta.delete(self._predicate())
        files.add(delta, self._filled([*self._replacing, *self._appended]), self._file_rows)

    def _may_have(self, delta: DeltaTable) -> bool:
        """Whether a file of the table may have rows of a replaced day, by what its log states."""
        days = sorted(set[date]().union(*self._days.values()))
        stated = pa.table(delta.get_add_actions(flatten=True))
        if not {"min.day", "max.day"} <= {*stated.schema.names}:
            return bool(stated.num_rows)
        spans = zip(stated["min.day"].to_pylist(), stated["max.day"].to_pylist(), strict=True)
        return any(first is None or bisect_left(days, first) < bisect_right(days, last) for first, last in spans)

    def _filled(self, parts: list[pa.Table]) -> list[pa.Table]:
        """The parts that hold rows, in the order of their first days."""
        filled = [part for part in parts if part.num_rows]
        if "day" not in self._schema.names:
            return filled
        return sorted(filled, key=lambda part: part["day"][0].as_py() or date.min)

    def _predicate(self) -> str:
        """The SQL of what is replaced."""
        return " or ".join(f"({self._condition(key, sorted(days))})" for key, days in self._days.items())

    def _condition(self, key: tuple[tuple[str, str], ...], days: list[date]) -> str:
        conditions = [f"{name} = {literal(value)}" for name, value in key]
        if "month" in self._table.partitions:  # named, so that files of other months stay shut
            months = sorted({f"{day:%Y-%m}" for day in days})
            conditions.append(f"month in ({', '.join(map(literal, months))})")
            if len(days) == sum(monthrange(*map(int, month.split("-")))[1] for month in months):
                return " and ".join(conditions)  # of all their days, so no file is read
        conditions.append(f"day in ({', '.join(f'date {literal(str(day))}' for day in days)})")
        return " and ".join(conditions)


def _elsewhere(rows: pa.Table, key: tuple[tuple[str, str], ...], days: Collection[date]) -> pa.Table:
    """The rows that are of other days, or do not hold the columns of the key to their values."""
    on_days = [*((name, "=", value) for name, value in key), ("day", "in", days)]
    return rows.filter(pc.invert(_fitting(rows, on_days)))


def _fitting(rows: pa.Table, filters: Sequence[Filter]) -> pa.ChunkedArray:
    """Whether each row fits the filters; not by an expression, whose memory is out of our pool."""
    fits = (
        pc.equal(rows[name], value)
        if operator == "="
        else pc.is_in(rows[name], pa.array([*value], rows.schema.field(name).type))
        for name, operator, value in filters
    )
    return functools.reduce(pc.and_kleene, fits)


def _by_day(rows: pa.Table) -> pa.Table:
    """The rows in the order of their days, so that a file holds few of them; as they are where they have none."""
    if "day" not in rows.schema.names:
        return rows
    days = flat(rows["day"])
    in_order = pc.all(pc.less_equal(days[:-1], days[1:])).as_py()
    return rows if in_order else rows.unify_dictionaries().take(pc.sort_indices(days))
