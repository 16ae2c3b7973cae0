"""Priority tier: what to say of tokens that are prepaid, and so in no bill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tallystick.core.ledger_tables import CHARGES, USED
from tallystick.core.message import Message, note
from tallystick.core.question import Question
from tallystick.core.records import TOKENS
from tallystick.core.select import select
from tallystick.core.table import LedgerTable
from tallystick.core.text import large
from tallystick.core.time import Window, spans
from tallystick.query.conditions import NEVER
from tallystick.query.coverage import MONEY, states_of
from tallystick.query.facts import facts
from tallystick.query.filters import asked_for, wanted
from tallystick.store.engine import Engine

_OF_USAGE = {column.name for column in USED.columns}


def priority(
    engine: Engine, table: LedgerTable, question: Question, parts: Sequence[Window] | None = None
) -> list[Message]:
    """What to say where priority-tier tokens were used: their cost is in no report (reports-api 1.3.3, trap 30).

    `parts` are the instants that are counted, where they are not the whole window.
    """
    used = USED if table in MONEY else table
    conditions = wanted(engine, used, question.where_of(*_OF_USAGE), strict=False)
    if NEVER in conditions:
        return []  # a value that only the bill has: no use of it, so none of priority tier
    if used is USED:
        use = facts(engine, replace(question, where=question.where_of(*_OF_USAGE)))
        of_tokens = (row for row in use if row["tier"] == "priority" and row["kind"] in TOKENS)
        tokens = sum(row["quantity"] or 0 for row in of_tokens)
    else:
        query = select(f"sum({' + '.join(TOKENS)}) AS tokens").from_(f"ledger.{used.name}")
        query = query.where("tier = 'priority'", asked_for(question, parts), *conditions)
        tokens = engine.rows(query)[0]["tokens"]
    bill_only = [name for name in question.where if name not in _OF_USAGE]
    scope = f" in this window, by whatever {' and '.join(bill_only)}" if bill_only else ""
    absence = "is not in this total" if table in MONEY else "is in no bill"
    notes = []
    if tokens:
        notes.append(note(f"{large(int(tokens))} tokens of priority tier{scope} are prepaid; their cost {absence}."))
    if table in MONEY:
        used_days, billed_days = (states_of(engine, day_table, question) for day_table in (used, table))
        unread = [day for day in question.window.days() if day not in used_days]
        if unread and (table is not CHARGES or any(day not in billed_days for day in unread)):
            unknown = "whether priority tier, which is in no bill, was used is unknown"
            notes.append(note(f"Usage of {spans(unread)} is not in the ledger: {unknown}."))
    return notes
