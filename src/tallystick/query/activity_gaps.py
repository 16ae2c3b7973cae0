"""Activity gaps: what the rows of Claude Code do not tell, or tell in several rows, as messages beside its answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from tallystick.core.dimensions import NAMED
from tallystick.core.message import Message, note, warning
from tallystick.core.question import Question
from tallystick.core.repeated import KIND
from tallystick.core.select import select
from tallystick.core.text import day_spans
from tallystick.query.notices import count_in, newest_notices
from tallystick.store.engine import Engine

_NOBODY = (
    f"(actor = '{NAMED['actor'].absent}' OR (organization, actor) IN "  # noqa: S608 - our own names
    "(SELECT (organization, id) FROM names WHERE type = 'actor'))"
)
"""Rows of an actor of whom neither an e-mail nor the name of a key is told: each such actor stands alone."""


def messages(engine: Engine, question: Question, conditions: Sequence[str], now: datetime) -> Iterator[Message]:
    """What to say of the rows of these conditions: no tokens, no model, nobody, and rows that came repeatedly."""

    def label(days: Iterable[date]) -> str:
        return day_spans(sorted(days), now.year)

    if days := _days(engine, "model <> 'none' AND (input IS NULL OR estimated IS NULL)", conditions):
        yield warning(f"Some rows of {label(days)} tell no tokens: what they used and its estimate are unknown.")
    if days := _days(engine, "model = 'unknown' AND input IS NOT NULL", conditions):
        yield note(f"Some rows of {label(days)} do not name their model: their tokens stand under `unknown`.")
    if days := _without_models(engine, conditions):
        yield note(f"Some rows of {label(days)} tell sessions and no model: their tokens are taken as none.")
    if days := _days(engine, _NOBODY, conditions):
        yield note(f"Some rows of {label(days)} name no person or key: active_days may count somebody twice.")
    if counts := _repeated(engine, question):
        rows = sum(counts.values())
        yield warning(
            f"{rows:,} row{'s' if rows > 1 else ''} of {label(counts)} came again for the same key or person in one "
            "place, and are added: keys of one name have several, but figures may stand here twice."
        )


def _days(engine: Engine, condition: str, conditions: Sequence[str]) -> set[date]:
    query = select("day").distinct().from_("ledger.activity")
    return {row["day"] for row in engine.rows(query.where(condition, *conditions))}


def _without_models(engine: Engine, conditions: Sequence[str]) -> set[date]:
    """The days on which somebody had sessions in a place, and no row there names a model."""
    session_columns = ("organization", "day", "actor", "customer", "subscription", "terminal", "remote")
    query = select("day").from_("ledger.activity").where(*conditions).group_by(*session_columns)
    query = query.having("sum(sessions) > 0 AND count(*) FILTER (WHERE model <> 'none') = 0")
    return {row["day"] for row in engine.rows(query)}


def _repeated(engine: Engine, question: Question) -> Counter[date]:
    """How many rows of each day came again."""
    days = {*question.window.days()}
    counts: Counter[date] = Counter()
    for (_, subject), text in newest_notices(engine, question, KIND).items():
        day = date.fromisoformat(subject.rpartition(" ")[2])
        if day in days and (count := count_in(text)):
            counts[day] += count
    return counts
