"""Days: every UTC day of the ledger: in which state its bill and its use are, what it was billed, whether it is closed.

A day that is absent is unknown and not zero: it has no amount.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES, USED
from tallystick.core.money import total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.select import select
from tallystick.core.time import DAY, Grain, Window, midnight
from tallystick.query.charge_source import from_sums
from tallystick.query.closings import closings
from tallystick.query.conditions import among, within
from tallystick.query.context import Context
from tallystick.query.coverage import cover
from tallystick.query.gaps import LATE, LOST, UNREAD
from tallystick.query.names import dim_cells, dim_headings, dims_of, named, organizations
from tallystick.query.report import ChargeSum, Days, Parameter, Report, days
from tallystick.store.engine import Engine

ABSENT, RUNNING, PROVISIONAL, SETTLED = "absent", "running", "provisional", "settled"
NOT_READ, NOT_BILLED = "bill not read", "not billed yet"
STATES = (ABSENT, NOT_READ, NOT_BILLED, RUNNING, PROVISIONAL, SETTLED)
"""What the bill of a day can be, the gravest first; its use can be all but not billed yet."""
OPEN, CLOSED = "open", "closed"
"""Whether the month of a day is closed."""
_HEADINGS = (
    Heading("bill", Kind.TEXT),
    Heading("use", Kind.TEXT, drop_order=1),
    Heading("month", Kind.TEXT, drop_order=1),
    Heading("billed", Kind.MONEY, "USD"),
)


def answer(engine: Engine, question: Question, now: datetime) -> Table:
    """Each day of the window, of each organization, in order: `bill` and `use` in STATES, `month`, `billed` in USD.

    `billed` is None where the bill is absent, not read, or not there yet.
    """
    scope = question.where.get("organization", Filter())
    ids = [id_ for id_ in organizations(engine) if scope.takes(id_)]
    dims = dims_of(engine, replace(question, by=("day",)))
    names = named(engine, dims)
    amounts = _billed(engine, question, ids)
    cells: list[tuple[Cell, ...]] = []
    for id_ in ids:
        organization_question = replace(question, by=(), where={"organization": Filter.of(id_)})
        bill, use = (_states(cover(engine, table, organization_question, now)[0], now) for table in (CHARGES, USED))
        closed = closings(engine, id_)
        for day in question.window.days():
            subject = {"organization": id_, "day": str(day)}
            known = bill.get(day, SETTLED)
            unknown = known in {ABSENT, NOT_READ} or (day not in amounts[id_] and known in {NOT_BILLED, RUNNING})
            cells.append(
                (
                    *dim_cells({name: subject[name] for name in dims}, names),
                    known,
                    use.get(day, SETTLED),
                    CLOSED if f"{day:%Y-%m}" in closed else OPEN,
                    None if unknown else amounts[id_].get(day, Decimal(0)),
                )
            )
    coverage, covered = cover(engine, CHARGES, question, now)
    billed = [row[-1] for row in cells if isinstance(row[-1], Decimal)]
    return Table(
        replace(question, by=("day",)),
        (*dim_headings(dims, names), *_HEADINGS),
        cells,
        {"billed": total(billed) if billed else None},
        tuple(covered),
        coverage,
        engine.version.identity,
    )


def _billed(engine: Engine, question: Question, ids: list[str]) -> dict[str, dict[date, Decimal]]:
    """What each organization was billed on each day."""
    amounts: dict[str, dict[date, Decimal]] = {id_: {} for id_ in ids}
    query = select("organization", "day", "sum(billed) AS billed").from_("ledger.charges")
    query = query.where("billed IS NOT NULL", within(question.window, months=True), among("organization", ids))
    query = from_sums(engine, query.group_by("organization", "day"))
    for row in engine.rows(query) if engine.holds(CHARGES) else ():
        amounts[row["organization"]][row["day"]] = row["billed"]
    return amounts


def _states(coverage: Mapping[str, Any], now: datetime) -> dict[date, str]:
    """The state of each day that is not settled; a day of today or later runs, whatever of it was read."""
    states: dict[date, str] = {}
    listed = {
        PROVISIONAL: coverage["provisional"],
        RUNNING: coverage["running"],
        NOT_BILLED: coverage.get(LATE, {}).get("days", ()),
        NOT_READ: coverage.get(UNREAD, {}).get("days", ()),
        ABSENT: (*coverage["absent"], *coverage.get(LOST, {}).get("unread", ())),
    }
    for state, texts in listed.items():
        for text in texts:
            day = date.fromisoformat(text)
            states[day] = RUNNING if day >= now.date() else state
    return states


def _ask(context: Context, days: Days, organization: str | None) -> Table:
    where = {"organization": organization} if organization else None
    question = context.question("days", (), days, where)
    if days == (None, None, None):
        question = replace(question, window=_all(context.engine, context.now))
    return answer(context.engine, question, context.now)


def _all(engine: Engine, now: datetime) -> Window:
    """The days from the first one of the ledger to today."""
    today = Grain.DAY.floor(now)
    [row] = engine.rows(select("min(day) AS first").from_("ledger.days"))
    return Window(midnight(row["first"]) if row["first"] else today, today + DAY)


REPORT = Report(
    _ask,
    (
        *days("every day of the ledger"),
        Parameter("organization", "Only this organization, where the ledger has several.", metavar="ID"),
    ),
    "The bill or the use of a day is settled, provisional (Anthropic may still change it), running, absent, not read, "
    "or not billed yet.",
    priced=False,
    charges={"billed": ChargeSum("billed", "billed")},
)
