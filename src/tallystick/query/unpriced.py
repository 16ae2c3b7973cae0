"""Unpriced: the tokens of a question that no price list has a rate for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.core.causes import NOT_BILLED
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note, warning
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.core.text import few, large
from tallystick.query.conditions import equals
from tallystick.query.filters import wanted, within
from tallystick.store.engine import Engine


def unpriced(engine: Engine, question: Question) -> tuple[dict[str, int], list[Message]]:
    """The tokens of each model and tier without a known rate that were or may be billed, and what to say of them.

    Priority tier never has a rate. Where a bill that has been read has nothing for a use, it costs nothing, whatever
    its rate: it is said, and is not among these.
    """
    unbilled = equals("cause", NOT_BILLED)
    query = (
        select("model", "tier", f"{unbilled} AS free", "sum(quantity) AS tokens")
        .from_("ledger.charges")
        .where(
            "priced IS NULL AND quantity IS NOT NULL AND tier <> 'priority' AND cause <> 'request count'",
            within(question.window, months=True),
            *wanted(engine, CHARGES, question.where),
        )
        .group_by("model", "tier", "free")
        .order_by("tokens DESC", "model", "tier")
    )
    rows = engine.rows(query)
    billed, free = ([row for row in rows if row["free"] is is_free] for is_free in (False, True))
    tokens = {f"{row['model']} in tier {row['tier']}": int(row["tokens"]) for row in billed}
    messages = [
        *([warning(f"{_use(billed)}: what they cost is unknown.")] if billed else ()),
        *([note(f"{_use(free)} and were not billed.")] if free else ()),
    ]
    return tokens, messages


def _use(rows: Sequence[Mapping[str, Any]]) -> str:
    """What has no price in words: how much, in which tiers, of which models, the most first."""
    tiers = " and ".join(dict.fromkeys(row["tier"] for row in rows))
    models = few(list(dict.fromkeys(row["model"] for row in rows)))
    return f"{large(sum(int(row['tokens']) for row in rows))} {tiers} tokens of {models} have no list price"
