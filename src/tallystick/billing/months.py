"""Months: every billing month: what it comes to, its state, when it can be closed, and what changed since it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import note
from tallystick.core.money import EXACT
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.select import select
from tallystick.core.time import DAY, Grain, Window, midnight
from tallystick.query.charge_source import from_sums
from tallystick.query.closings import CHARGE, Closing, closings
from tallystick.query.conditions import equals
from tallystick.query.context import Context
from tallystick.query.month_state import OPEN, READY, SHUT, MonthState, month_state
from tallystick.query.names import dim_cells, dim_headings, dims_of, named, organizations
from tallystick.query.report import Parameter, Report
from tallystick.store.engine import Engine

_HEADINGS = (
    Heading("state", Kind.TEXT),
    Heading("billed", Kind.MONEY, "USD"),
    Heading("absent", Kind.COUNT, "days", drop_order=2),
    Heading("late", Kind.COUNT, "days", drop_order=3),
    Heading("provisional", Kind.COUNT, "days", drop_order=2),
    Heading("close_from", Kind.TEXT, drop_order=1),
    Heading("closed_on", Kind.TEXT, drop_order=1),
    Heading("closed_with", Kind.NUMBER, "USD", drop_order=2),
    Heading("since", Kind.NUMBER, "USD"),
)
_NOTE = (
    "close_from is the day from which Anthropic changes none of its days any more. closed_with is what a month was "
    "closed with, since what changed in its bill after that: it is charged in the next open month."
)


@dataclass(frozen=True)
class _Months:
    """The months of one organization, the newest first."""

    engine: Engine
    organization: str
    now: datetime

    def rows(self) -> list[tuple[MonthState, tuple[Cell, ...]]]:
        closed = closings(self.engine, self.organization)
        of_organization = equals("organization", self.organization)
        query = select("min(day) AS first").from_("ledger.days").where(of_organization)
        first: date | None = self.engine.rows(query)[0]["first"]
        if first is None:
            return []
        sums = select("month", "sum(billed) AS billed").from_("ledger.charges").where(of_organization)
        sums = from_sums(self.engine, sums.group_by("month"))
        charges = self.engine.rows(sums) if self.engine.holds(CHARGES) else []
        billed: dict[str, Decimal | None] = {row["month"]: row["billed"] for row in charges}
        months = Window(Grain.MONTH.floor(midnight(first)), self.now).split(Grain.MONTH)
        names = [f"{month.start:%Y-%m}" for month in months]
        states = [month_state(self.engine, self.organization, name, self.now) for name in reversed(names)]
        return [(state, _row(state, billed.get(state.name), closed.get(state.name))) for state in states]


def _row(state: MonthState, known: Decimal | None, closing: Closing | None) -> tuple[Cell, ...]:
    billed = Decimal(0) if known is None and state.present else known
    days = (state.absent, state.late, state.provisional)
    if closing:
        amount = closing.billed[CHARGE]
        since = None if billed is None else EXACT.subtract(billed, amount)
        return (state.state, billed, *days, None, f"{state.closed_on}", amount, since)
    return (state.state, billed, *days, None if state.state == SHUT else f"{state.settles}", None, None, None)


def _headline(states: Sequence[MonthState], today: date) -> str:
    """The month that can be closed, and the first that is open, in a sentence each; `states` begin with the newest."""
    ready = next((state for state in reversed(states) if state.state == READY), None)
    open_ = next((state for state in reversed(states) if state.state == OPEN), None)
    return " ".join(state.sentence(today) for state in (ready, open_) if state)


def answer(engine: Engine, ids: Sequence[str], now: datetime) -> Table:
    """One row a month and organization, the newest first, as `_HEADINGS`; what is not known is None."""
    window = Window(Grain.MONTH.floor(now), Grain.DAY.floor(now) + DAY)
    question = Question("months", window, ("month",))
    dims = dims_of(engine, question)
    names = named(engine, dims)
    cells: list[tuple[Cell, ...]] = []
    states: list[MonthState] = []
    for id_ in ids:
        for state, row in _Months(engine, id_, now).rows():
            subject = {"organization": id_, "month": state.name}
            cells.append((*dim_cells({dim: subject[dim] for dim in dims}, names), *row))
            states.append(state)
    return Table(
        question,
        (*dim_headings(dims, names), *_HEADINGS),
        cells,
        {},
        (note(_NOTE),),
        {"present": len(cells)},
        engine.version.identity,
        _headline(states, now.date()) if len(ids) == 1 else "",
    )


def _ask(context: Context, organization: str | None) -> Table:
    scope = Filter((organization,) if organization else ())
    ids = [id_ for id_ in organizations(context.engine) if scope.takes(id_)]
    return answer(context.engine, ids, context.now)


REPORT = Report(
    _ask,
    (Parameter("organization", "Only this organization, where the ledger has several.", metavar="ID"),),
    "A month is running, open, can be closed, closed, or left open for good. `tallystick close` closes one.",
    priced=False,
)
