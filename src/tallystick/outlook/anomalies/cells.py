"""Cells: what each key or person spent with each model, day by day, read from the charges in two statements."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import NamedTuple, TypeVar

from tallystick.core.causes import BILL_NOT_READ, NOT_BILLED_YET
from tallystick.core.dimensions import OWNED
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.select import Select, select
from tallystick.core.time import Window
from tallystick.query.charge_source import from_sums
from tallystick.query.conditions import among, day_of
from tallystick.query.filters import wanted, within
from tallystick.store.engine import Engine

LINE = ("model", "kind", "tier", "context", "geo", "speed")
"""What decides a price."""
AT_ONCE = 100
"""Groups whose days are Python's own numbers at once: all of them would take four times the memory of their courses."""
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
class Course:
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
    courses: dict[Cell, Course]
    lines: dict[tuple[str, ...], tuple[array[float], array[float], array[float]]] = field(default_factory=dict)

    @property
    def days(self) -> int:
        """How many days the window has."""
        return len(self.window.days())


def cells(engine: Engine, window: Window, where: Mapping[str, Filter]) -> Cells:
    """Read the cells of a window, in order; `where` holds dimensions to ids or names."""
    conditions = _conditions(engine, window, where)
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
    days = len(window.days())
    courses = {
        Cell(*names): Course(*columns)
        for names, columns in _read(engine, window, _grouped(Cell._fields, sums, conditions), len(Cell._fields), days)
    }
    line_sums = ("sum(billed) AS billed", "sum(quantity) AS quantity", "sum(coalesce(priced, 0)) AS priced")
    lined = _grouped(("organization", *LINE), line_sums, [*conditions, "billed IS NOT NULL", "quantity IS NOT NULL"])
    lines = {
        names: (columns[0], columns[1], columns[2])
        for names, columns in _read(engine, window, lined, 1 + len(LINE), days)
    }
    return Cells(window, _ordered(courses), _ordered(lines))  # floats are added up in one order, whatever the engine's


def _ordered(groups: dict[Names, T]) -> dict[Names, T]:
    """The same groups by their names."""
    return dict(sorted(groups.items(), key=lambda entry: entry[0]))


def _conditions(engine: Engine, window: Window, where: Mapping[str, Filter]) -> list[str]:
    scope = {name: part for name, part in where.items() if name not in OWNED}
    return [within(window, months=True), *wanted(engine, CHARGES, scope)]


def _grouped(names: Sequence[str], sums: Sequence[str], conditions: Sequence[str]) -> Select:
    query = select(*names, "day", *sums).from_("ledger.charges").where(*conditions)
    return query.group_by(*names, "day")


def _read(
    engine: Engine, window: Window, query: Select, width: int, days: int
) -> Iterator[tuple[tuple[str, ...], list[array[float]]]]:
    """Each group with a list of floats for each sum, a value a day; the engine makes the lists, in no order of days."""
    names, sums = query.names[:width], query.names[width + 1 :]
    first: date = window.start.date()
    lists = (f"list(day - {day_of(first)}) AS indexes", *(f"list({name}::DOUBLE) AS {name}" for name in sums))
    folded = select(*lists, *names).from_(from_sums(engine, query).subquery("grouped")).group_by(*names)
    with engine.cursor() as duck:
        engine.make(duck, "courses", folded)
        answer = duck.execute("FROM courses")
        while rows := answer.fetchmany(AT_ONCE):
            for indexes, *values in rows:
                positions = [len(indexes)] * days  # behind the last value, where a 0 stands for days without a charge
                for position, index in enumerate(indexes):
                    positions[index] = position
                by_day = itemgetter(*positions, 0)  # of one day alone it would give no tuple
                courses = [array("d", by_day([*amounts, 0.0])[:-1]) for amounts in values[: len(sums)]]
                yield tuple(values[len(sums) :]), courses
