"""Match shares: how the billed amount of an answer reached its rows, in parts of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from tallystick.core.causes import BY_NATURE
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.message import Message, note
from tallystick.core.money import EXACT, plain, ratio, rounded, total
from tallystick.core.question import Question
from tallystick.core.select import select
from tallystick.query.coverage import cover
from tallystick.query.facts import billed, facts
from tallystick.query.filters import column, wanted, within
from tallystick.query.priority_tier import priority
from tallystick.query.unused import unused
from tallystick.store.engine import Engine, per_version


def matched(
    engine: Engine, question: Question, amount: Decimal | None = None
) -> tuple[dict[str, str | None], list[Message]]:
    """How the billed amount reached its rows, as shares of it, and what to say of shares that were split.

    `amount` is all that was billed, US dollars, where it is known already.
    """
    amount = billed(engine, question) if amount is None else amount
    shares, messages = _matched(engine, question.scope("key", "actor"), amount or Decimal(0))
    return dict(shares), list(messages)


@per_version
def _matched(
    engine: Engine, question: Question, total_billed: Decimal
) -> tuple[Mapping[str, str | None], Sequence[Message]]:
    rows = [row for row in facts(engine, question) if row["billed"] is not None]
    by_method = {"reported": Decimal(0), "allocated": Decimal(0), "unmatched": Decimal(0)}
    for row in rows:
        method = row["method"] if row["cause"] in {"none", *BY_NATURE} else "unmatched"
        by_method[method] = EXACT.add(by_method[method], row["billed"])
    rest = EXACT.subtract(total_billed, total([row["billed"] for row in rows]))
    by_method["reported"] = EXACT.add(by_method["reported"], rest)
    shares = {
        method: None if (share := ratio(part, total_billed)) is None else plain(share)
        for method, part in by_method.items()
    }
    user_dims = [name for name in ("key", "actor") if name in (*question.by, *question.where)]
    messages = unused(rows)
    if user_dims and by_method["allocated"] and (together := _together(engine, question, user_dims)):
        users = " or ".join(f"{name}s" for name in user_dims)
        split = f"was billed to several {users} together and is split over them by use at list price"
        messages.insert(0, note(f"{rounded(together):,} USD {split}. Whose requests were refused is not known."))
    return shares, messages


def billed_coverage(engine: Engine, question: Question, now: datetime) -> tuple[dict[str, Any], list[Message]]:
    """The coverage of the charges, with the shares of how they were billed, and what to say of both."""
    coverage, covered = cover(engine, CHARGES, question, now)
    coverage["billed"], split = matched(engine, question)
    return coverage, [*priority(engine, CHARGES, question), *covered, *split]


def _together(engine: Engine, question: Question, user_dims: Sequence[str]) -> Decimal:
    """What was billed on lines whose users differ in these dimensions; who they are also where one is held fixed."""
    own = (_LINE.format(name) for name in ("model", "tier", "context", "geo"))
    line = ", ".join(("organization", "day", "workspace", "kind", *own))
    named = [column(name) for name in user_dims]
    several = " OR ".join(
        f"min({column_sql}) OVER (PARTITION BY {line}) <> max({column_sql}) OVER (PARTITION BY {line})"
        for column_sql in named
    )
    lines = (
        select("*", f"{several} AS several")
        .from_("ledger.charges")
        .where("method = 'allocated' AND billed IS NOT NULL", within(question.window, months=True))
    )
    query = select("sum(billed) AS billed").from_(lines.subquery("lines"))
    rows = engine.rows(query.where("several", *wanted(engine, CHARGES, question.where)))
    return rows[0]["billed"] or Decimal(0)


_LINE = "CASE WHEN kind = 'web_search' THEN 'none' ELSE {} END"
"""A dimension of a billed line: that of web searches is for all models and tiers. None is told apart by speed."""
