"""Reconcile scope: what it can be asked by, and the charges that it covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from tallystick.core.dimensions import TERMS
from tallystick.core.ledger_tables import CHARGES, USED
from tallystick.core.message import Message
from tallystick.core.question import Question
from tallystick.errors import LedgerError
from tallystick.query.coverage import cover
from tallystick.query.facts import Billed
from tallystick.query.gaps import LOST
from tallystick.query.match_shares import matched
from tallystick.query.pivot import Pivot
from tallystick.query.priority_tier import priority
from tallystick.query.stale_tally import MEND, OTHERS, by_others
from tallystick.query.unpriced import unpriced
from tallystick.store.engine import Engine
from tallystick.tally.prices_in_force import Prices

LINE = ("workspace", *(name for name in TERMS if name != "speed"))
_WHO = "refused tokens, and the range of large prompts, are known per line of the bill, never by who used it."
_SPEED = "a line of the bill covers fast and standard use together."

RECONCILE = Pivot(
    name="reconcile",
    money=True,
    dimensions=("organization", *LINE, "day", "week", "month"),
    by=(),
    measures=(),
    order="",
    refused={
        **dict.fromkeys(("key", "actor", "product"), _WHO),
        **dict.fromkeys(("team", "cost_center"), f"owners can be told apart by key or person, and {_WHO}"),
        **dict.fromkeys(("speed", "method"), _SPEED),
    },
)
"""What `reconcile` can be asked by; it has a way of its own to answer."""


def check(engine: Engine, question: Question, prices: Prices) -> None:
    """Raise InvalidQuestion where the question cannot be, LedgerError where other price lists tallied the charges."""
    RECONCILE.check(question)
    if by_others(engine, prices):
        raise LedgerError(f"{OTHERS}.", MEND)


def covered_charges(
    engine: Engine, question: Question, now: datetime, billed: Billed | None = None
) -> tuple[dict[str, Any], list[Message]]:
    """The coverage of the charges that are reconciled, and what to say of it.

    `billed` is what was billed of them, where that is known already.
    """
    coverage, covered = cover(engine, CHARGES, question, now)
    used, missing = cover(engine, USED, question, now)
    coverage["billed"], _ = matched(engine, question, billed)
    coverage["unpriced"], nameless = unpriced(engine, question)
    unread = coverage.get(LOST, {}).get("unread", ())
    if {*used["absent"]} - {*coverage["absent"], *unread}:
        covered += [
            replace(message, text=f"Of usage: {message.text}") for message in missing if "absent" in message.text
        ]
    return coverage, [*priority(engine, CHARGES, question), *covered, *nameless]
