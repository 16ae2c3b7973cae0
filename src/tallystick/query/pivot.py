"""A pivot: a report as a small value, what it sums, what it can be grouped by, what it refuses and why.

Light to import: command and help follow from it without opening a ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tallystick.core.dimensions import TIMES
from tallystick.core.question import Cell, Heading, Kind, Question
from tallystick.core.text import choose
from tallystick.errors import InvalidQuestion
from tallystick.query.report import ChargeSum

PRIORITY, BUT_PRIORITY = "priority", "all but priority"
"""The tiers that stand apart where prepaid use has no dollars."""
TIERS_APART = ("tier", f"CASE WHEN tier = '{PRIORITY}' THEN '{PRIORITY}' ELSE '{BUT_PRIORITY}' END")
"""The dimension by which they do, and its SQL."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a report: the sum of a column over the records, or a figure `derived` from the sums of a row.

    `needs` names other figures of the report that it is derived from. `aggregate` is said in place of a sum where the
    figure is unknown as soon as one record does not know it. `drop_order` is its column's, `charges` what it sums.
    """

    name: str
    kind: Kind
    unit: str | None
    sql: str = ""
    aggregate: str = ""
    derived: Callable[[Mapping[str, Any]], Cell] | None = None
    needs: tuple[str, ...] = ()
    drop_order: int = 0
    charges: ChargeSum | None = None

    @property
    def aggregated(self) -> str:
        """Its SQL over the records of a group."""
        return self.aggregate or f"sum({self.sql})"

    @property
    def heading(self) -> Heading:
        """Its column."""
        return Heading(self.name, self.kind, self.unit, self.drop_order)


@dataclass(frozen=True, slots=True)
class Pivot:
    """Sums over one kind of record, grouped by dimensions: cost (`money`) or usage.

    `dimensions` is what it can be grouped by and `refused` what it cannot, with the reason. Rows are sorted by time,
    then by the measure `order`, the largest first. `more` are figures that are shown where they are asked for. `apart`
    is a dimension and its SQL by which rows stand apart though nobody asked for it; `notes` always hold.
    `breakdowns` are dimensions that a question is answered by where the sync was told to read them.
    """

    name: str
    money: bool
    dimensions: tuple[str, ...]
    by: tuple[str, ...]
    measures: tuple[Measure, ...]
    order: str
    more: tuple[Measure, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    apart: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()
    breakdowns: tuple[str, ...] = ()

    @property
    def charges(self) -> dict[str, ChargeSum]:
        """The charges behind each figure that has any."""
        return {measure.name: measure.charges for measure in (*self.measures, *self.more) if measure.charges}

    def showing(self, names: Sequence[str]) -> Pivot:
        """The report with further figures; InvalidQuestion for one that it does not have."""
        known = {measure.name: measure for measure in self.more}
        if unknown := [name for name in names if name not in known]:
            raise InvalidQuestion(
                f"`{self.name}` has no measure {unknown[0]!r} to show.",
                choose(unknown[0], [*known]) if known else "It shows all it has.",
            )
        needed = {self.measures[0].name, *names}
        needed |= {name for measure in self.more if measure.name in needed for name in measure.needs}
        return replace(
            self, measures=(*self.measures, *(measure for measure in self.more if measure.name in needed)), more=()
        )

    def cells(self, row: Mapping[str, Any]) -> tuple[Cell, ...]:
        """The figures of a row of sums."""
        return tuple(measure.derived(row) if measure.derived else row[measure.name] for measure in self.measures)

    def check(self, question: Question) -> None:
        """Raise InvalidQuestion where the question is not one that this report can answer."""
        choices = f"Choose among {', '.join((*self.dimensions, *self.breakdowns))}."
        for name in (*question.by, *question.where):
            if name in self.refused:
                raise InvalidQuestion(f"`{self.name}` cannot be asked by {name}: {self.refused[name]}", choices)
            if name not in {*self.dimensions, *self.breakdowns}:
                names = (*self.dimensions, *self.breakdowns)
                raise InvalidQuestion(f"`{self.name}` knows no dimension {name!r}.", choose(name, names))
            if name in TIMES and name in question.where:
                raise InvalidQuestion(f"Time is not chosen by --where {name}.", "Use --since and --until.")
        if len(set(question.by)) != len(question.by):
            raise InvalidQuestion("A dimension is named twice in --by.", choices)
        if question.top is not None and question.top < 1:
            raise InvalidQuestion("--top keeps at least one row.", "Leave it out to see all.")
