"""Cells: what each key or person spent with each model, day by day, read from the charges in two statements."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, TypeVar

from tallystick.core.causes import BILL_NOT_READ, NOT_BILLED_YET
from tallystick.core.dimensions import OWNED
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.select import select
from tallystick.core.time import Grain, Window
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import among, day_of, within
from tallystick.query.filters import wanted
from tallystick.store.engine import Engine

LINE = ("model", "kind", "tier", "context", "geo", "speed")
"""What decides a price."""
AT_ONCE = 100
"""Groups whose days are Python's own numbers at once: all of them would take four times the memory of their sums."""
MANY = 200_000
"""Charges of which days are grouped a month at a time; of fewer, or a part of them, one statement is quicker."""
UNBILLED = f"billed IS NULL AND {among('cause', (NOT_BILLED_YET, BILL_NOT_READ))}"
"""Of a charge: that it is use which is not billed yet, so that its price stands for its bill."""
SPENT = f"CASE WHEN {UNBILLED} THEN coalesce(priced, 0) ELSE coalesce(billed, 0) END"
"""What a charge cost: as billed, or as priced where it is not billed yet."""
READ = ("cache_read",)
INPUT = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read")


Names = TypeVar("Names", bound=tuple[str, ...])
T = TypeVar("T")


class Cell(NamedTuple):
    """The finest thing that is looked at: one key or person in a workspace, with one model."""

    organization: str
    workspace: str
    key: str
    actor: str
    model: str


@dataclass(slots=True)
class DailySums:
    """A cell day by day: US dollars, those not billed yet, those for input; tokens, of input, read from the cache.

    Doubles: they say what is unusual, and no amount that is shown is made of them.
    """

    dollars: array[float]
    unbilled: array[float]
    input_dollars: array[float]
    tokens: array[float]
    input_tokens: array[float]
    read_tokens: array[float]


@dataclass(slots=True)
class Cells:
    """Every cell over the days of a window, and each line: US dollars billed, quantity, US dollars priced."""

    window: Window
    by_cell: dict[Cell, DailySums]
    lines: dict[tuple[str, ...], tuple[array[float], array[float], array[float]]] = field(default_factory=dict)

    @property
    def days(self) -> int:
        """How many days the window has."""
        return len(self.window.days())


def cells(engine: Engine, window: Window, where: Mapping[str, Filter], own: Sequence[str] = ()) -> Cells:
    """Read the cells of a window, in order; `where` holds dimensions to ids or names, `own` conditions cells alone."""
    conditions = wanted(engine, CHARGES, {name: part for name, part in where.items() if name not in OWNED})
    input_kind, read_kind = among("kind", INPUT), among("kind", READ)
    tokens = "coalesce(quantity, 0)"
    sums = (
        f"sum({SPENT}) AS dollars",
        f"sum(CASE WHEN {UNBILLED} THEN coalesce(priced, 0) ELSE 0 END) AS unbilled",
        f"sum(CASE WHEN {input_kind} THEN {SPENT} ELSE 0 END) AS input_dollars",
        f"sum(CASE WHEN unit = 'tokens' THEN {tokens} ELSE 0 END) AS tokens",
        f"sum(CASE WHEN {input_kind} THEN {tokens} ELSE 0 END) AS input_tokens",
        f"sum(CASE WHEN {read_kind} THEN {tokens} ELSE 0 END) AS read_tokens",
    )
    charges = engine.version.contents.get(CHARGES.name)
    is_large = charges is not None and charges.rows >= MANY and where.keys() <= {"organization"}
    parts = [*window.split(Grain.MONTH)] if is_large else [window]
    by_cell = {
        Cell(*names): DailySums(*columns)
        for names, columns in _read(engine, parts, Cell._fields, sums, [*conditions, *own]).items()
    }
    line_sums = ("sum(billed) AS billed", "sum(quantity) AS quantity", "sum(coalesce(priced, 0)) AS priced")
    counted = [*conditions, "billed IS NOT NULL", "quantity IS NOT NULL"]
    lines = {
        names: (columns[0], columns[1], columns[2])
        for names, columns in _read(engine, [window], ("organization", *LINE), line_sums, counted).items()
    }
    return Cells(window, _ordered(by_cell), _ordered(lines))  # floats are added up in one order, whatever the engine's


def _ordered(groups: dict[Names, T]) -> dict[Names, T]:
    """The same groups by their names."""
    return dict(sorted(groups.items(), key=lambda entry: entry[0]))


def _read(
    engine: Engine, parts: Sequence[Window], names: Sequence[str], sums: Sequence[str], conditions: Sequence[str]
) -> dict[tuple[str, ...], list[array[float]]]:
    """Each group with an array of floats for each sum, a value a day; 0 stands for a day without a charge.

    A part of the window at a time is grouped, so that the memory of many groups does not grow with it.
    """
    first: date = parts[0].start.date()
    empty = bytes(array("d").itemsize * sum(len(part.days()) for part in parts))
    groups: dict[tuple[str, ...], list[array[float]]] = {}
    with engine.cursor() as duck:
        for part in parts:
            query = select(*names, "day", *sums).from_("ledger.charges").where(within(part, months=True), *conditions)
            query = query.group_by(*names, "day")
            figures = query.names[len(names) + 1 :]
            lists = (
                f"list(day - {day_of(first)}) AS indexes",
                *(f"list({name}::DOUBLE) AS {name}" for name in figures),
            )
            grouped = from_sums(engine, query).subquery("grouped")
            engine.make(duck, "group_days", select(*lists, *names).from_(grouped).group_by(*names))
            answer = duck.execute("FROM group_days")
            while rows := answer.fetchmany(AT_ONCE):
                for indexes, *values in rows:
                    group = tuple(values[len(figures) :])
                    if group not in groups:
                        groups[group] = [array("d", empty) for _ in figures]
                    for daily, amounts in zip(groups[group], values, strict=False):
                        for index, amount in zip(indexes, amounts, strict=True):
                            daily[index] = amount
    return groups
