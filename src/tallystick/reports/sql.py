"""SQL: the answer to a user's own query, as a Table like any other."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tallystick.core.message import note
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.time import text
from tallystick.errors import InvalidQuestion
from tallystick.query.report import Form, Parameter, Report
from tallystick.store.engine import Engine

READ = 1_000
"""Rows that a person reads on a terminal; formats for data have all."""


def ask(engine: Engine, query: str, top: int | None = None) -> Table:
    """Answer one statement that reads, with all of its rows or its first `top`, which a note says.

    InvalidQuestion where it is anything else or cannot be run.
    """
    result = engine.sql(query, None if top is None else top + 1)
    is_cut = top is not None and result.num_rows > top
    result = result.slice(0, top)
    messages = (note(f"These are the first {top:,} rows. Add a limit, or --format csv for all."),) if is_cut else ()
    headings = tuple(Heading(name, _kind(kind)) for name, kind in zip(_apart(result), result.schema.types, strict=True))
    try:
        columns = [[_cell(cell) for cell in column.to_pylist()] for column in result.columns]
    except (OverflowError, ValueError) as wrong:
        raise InvalidQuestion(f"A value of the answer cannot be shown: {wrong}.", "Cast it to VARCHAR.") from None
    as_of = engine.version.spoken
    return Table(None, headings, list(zip(*columns, strict=True)), {}, messages, as_of=as_of)


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


REPORT = Report(
    lambda context, query, top: ask(context.engine, query, top),
    (
        Parameter("query", "One statement that reads.", Form.ARGUMENT, required=True),
        Parameter("top", "The first N rows.", Form.COUNT, metavar="N"),
    ),
    "One select over the views that `tallystick schema` lists. Read only. Text stops at 1,000 rows; formats for data "
    "have all.",
    priced=False,
    text_rows=READ,
)
