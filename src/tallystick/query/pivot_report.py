"""Pivot report: what it can be asked with, and how it is answered or shown as SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tallystick.errors import InvalidQuestion
from tallystick.query.pivot import Pivot
from tallystick.query.report import (
    BEFORE,
    COMPARE,
    TOP,
    WINDOW,
    ChargeSum,
    Days,
    Form,
    Parameter,
    Report,
    Where,
    by,
    narrowed_by,
)
from tallystick.query.strictness import INCOMPLETE, RENAMED, UNCOUNTED, UNPRICED, Strictness

if TYPE_CHECKING:
    from tallystick.core.question import Question, Table
    from tallystick.query.context import Context

ZONE = Parameter(
    "tz",
    "Count days of a time zone such as Asia/Tokyo; needs hours (`sync --grain hour`).",
    metavar="ZONE",
)
STRICT = Strictness({**INCOMPLETE, **UNPRICED, **RENAMED, **UNCOUNTED})
OWNED = "-- After it the rules of the owners give each row its team, and split shared ones.\n"
PRICED = "-- After it the price lists give the rows, by day and what else decides a rate, their dollars.\n"
Answer = Callable[["Context", "Question"], "Table"]


def pivot_report(
    pivot: Pivot,
    answer: Answer | None = None,
    *,
    zones: bool = False,
    computed: Mapping[str, ChargeSum] | None = None,
) -> Report:
    """Return the report of a pivot; `answer` takes the place of the plain sums.

    `zones`: it has days of a zone. `computed` are the charges behind figures that `answer` adds.
    """
    measures = ", ".join(measure.name for measure in pivot.more)
    dimensions = (*pivot.dimensions, *pivot.breakdowns)
    further = tuple(measure.name for measure in pivot.more)
    show = (Parameter("show", f"Further columns: {measures}.", Form.NAMES, (), "MEASURE[,MEASURE]", choices=further),)
    about = f"Group by any of {', '.join(pivot.dimensions)}."
    if pivot.breakdowns:
        about += f"\n\nAlso by {', '.join(pivot.breakdowns)}, after `sync --breakdowns`."

    def ask(context: Context, *, compare: str | None, **values: Any) -> Table:
        question = _question(pivot, context, **values)
        answer_of = partial(answer or _sums(pivot), context)
        if compare is None:
            return answer_of(question)
        from tallystick.query.comparison import compared

        return compared(answer_of, question, compare, pivot.order, context.now)

    def sql(context: Context, *, compare: str | None, **values: Any) -> str:
        from tallystick.query.grouping import query

        if compare:
            raise InvalidQuestion("A comparison is two queries.", "Leave out --compare to see the one of each window.")

        question = _question(pivot, context, **values)
        statement, _ = query(pivot, context.engine, question, context.now, context.owners_of(question))
        steps = OWNED if {*question.by, *question.where} & {"team", "cost_center"} else ""
        return statement.pretty + "\n" + steps + (PRICED if answer else "")

    return Report(
        ask,
        (
            by(pivot.by, dimensions),
            *WINDOW,
            narrowed_by(dimensions),
            *(show if measures else ()),
            *((ZONE,) if zones else ()),
            COMPARE,
            TOP,
        ),
        about,
        priced=pivot.name != "usage",
        strict=STRICT,
        charges=_charges({**pivot.charges, **(computed or {})}),
        teams=pivot.money,
        sql=sql,
    )


def _charges(charges: Mapping[str, ChargeSum]) -> dict[str, ChargeSum]:
    """The charges behind each figure, behind what it was before, and of what a comparison computes of both."""
    compared = {
        name + end: behind
        for name, charges_of in charges.items()
        for end, behind in (
            (BEFORE, replace(charges_of, before=True)),
            *((end, replace(charges_of, column="", both=True)) for end in ("_change", "_growth")),
        )
    }
    return {**charges, **compared}


def _sums(pivot: Pivot) -> Answer:
    def answer(context: Context, question: Question) -> Table:
        from tallystick.query import grouping

        owners = context.owners_of(question)
        table = grouping.answer(pivot, context.engine, question, context.now, owners)
        if not pivot.money:
            return table
        if owners:
            from tallystick.query.since_closed import otherwise

            table = replace(table, messages=(*otherwise(context.engine, question.window, owners), *table.messages))
        return context.warned(table)

    return answer


def _question(
    pivot: Pivot,
    context: Context,
    *,
    by: tuple[str, ...],
    days: Days,
    where: Where,
    top: int | None,
    tz: str | None = None,
    show: Sequence[str] = (),
) -> Question:
    """Return what is asked of a pivot; its days are of the zone `tz` where one is named."""
    utc_days = days if tz is None else (None, None, None)  # a day of a zone may not have begun in UTC
    question = replace(context.question(pivot.name, by, utc_days, where, top), show=tuple(show))
    if tz is None:
        return question
    from tallystick.core.zones import Zone

    zone = Zone.of(tz)
    since, until, month = days
    return replace(question, window=zone.window(since, until, context.now, month=month), zone=zone)
