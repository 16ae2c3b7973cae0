"""Event rows: a table whose rows are events, dataclasses with a `step` and `facts`; it grows, and none is rewritten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from tallystick.core.table import LedgerTable
from tallystick.store.tables import Tables

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from tallystick.store.writer import Writer

    SomeEvent = TypeVar("SomeEvent", bound=DataclassInstance)


def read_events(
    tables: Tables, table: LedgerTable, event: type[SomeEvent], steps: type[StrEnum], **options: Any
) -> list[SomeEvent]:
    """Return the events of a table, in the order in which they were written; `options` as `Tables.rows` has them.

    Raises LedgerError where a file is lost.
    """
    if not tables.has(table):
        return []
    rows = tables.rows(table, **options).sort_by([("happened_at", "ascending"), ("place", "ascending")])
    parsed = {"step": cache(steps), "facts": cache(json.loads)}
    names = [field.name for field in fields(event)]
    columns = [rows[name].to_pylist() for name in names]
    columns = [
        [*map(parsed[name], column)] if name in parsed else column for name, column in zip(names, columns, strict=True)
    ]
    return [event(*values) for values in zip(*columns, strict=True)]


def write_events(writer: Writer, table: LedgerTable, events: Sequence[DataclassInstance]) -> None:
    """Add events for good."""
    import pyarrow as pa

    from tallystick.store.columns import schema

    rows = []
    for place, event in enumerate(events):
        row = asdict(event)
        rows.append(row | {"place": place, "step": str(row["step"]), "facts": json.dumps(row["facts"], sort_keys=True)})
    writer.append(table, pa.Table.from_pylist(rows, schema(table)))
