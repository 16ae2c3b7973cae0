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
from tallystick.core.select import conjunction, select
from tallystick.query.coverage import cover
from tallystick.query.facts import Billed, billed, facts
from tallystick.query.filters import column, wanted, within
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
    if user_dims and by_method["allocated"] and (together := _together(engine, question, user_dims)):
        users = " or ".join(f"{name}s" for name in user_dims)
        split = f"was billed to several {users} together and is split over them by use at list price"
        messages.insert(0, note(f"{rounded(together):,} USD {split}. Whose requests were refused is not known."))
    return shares, messages


def of_all_owners(question: Question, messages: Sequence[Message]) -> list[Message]:
    """Messages that count the charges of every owner, which say so where a question is held to some."""
    held = [name.replace("_", " ") for name in question.where_of(*OWNED)]
    every = f"Of every {' and '.join(held)} together: " if held else ""
    return [replace(message, text=f"{every}{message.text}") for message in messages]


def billed_coverage(
    engine: Engine, question: Question, now: datetime, sums: Billed | None = None
) -> tuple[dict[str, Any], list[Message]]:
    """The coverage of the charges, with the shares of how they were billed, and what to say of both."""
    coverage, covered = cover(engine, CHARGES, question, now)
    coverage["billed"], split = matched(engine, replace(question, where=question.where_but(*OWNED)), sums)
    return coverage, [*priority(engine, CHARGES, question), *covered, *of_all_owners(question, split)]


def _together(engine: Engine, question: Question, user_dims: Sequence[str]) -> Decimal:
    """What was billed on lines whose users differ in these dimensions; who they are also where one is held fixed.

    A line is of one workspace: where something is held fixed, only those of its workspaces are grouped.
    """
    own = (_LINE.format(name) for name in ("model", "tier", "context", "geo"))
    several = " OR ".join(f"min({column_sql}) <> max({column_sql})" for column_sql in map(column, user_dims))
    condition = conjunction(*wanted(engine, CHARGES, question.where))
    allocated = ("method = 'allocated' AND billed IS NOT NULL", within(question.window, months=True))
    own_lines = select("workspace").from_("ledger.charges").where(*allocated, condition)
    lines = (
        select(f"sum(billed) FILTER ({condition}) AS billed")
        .from_("ledger.charges")
        .where(*allocated, *([f"workspace IN ({own_lines})"] if question.where else ()))
        .group_by("organization", "day", "workspace", "kind", *own)
        .having(several)
    )
    rows = engine.rows(select("sum(billed) AS billed").from_(lines.subquery("lines")))
    return rows[0]["billed"] or Decimal(0)


_LINE = "CASE WHEN kind = 'web_search' THEN 'none' ELSE {} END"
"""A dimension of a billed line: that of web searches is for all models and tiers. None is told apart by speed."""
