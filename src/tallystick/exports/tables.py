"""Tables: what the export of a table holds: each of its rows in a window, names beside ids, in the order of days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import pyarrow as pa

from tallystick.core.ledger_tables import BILL, CHARGES, USED
from tallystick.core.question import Question
from tallystick.core.rows import Rows
from tallystick.core.select import identifier, select
from tallystick.core.table import LedgerTable, Type
from tallystick.core.text import choose
from tallystick.core.time import DAY, Window, midnight
from tallystick.errors import InvalidQuestion
from tallystick.query.conditions import within
from tallystick.query.coverage import cover
from tallystick.query.filters import wanted
from tallystick.query.grouping import tallied
from tallystick.query.match_shares import billed_coverage
from tallystick.query.priority_tier import priority
from tallystick.query.unpriced import unpriced
from tallystick.store.engine import Engine
from tallystick.store.views import VIEWS

EXPORTED = {"charges": CHARGES, "usage": USED, "cost": BILL}
"""The table and view that each export holds, by the name that a user types."""
MOST_ROWS = 50_000
"""Rows that are sorted at a time."""
BATCH_ROWS = 20_000
"""Rows that are written at a time."""
_TYPES = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DATE": pa.date32(),
    "DECIMAL(28,12)": pa.decimal128(28, 12),
}


def columns(name: str) -> tuple[tuple[str, str, str], ...]:
    """The columns of an export: name, SQL type, meaning. InvalidQuestion where there is no such export."""
    if name not in EXPORTED:
        raise InvalidQuestion(f"There is no export of {name!r}.", f"Exports: {', '.join(EXPORTED)}, focus.")
    return next(view.columns for view in VIEWS if view.name == EXPORTED[name].name)


def export(engine: Engine, question: Question, now: datetime, most: int = MOST_ROWS) -> Rows:
    """The rows of the table that the question's report names; InvalidQuestion where it cannot be.

    So many days are read at a time as have `most` rows, one at the least, so memory holds no more; the rows of a day
    are in the order of what they are of.
    """
    view_columns = columns(question.report)
    table = EXPORTED[question.report]
    tallied(engine)
    for name in question.where:
        if name not in (choices := _dimensions(table)):
            raise InvalidQuestion(f"`{question.report}` has no dimension {name!r}.", choose(name, choices))
    conditions = wanted(engine, table, question.where)
    schema = pa.schema([(name, _TYPES[kind]) for name, kind, _ in view_columns])
    if table is CHARGES:
        coverage, messages = billed_coverage(engine, question, now)
        coverage["unpriced"], nameless = unpriced(engine, question)
        messages += nameless
    else:
        source = USED if table is USED else CHARGES
        coverage, covered = cover(engine, source, question, now)
        messages = [*priority(engine, source, question), *covered]
    title = f"{question.report}, {window_label(question.window)}"
    return Rows(title, schema, _batches(engine, question, schema, conditions, most), messages, coverage)


def window_label(window: Window) -> str:
    """The first and last day of a window, both included."""
    return f"{window.start.date()} to {(window.end - DAY).date()}, UTC days"


def days(engine: Engine, table: LedgerTable, window: Window) -> list[date]:
    """The days of a window that a table has rows of."""
    query = select("day").distinct().from_(f"ledger.{table.name}").order_by("day")
    return [row["day"] for row in engine.rows(query.where(within(window, months=True)))]


def _batches(
    engine: Engine, question: Question, schema: pa.Schema, conditions: Sequence[str], most: int
) -> Iterator[pa.RecordBatch]:
    table = EXPORTED[question.report]
    order = [identifier(name) for name in _dimensions(table)]
    for window in _windows(engine, table, question.window, most):
        query = (
            select(*(identifier(name) for name in schema.names))
            .from_(table.name)
            .where(within(window, months=True), *conditions)
            .order_by("day", *order)
        )
        for batch in engine.stream(query, BATCH_ROWS):
            yield batch.cast(schema)


def _windows(engine: Engine, table: LedgerTable, window: Window, most: int) -> Iterator[Window]:
    """The window in pieces of whole days that have `most` rows at most, one day at the least."""
    query = select("day", "count(*) AS rows").from_(f"ledger.{table.name}").group_by("day").order_by("day")
    days, rows = list[date](), 0
    for row in engine.rows(query.where(within(window, months=True))):
        if days and rows + row["rows"] > most:
            yield Window(midnight(days[0]), midnight(days[-1]) + DAY)
            days, rows = [], 0
        days.append(row["day"])
        rows += row["rows"]
    if days:
        yield Window(midnight(days[0]), midnight(days[-1]) + DAY)


def _dimensions(table: LedgerTable) -> list[str]:
    """The columns that say what a row is of."""
    return [
        column.name
        for column in table.columns
        if column.type is Type.TEXT and column.name not in {"month", "unit", "currency"}
    ]
