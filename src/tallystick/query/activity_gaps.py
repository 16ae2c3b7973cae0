"""Activity gaps: what the rows of Claude Code do not tell, or tell in several rows, as messages beside its answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlglot import exp

from tallystick.core.ledger_tables import NOTICES
from tallystick.core.message import Message, note, warning
from tallystick.core.question import Question
from tallystick.core.repeated import KIND, count_in
from tallystick.core.report_tables import ACTIVITY
from tallystick.core.text import day_spans
from tallystick.query.filters import wanted
from tallystick.store.engine import Engine


def messages(engine: Engine, question: Question, conditions: Sequence[exp.Condition], now: datetime) -> list[Message]:
    """What to say of the rows of these conditions: tokens not told, no model told, and rows that came repeatedly."""

    def spoken(days: Sequence[date]) -> str:
        return day_spans(sorted(days), now.year)

    said: list[Message] = []
    if days := _days(engine, "model <> 'none' AND (input IS NULL OR estimated IS NULL)", conditions):
        said.append(
            warning(f"Some rows of {spoken(days)} tell no tokens: what they used and its estimate are unknown.")
        )
    if days := _days(engine, "model = 'unknown' AND input IS NOT NULL", conditions):
        said.append(note(f"Some rows of {spoken(days)} do not name their model: their tokens stand under `unknown`."))
    if days := _without_models(engine, conditions):
        text = f"Some rows of {spoken(days)} tell sessions and no model: their tokens are taken as none."
        said.append(note(text))
    if counts := _repeated(engine, question):
        rows = sum(counts.values())
        said.append(
            warning(
                f"{rows:,} row{'s' if rows > 1 else ''} of {spoken([*counts])} came again for the same key or person "
                "in one place, and are added: keys of one name have several, but figures may stand here twice."
            )
        )
    return said


def _days(engine: Engine, condition: str, conditions: Sequence[exp.Condition]) -> list[date]:
    query = exp.select("day").distinct().from_(exp.table_(ACTIVITY.name, db="ledger"))
    query = query.where(condition, *(each.copy() for each in conditions))
    return [row["day"] for row in engine.ask(query).to_pylist()]


def _without_models(engine: Engine, conditions: Sequence[exp.Condition]) -> list[date]:
    """The days on which somebody had sessions in a place, and no row there names a model."""
    place = ("organization", "day", "actor", "customer", "subscription", "terminal", "remote")
    query = exp.select("day").from_(exp.table_(ACTIVITY.name, db="ledger"))
    query = query.where(*(each.copy() for each in conditions)).group_by(*place)
    query = query.having("sum(sessions) > 0 AND count(*) FILTER (WHERE model <> 'none') = 0")
    return sorted({row["day"] for row in engine.ask(query).to_pylist()})


def _repeated(engine: Engine, question: Question) -> dict[date, int]:
    """How many rows of each day came again."""
    where = {name: values for name, values in question.where.items() if name == "organization"}
    query = (
        exp.select("organization", "subject", "text")
        .from_("ledger.notices")
        .where(exp.column("kind").eq(exp.Literal.string(KIND)), *wanted(engine, NOTICES, where))
        .order_by("noticed_at")
    )
    newest: dict[tuple[str, str], Any] = {
        (row["organization"], row["subject"]): row["text"] for row in engine.ask(query).to_pylist()
    }
    days = {*question.window.days()}
    counts: dict[date, int] = {}
    for (_, subject), text in newest.items():
        day = date.fromisoformat(subject.rpartition(" ")[2])
        if day in days and (count := count_in(text)):
            counts[day] = counts.get(day, 0) + count
    return counts
