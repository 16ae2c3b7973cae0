"""Completeness: what a period waits for: days that are absent, not billed or in doubt, or the close of its month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from tallystick.core.document import Document
from tallystick.core.filter import Filter
from tallystick.core.question import Question, Table
from tallystick.core.text import day_spans
from tallystick.core.time import Window
from tallystick.delivery.order import Order
from tallystick.delivery.period import Period
from tallystick.query.closings import closings
from tallystick.query.context import Context
from tallystick.query.names import directory, organizations
from tallystick.reports import days
from tallystick.reports.days import PROVISIONAL, RUNNING, SETTLED

_DONE = {SETTLED, PROVISIONAL}
"""States of a day that was read after its end and billed."""
_WORDS = {RUNNING: "read before its end"}
"""What other states are called of days that ended."""


def waits_for(context: Context, order: Order, period: Period) -> list[str]:
    """Return what a period waits for, in words; nothing where it can be delivered. Raises LedgerError.

    A month that is closed is complete, however it was closed.
    """
    organization = order.address.text("organization")
    names = directory(context.engine, "organization")
    ids = [id_ for id_ in organizations(context.engine) if organization in {None, id_, names.get(id_)}]
    if order.is_closed:
        if open_ids := [id_ for id_ in ids if period.name not in closings(context.engine, id_)]:
            whose = f" of {', '.join(open_ids)}" if len(ids) > 1 else ""
            return [
                f"not closed{whose}: `tallystick close {period.name}`",
                *_open_days(context, order.needs(period), ids),
            ]
        return []
    return [*_open_days(context, order.needs(period), ids)]


def lacks(answer: Table | Document, window: Window, year: int) -> list[str]:
    """Return the days of a window that an answer lacks, in words: it may be of more than the bill and the use."""
    absent = answer.coverage.get("absent", ()) if isinstance(answer, Table) else ()
    lacking = [day for text in absent if (day := date.fromisoformat(text)) in window.days()]
    return [f"absent: {day_spans(lacking, year)}"] if lacking else []


def _open_days(context: Context, window: Window, ids: list[str]) -> Iterator[str]:
    """What is said of the days of a window that are not complete, a text for each state."""
    table = days.answer(context.engine, Question("days", window, (), {"organization": Filter(tuple(ids))}), context.now)
    open_days: dict[str, list[date]] = defaultdict(list)
    for row in table.rows:
        day = date.fromisoformat(str(row["day"]))
        bill, use = str(row["bill"]), str(row["use"])
        if bill not in _DONE:
            open_days[_WORDS.get(bill, bill)].append(day)
        if use not in _DONE and use != bill:
            open_days[f"use {_WORDS.get(use, use)}"].append(day)
    if doubtful := table.coverage.get("in_doubt"):
        open_days["in doubt"] += map(date.fromisoformat, doubtful)
    for state, listed in open_days.items():
        yield f"{state}: {day_spans(sorted({*listed}), context.now.year)}"
