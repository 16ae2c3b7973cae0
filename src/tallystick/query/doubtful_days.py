"""Doubtful days: those that a newer answer would empty or halve, named on every answer over them."""

from __future__ import annotations

from datetime import date

from tallystick.core.ledger_tables import CHARGES, DAYS, LOSSES
from tallystick.core.message import Message, warning
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.core.table import LedgerTable
from tallystick.core.time import spans
from tallystick.query.filters import wanted
from tallystick.store.engine import Engine


def doubtful_days(
    engine: Engine, table: LedgerTable, question: Question, sources: set[str]
) -> tuple[list[date], list[Message]]:
    """Return the days of the window whose newest answer was not believed yet, and what to say of them.

    `sources` are those that the table tells of; charges tell of use too.
    """
    sources = sources | {"usage", "analytics_usage"} if table is CHARGES else sources
    if not engine.holds(LOSSES):
        return [], []
    query = select("source", "day", "text").distinct().from_("ledger.losses").order_by("day", "text")
    query = query.where(*wanted(engine, DAYS, question.where_of("organization")))
    window_days = {*question.window.days()}
    rows = [row for row in engine.rows(query) if row["source"] in sources and row["day"] in window_days]
    if not rows:
        return [], []
    days = sorted({row["day"] for row in rows})
    words = ", ".join(dict.fromkeys(row["text"] for row in rows))
    message = warning(
        f"{spans(days)} may have changed: the newest answer would take much of it away ({words}). It stays as it was "
        "until a later sync reads the same; `tallystick sync --accept-loss` takes it at once."
    )
    return days, [message]
