"""Match shares: how the billed amount of an answer reached its rows, in parts of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from tallystick.core.causes import BY_NATURE
from tallystick.core.dimensions import OWNED
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note
from tallystick.core.money import EXACT, plain, ratio, rounded, total
from tallystick.core.question import Question
from tallystick.query.coverage import cover
from tallystick.query.facts import Billed, billed, facts
from tallystick.query.lines_together import billed_together
from tallystick.query.priority_tier import priority
from tallystick.query.unused import unused
from tallystick.store.engine import Engine, per_version


def matched(
    engine: Engine, question: Question, sums: Billed | None = None
) -> tuple[dict[str, str | None], list[Message]]:
    """How the billed amount reached its rows, as shares of it, and what to say of shares that were split.

    `sums` is what `billed` says, where it is known already.
    """
    shares, messages = _matched(engine, question.scope("key", "actor"), sums or billed(engine, question))
    return dict(shares), list(messages)


@per_version
def _matched(engine: Engine, question: Question, sums: Billed) -> tuple[Mapping[str, str | None], Sequence[Message]]:
    rows = [row for row in facts(engine, question) if row["billed"] is not None]
    caused, unreported = (
        total([row["billed"] for row in rows if row["method"] not in methods]) for methods in ((), ("reported",))
    )
    allocated = EXACT.subtract(sums.unreported, unreported)
    reported = EXACT.subtract(EXACT.subtract(sums.amount, caused), allocated)
    by_method = {"reported": reported, "allocated": allocated, "unmatched": Decimal(0)}
    for row in rows:
        method = row["method"] if row["cause"] in {"none", *BY_NATURE} else "unmatched"
        by_method[method] = EXACT.add(by_method[method], row["billed"])
    shares = {
        method: None if (share := ratio(part, sums.amount)) is None else plain(share)
        for method, part in by_method.items()
    }
    user_dims = [name for name in ("key", "actor") if name in (*question.by, *question.where)]
    messages = unused(rows)
    if user_dims and by_method["allocated"] and (together := billed_together(engine, question, user_dims)):
        users = " or ".join(f"{name}s" for name in user_dims)
        split = f"was billed to several {users} together and is split over them by use at list price"
        messages.insert(0, note(f"{rounded(together):,} USD {split}. Whose requests were refused is not known."))
    return shares, messages


def of_all_owners(question: Question, messages: Sequence[Message]) -> list[Message]:
    """Messages that count the charges of every owner, which say so where a question is held to some."""
    scopes = [name.replace("_", " ") for name in question.where_of(*OWNED)]
    subject = f"Of every {' and '.join(scopes)} together: " if scopes else ""
    return [replace(message, text=f"{subject}{message.text}") for message in messages]


def billed_coverage(
    engine: Engine, question: Question, now: datetime, sums: Billed | None = None
) -> tuple[dict[str, Any], list[Message]]:
    """The coverage of the charges, with the shares of how they were billed, and what to say of both."""
    coverage, covered = cover(engine, CHARGES, question, now)
    coverage["billed"], split = matched(engine, replace(question, where=question.where_but(*OWNED)), sums)
    return coverage, [*priority(engine, CHARGES, question), *covered, *of_all_owners(question, split)]
