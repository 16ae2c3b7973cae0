"""Breakdowns in answers: which one can answer a question, and what its rows come to where groups do not add up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.core.breakdowns import BREAKDOWN_DIMENSIONS, BREAKDOWNS, Breakdown
from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import DAYS
from tallystick.core.message import Message, warning
from tallystick.core.money import EXACT
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.errors import InvalidQuestion
from tallystick.query.conditions import equals, within
from tallystick.query.filters import wanted
from tallystick.store.engine import Engine

SHOWN = ("list", "discount")
"""The further figures of spend that a breakdown knows."""


def breakdown_for(question: Question) -> Breakdown | None:
    """The breakdown that answers a question, None where the charges do; InvalidQuestion where no one breakdown can."""
    dimensions = dict.fromkeys((*question.by, *question.where))
    own = [name for name in dimensions if name in BREAKDOWN_DIMENSIONS]
    if not own:
        return None
    able = [breakdown for breakdown in BREAKDOWNS if own[0] in breakdown.dims]
    breakdown = next((breakdown for breakdown in able if set(dimensions) <= set(breakdown.groupable)), None)
    if breakdown is None:
        nearest = max(able, key=lambda breakdown: len({*dimensions} & {*breakdown.groupable}))
        missing = next(name for name in dimensions if name not in nearest.groupable)
        also = [
            name for name in dict.fromkeys(name for breakdown in able for name in breakdown.groupable) if name != own[0]
        ]
        raise InvalidQuestion(
            f"{own[0]} and {missing} cannot be asked together: {own[0]} is read by itself, as a breakdown of the bill.",
            f"With {own[0]} go {', '.join(also)}.",
        )
    if other_figures := [name for name in question.show if name not in SHOWN]:
        raise InvalidQuestion(f"By {own[0]} there is no {other_figures[0]}.", f"It shows {' and '.join(SHOWN)}.")
    if breakdown.overlap and question.top is not None:
        raise InvalidQuestion(f"By {own[0]} rows do not add up, so --top cannot sum the rest.", "Leave --top out.")
    several = [dim for dim in breakdown.overlapping if dim in question.where and not question.where[dim].single]
    if several := [dim for dim in several if dim not in question.by]:
        raise InvalidQuestion(
            f"Rows of several {several[0]}s do not add up.", f"Ask --by {several[0]}, or hold it to one."
        )
    return breakdown


def breakdown_totals(
    engine: Engine, breakdown: Breakdown, question: Question, sums: Mapping[str, Any]
) -> tuple[Mapping[str, Any], tuple[Message, ...]]:
    """The totals of an answer from a breakdown, `sums` being those of its rows, and what to say of them.

    Where groups do not add up it is what the organization was billed, by the control totals; None of a part of it.
    """
    fixed = [dim for dim in breakdown.overlapping if question.where.get(dim, Filter()).single]
    if not breakdown.overlap or fixed:
        return sums, ()
    if others := [name for name in question.where if name != "organization"]:
        dimensions = " and ".join(others)
        return dict.fromkeys(sums), (
            warning(f"{breakdown.overlap}: they do not add up, and there is no total by {dimensions} to show instead."),
        )
    query = select("sum(billed) AS billed", "sum(list) AS list").from_("ledger.days")
    query = query.where(
        equals("source", breakdown.name), within(question.window), *wanted(engine, DAYS, question.where)
    )
    [row] = engine.rows(query)
    if row["billed"] is not None:
        row["discount"] = EXACT.subtract(row["list"], row["billed"])
    totals = {name: row.get(name) for name in sums}
    return totals, (warning(f"{breakdown.overlap}: they do not add up. The total is what was billed."),)
