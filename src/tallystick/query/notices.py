"""Notices: the newest word of a sync on each thing that was odd, as answers show it."""

from __future__ import annotations

import re

from tallystick.core.ledger_tables import NOTICES
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.query.conditions import equals
from tallystick.query.filters import wanted
from tallystick.store.engine import Engine

_COUNT = re.compile(r"-?[\d,]+")


def newest_notices(engine: Engine, question: Question, kind: str) -> dict[tuple[str, str], str]:
    """The text of the newest notice of a kind by organization and subject, of the organizations asked about."""
    if not engine.holds(NOTICES):
        return {}
    query = select("organization", "subject", "text").from_("ledger.notices").order_by("noticed_at")
    query = query.where(equals("kind", kind), *wanted(engine, NOTICES, question.where_of("organization")))
    return {(row["organization"], row["subject"]): row["text"] for row in engine.rows(query)}


def count_in(text: str) -> int:
    """The count with which the text of a notice begins; 0 where it begins with none."""
    match = _COUNT.match(text)
    return int(match[0].replace(",", "")) if match else 0
