"""Series: an answer by time as columns of a chart: what stands at each time, in which state its days are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from tallystick.core.dimensions import TIMES
from tallystick.core.money import total
from tallystick.core.question import Heading, Kind, Table
from tallystick.core.text import safe
from tallystick.formats.shown import shown
from tallystick.query.gaps import LATE
from tallystick.query.groups import OTHERS

MOST = 6
"""Series of a chart; the smallest are drawn as one."""
UNKNOWN = {"absent": "?", "running": "…"}
"""States of a day whose amount may not be known, each with its sign."""
AHEAD = "to come"
"""The state of a day that lies ahead."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series: the id and name of its value, and its amount at each time; None where it has none."""

    value: str
    name: str
    amounts: tuple[Decimal | None, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """One time of a chart: its name, its state, and the whole of it as it is read."""

    time: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What a day is expected to come to, and its ranges by their percent: the low and the high end of each."""

    amount: Decimal
    ranges: Mapping[int, tuple[Decimal, Decimal]]


@dataclass(frozen=True, slots=True)
class Flag:
    """What stands out on some days: its first and last slot, its state, what it is in words, the page of it."""

    first: int
    last: int
    state: str
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Course:
    """An answer along time: the slots, the series that stack on each, the figure that is drawn.

    `earlier` is the whole of each slot some time before, `before` says when; empty where nothing is compared.
    `expected` are the slots that are expected rather than known, by their index.
    """

    grain: str
    dimension: str
    figure: Heading
    slots: tuple[Slot, ...]
    series: tuple[Series, ...]
    earlier: tuple[Decimal | None, ...] = ()
    before: str = ""
    expected: Mapping[int, Expected] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()

    def text(self, amount: Decimal) -> str:
        """An amount as it is read: a count is whole."""
        return shown(int(amount) if self.figure.kind is Kind.COUNT else amount, self.figure)

    def against(self, table: Table, days: int, before: str) -> Course:
        """The course beside an answer by day, each day beside the one so many days before."""
        amounts = {
            str(row["day"]): amount for row in table.rows if isinstance(amount := row[self.figure.name], Decimal)
        }
        ago = timedelta(days=days)
        earlier = tuple(amounts.get(str(date.fromisoformat(slot.time) - ago)) for slot in self.slots)
        return replace(self, earlier=earlier if any(earlier) else (), before=before)


def course(table: Table, today: date | None = None, most: int = MOST, figure: str | None = None) -> Course | None:
    """Return the answer along time; None where it is not by one grain of time and one dimension at most.

    `figure` is the one that is drawn, else the first. Days from `today` on have not ended, whatever is known of them.
    """
    if not (question := table.question) or not table.cells:
        return None
    times = [name for name in question.by if name in TIMES]
    others = [name for name in question.by if name not in TIMES]
    figures = [heading for heading in table.headings if heading.kind in {Kind.MONEY, Kind.COUNT}]
    drawn = next((heading for heading in figures if heading.name == figure), next(iter(figures), None))
    if len(times) != 1 or len(others) > 1 or drawn is None:
        return None
    grain, dimension = times[0], others[0] if others else ""
    amounts: dict[str, dict[str, Decimal]] = defaultdict(dict)
    names: dict[str, str] = {}
    for row in table.rows:
        value = str(row[dimension]) if dimension else ""
        names[value] = str(row.get(f"{dimension}_name", value))
        cell = row[drawn.name]
        if isinstance(cell, int | Decimal):
            amounts[value][str(row[grain])] = Decimal(cell)
    slots = _slots(table, grain, amounts, drawn, today)
    ranked = sorted(amounts, key=lambda value: (-abs(total([*amounts[value].values()])), value))
    if len(ranked) > most:
        amounts[OTHERS] = _sum([amounts[value] for value in ranked[most - 1 :]])
        names[OTHERS] = f"{len(ranked) - most + 1} others"
        ranked = [*ranked[: most - 1], OTHERS]
    series = tuple(
        Series(value, safe(names[value]), tuple(amounts[value].get(slot.time) for slot in slots)) for value in ranked
    )
    return Course(grain, dimension, drawn, slots, series)


def _slots(
    table: Table, grain: str, amounts: Mapping[str, Mapping[str, Decimal]], figure: Heading, today: date | None
) -> tuple[Slot, ...]:
    """Every time of the window, by day also those that have no row."""
    times = sorted({time for values in amounts.values() for time in values})
    if grain == "day" and table.question:
        window = table.question.wall
        days = (window.end - window.start) // timedelta(days=1)
        times = [str((window.start + timedelta(days=index)).date()) for index in range(days)]
    states = _states(table)
    sums = _sum(list(amounts.values()))
    slots = []
    for time in times:
        state = states.get(time, "")
        if grain == "day" and today and time >= str(today):
            state = "running"
        known = time in sums or state not in UNKNOWN
        slots.append(Slot(time, state, shown(sums.get(time, Decimal(0)), figure) if known else "unknown"))
    return tuple(slots)


def _states(table: Table) -> dict[str, str]:
    """The state of each day that is not settled."""
    coverage = table.coverage
    late = coverage.get(LATE, {}).get("days", ())
    listed = {
        "provisional": coverage.get("provisional", ()),
        "not billed yet": late,
        "running": coverage.get("running", ()),
        "absent": coverage.get("absent", ()),
    }
    return {str(day): state for state, days in listed.items() for day in days}


def _sum(parts: list[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, list[Decimal]] = defaultdict(list)
    for part in parts:
        for time, amount in part.items():
            sums[time].append(amount)
    return {time: total(listed) for time, listed in sums.items()}
