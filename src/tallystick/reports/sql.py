"""SQL: the answer to a user's own query, as a Table like any other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tallystick.core.message import Message, note
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.time import text
from tallystick.errors import InvalidQuestion
from tallystick.query.context import Context
from tallystick.query.owners import owned_charges
from tallystick.query.report import Form, Parameter, Report
from tallystick.store.engine import Engine
from tallystick.store.views import OWNED

READ = 1_000
"""Rows that a person reads on a terminal; formats for data have all."""


def ask(engine: Engine, query: str, top: int | None = None) -> Table:
    """Answer one statement that reads, with all of its rows or its first `top`, which a note says.

    InvalidQuestion where it is anything else or cannot be run.
    """
    result = engine.sql(query, None if top is None else top + 1)
    is_cut = top is not None and result.num_rows > top
    messages = (note(f"These are the first {top:,} rows. Add a limit, or --format csv for all."),) if is_cut else ()
    return _table(engine, result.slice(0, top), messages)


def parts(engine: Engine, query: str) -> Iterator[Table]:
    """Answer one statement as Tables of some of its rows each, so that any number of rows needs the same memory."""
    return (_table(engine, pa.Table.from_batches([batch])) for batch in engine.sql_batches(query))


def _table(engine: Engine, result: pa.Table, messages: tuple[Message, ...] = ()) -> Table:
    headings = tuple(Heading(name, _kind(kind)) for name, kind in zip(_apart(result), result.schema.types, strict=True))
    try:
        columns = [_cells(column) for column in result.columns]
    except (OverflowError, ValueError) as wrong:
        raise InvalidQuestion(f"A value of the answer cannot be shown: {wrong}.", "Cast it to VARCHAR.") from None
    return Table(None, headings, list(zip(*columns, strict=True)), {}, messages, as_of=engine.version.identity)


def _apart(result: pa.Table) -> list[str]:
    """The column names, a name that came before with a number: no column may hide another."""
    names: list[str] = []
    for name in result.schema.names:
        following = (f"{name}_{number}" for number in range(1, len(result.schema.names) + 1))
        names.append(
            name if name not in names else next(candidate for candidate in following if candidate not in names)
        )
    return names


def _kind(kind: pa.DataType) -> Kind:
    if pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale == 0):
        return Kind.COUNT
    return Kind.NUMBER if pa.types.is_decimal(kind) or pa.types.is_floating(kind) else Kind.TEXT


def _cells(column: pa.ChunkedArray) -> list[Cell]:
    values = column.to_pylist()
    is_plain = pa.types.is_string(column.type) or pa.types.is_integer(column.type)
    return values if is_plain else [_cell(value) for value in values]


def _cell(value: Any) -> Cell:
    match value:
        case bool():
            return str(value).lower()
        case None | str() | int():
            return value
        case Decimal():
            return int(value) if value.as_tuple().exponent == 0 else value
        case datetime():
            return text(value.replace(tzinfo=value.tzinfo or UTC))
        case date() | time() | timedelta() | float():
            return str(value)
    return json.dumps(value, default=str)


_OWNED = re.compile(rf"\b{OWNED}\b", re.IGNORECASE)


def _engine(context: Context, query: str) -> Engine:
    """The version that is asked, with the owners of the charges where the query may name them."""
    if _OWNED.search(query) and context.owners.rules:
        context.engine.stand(OWNED, owned_charges(context.engine, context.owners))
    return context.engine


REPORT = Report(
    lambda context, query, top: ask(_engine(context, query), query, top),
    (
        Parameter("query", "One statement that reads.", Form.ARGUMENT, required=True),
        Parameter("top", "The first N rows.", Form.COUNT, metavar="N"),
    ),
    "QUERY is one SELECT over the views that `tallystick schema` lists; it cannot write. Text stops at 1,000 rows; "
    "other formats have them all, csv and jsonl in the same memory for any number.",
    priced=False,
    parts=lambda context, query, top: None if top else parts(_engine(context, query), query),
    text_rows=READ,
    organizations=False,
)
