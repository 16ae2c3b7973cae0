"""Known zeros: the rows of what is known to be nothing, so that in data it does not look like what is unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tallystick.core.ledger_tables import CHARGES, USED
from tallystick.core.money import total
from tallystick.core.question import Kind, Question
from tallystick.core.records import REQUESTS
from tallystick.core.select import select
from tallystick.query.conditions import within
from tallystick.query.coverage import cover
from tallystick.query.filters import wanted
from tallystick.query.pivot import Pivot
from tallystick.store.engine import Engine

_REPORTS = ("spend", "usage")
_UNKNOWN = ("not_billed_yet", "bill_not_read", "usage_unknown")
"""Parts of a coverage whose `days` are not, or not wholly, known."""


def zeros(
    pivot: Pivot,
    question: Question,
    dims: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    coverage: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """The rows that answers by day, or in one row, have for known days on which nothing was.

    A day that was used and is not billed yet has a row of unknown amounts; one that is absent or runs has none.
    """
    if pivot.name not in _REPORTS or question.top is not None or question.zone:
        return []
    unknown = {*coverage["absent"], *coverage["running"]}
    unknown |= {day for part in _UNKNOWN for day in coverage.get(part, {}).get("days", ())}
    known = [f"{day}" for day in question.window.days() if f"{day}" not in unknown]
    counted = bool(rows) and all(row.get(REQUESTS) is not None for row in rows)
    nothing: dict[str, Any] = {
        measure.name: total([])
        if measure.kind is Kind.MONEY
        else None
        if measure.name == REQUESTS and not counted
        else 0
        for measure in pivot.measures
        if not measure.derived
    }
    if not dims:
        return [nothing] if known and not rows else []
    if list(dims) != ["day"]:
        return []
    present = {row["day"] for row in rows}
    late = coverage.get("not_billed_yet", {"days": ()})["days"] if pivot.money else ()
    unknown_figures = dict.fromkeys(nothing)
    return [
        *({"day": day, **nothing} for day in known if day not in present),
        *({"day": day, **unknown_figures} for day in late if day not in present),
    ]


def quiet(engine: Engine, question: Question, name: str, now: datetime) -> str | None:
    """Say that nothing was billed or used in a window that `name` names.

    None where something was, or where no ended day of it was read: unknown is not zero (rule 6). The question may hold
    the organization fixed, nothing else.
    """
    conditions = [within(question.window, months=True), *wanted(engine, CHARGES, question.where)]
    for table in (CHARGES, USED):
        rows = select("count(*) AS rows").from_(f"ledger.{table.name}")
        if engine.rows(rows.where(*conditions))[0]["rows"]:
            return None
    billed, used = (cover(engine, table, question, now)[0] for table in (CHARGES, USED))
    if not billed["present"]:
        return None
    verb = "billed or used" if used["present"] >= billed["present"] else "billed"
    return f"Nothing was {verb} in {name}{', so far as it was read' if billed['absent'] else ''}."
