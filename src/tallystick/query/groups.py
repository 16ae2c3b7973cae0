"""Groups: the rows of an answer as they were read, their sums, their order, and the rest in one beside the largest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tallystick.core.dimensions import TIMES
from tallystick.core.message import Message
from tallystick.core.money import total
from tallystick.core.question import Kind, Question
from tallystick.core.records import REQUESTS
from tallystick.core.time import Grain, midnight
from tallystick.query import gaps
from tallystick.query.facts import Billed
from tallystick.query.pivot import Pivot

Row = dict[str, Any]
"""What a query says of one group: its dimensions and sums by their names."""
OTHERS = "others"
"""The id of the row that sums what `top` leaves out."""
RECONCILING = "reconciling item"
"""Names what stands between parts and their whole."""
NO_VALUE = frozenset({OTHERS, RECONCILING})
"""What stands in the place of a value and is none."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The rows of an answer, in no order, and the dimensions that they are by.

    `billed` is what was billed to all of them, `scope` the question as the ledger itself can be asked. Of a question
    about owners `messages` say how rules were applied, and `renamed` are ids that other rules match since a day of it.
    """

    dims: Sequence[str]
    rows: Sequence[Row]
    billed: Billed
    scope: Question
    messages: Sequence[Message] = ()
    renamed: Sequence[str] = ()

    @classmethod
    def of(cls, rows: Sequence[Row], dims: Sequence[str], question: Question, coverage: Mapping[str, Any]) -> Groups:
        """The rows of a query; what the coverage says is unknown of them is so here too."""
        rows = [_known(row, dims, coverage) for row in rows]
        sums = (total([row[name] for row in rows if row.get(name) is not None]) for name in ("billed", "unreported"))
        return cls(dims, rows, Billed(*sums), question)


def ordered(rows: Sequence[Row], dims: Sequence[str], pivot: Pivot) -> list[Row]:
    """The rows by time, then the largest first."""
    times = [name for name in dims if name in TIMES]

    def place(row: Row) -> tuple[object, ...]:
        when = [_when(row[name], name) for name in times]
        return when, -(row[pivot.order] or 0), [row[name] for name in dims]

    return sorted(rows, key=place)


def summed(pivot: Pivot, rows: Sequence[Mapping[str, Any]]) -> Row:
    """What rows come to in each measure; None for what nobody knows."""
    sums: Row = {}
    for measure in pivot.measures:
        if measure.derived is None:
            cells = [row[measure.name] for row in rows if row[measure.name] is not None]
            sums[measure.name] = total(cells) if measure.kind is Kind.MONEY else sum(cells)
            if (measure.aggregate and len(cells) < len(rows)) or (rows and not cells):
                sums[measure.name] = None
    for measure in pivot.measures:
        if measure.derived is not None:
            sums[measure.name] = measure.derived(sums)
    return sums


def largest(pivot: Pivot, rows: Sequence[Row], dims: Sequence[str], question: Question) -> list[Row]:
    """The largest rows, and the rest in one: one for each value of what stands apart though nobody asked."""
    if question.top is None or len(rows) <= question.top:
        return [*rows]
    by_size = sorted(range(len(rows)), key=lambda index: -(rows[index][pivot.order] or 0))
    indices = set(by_size[: question.top])
    unasked = [name for name in dims if name not in question.by]
    rest: dict[tuple[Any, ...], list[Row]] = {}
    for index, row in enumerate(rows):
        if index not in indices:
            rest.setdefault(tuple(row[name] for name in unasked), []).append(row)
    others = [
        dict.fromkeys(dims, OTHERS) | dict(zip(unasked, group, strict=True)) | summed(pivot, group_rows)
        for group, group_rows in rest.items()
    ]
    return [*(row for index, row in enumerate(rows) if index in indices), *others]


def _when(cell: str, name: str) -> datetime | str:
    """What rows of a grain of time stand in the order of: a local hour that comes twice, by its offset."""
    return datetime.fromisoformat(cell) if name == "hour" else cell


def _known(row: Row, dims: Sequence[str], coverage: Mapping[str, Any]) -> Row:
    """A row without its requests where they are unknown: of days that were billed and whose usage was not read."""
    unread = [midnight(date.fromisoformat(day)) for day in coverage.get(gaps.LOST, {}).get("unread", ())]
    times = [name for name in dims if name in TIMES]
    lost = any(all(f"{Grain(name).floor(day):%Y-%m-%d}".startswith(row[name]) for name in times) for day in unread)
    return row | {REQUESTS: None} if lost and REQUESTS in row else row
