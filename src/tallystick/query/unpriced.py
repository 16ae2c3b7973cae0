"""Unpriced: the tokens of a question that no price list has a rate for, of its teams alone where it is held to some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tallystick.core.causes import NOT_BILLED, REQUESTS_ONLY
from tallystick.core.dimensions import OWNED
from tallystick.core.message import Message, note, warning
from tallystick.core.money import PLACES
from tallystick.core.question import Question
from tallystick.core.text import few, large
from tallystick.query.facts import facts
from tallystick.store.engine import Engine

if TYPE_CHECKING:
    from tallystick.tally.owners import Owners

_Use = tuple[str, str]
"""A model and its tier."""
IN_TIER = " in tier "
"""What stands between both where they are one word."""


def unpriced(engine: Engine, question: Question, owners: Owners | None = None) -> tuple[dict[str, int], list[Message]]:
    """The tokens of each model and tier without a known rate that were or may be billed, and what to say of them.

    Priority tier never has a rate. Where a bill that has been read has nothing for a use, it costs nothing, whatever
    its rate: it is said, and is not among these. A question that is held to teams needs their `owners`.
    """
    rows: Iterable[Mapping[str, Any]] = [
        row
        for row in facts(engine, replace(question, where=question.where_but(*OWNED)))
        if row["unpriced"] is not None and row["tier"] != "priority"
    ]
    is_owned = bool(question.where_of(*OWNED))
    if rows and is_owned and owners:
        rows = _owned(engine, question, owners)
    sums: dict[bool, defaultdict[_Use, Any]] = {True: defaultdict(int), False: defaultdict(int)}
    for row in rows:
        sums[row["cause"] == NOT_BILLED][row["model"], row["tier"]] += row["unpriced"]
    free, billed = (
        sorted(((use, round(count)) for use, count in by_use.items()), key=lambda entry: (-entry[1], entry[0]))
        for by_use in sums.values()
    )
    tokens = {f"{model}{IN_TIER}{tier}": count for (model, tier), count in billed}
    messages = [
        *([warning(f"{_use(billed)}: what they cost is unknown.", is_general=is_owned)] if billed else ()),
        *([note(f"{_use(free)} and were not billed.", is_general=is_owned)] if free else ()),
    ]
    return tokens, messages


def _owned(engine: Engine, question: Question, owners: Owners) -> list[dict[str, Any]]:
    """The unpriced tokens of the teams that a question is held to: of a shared charge their parts of it."""
    from tallystick.query.charge_groups import Figure
    from tallystick.query.owners import attribution

    is_unpriced = f"quantity IS NOT NULL AND priced IS NULL AND tier <> 'priority' AND cause <> '{REQUESTS_ONLY}'"
    tokens = Figure(f"quantity::DECIMAL(38, {PLACES})", is_unpriced)
    further = {name: name for name in ("model", "tier", "cause")}
    charges = attribution(engine, replace(question, by=()), owners, tokens, further=further)
    scopes = question.where_of(*OWNED)
    return [
        row | {"unpriced": row["billed"]}
        for row in charges.sums([*further, *scopes])
        if all(part.takes(row[name]) for name, part in scopes.items())
    ]


def _use(counts: Sequence[tuple[_Use, int]]) -> str:
    """What has no price in words: how much, in which tiers, of which models, the most first."""
    tiers = " and ".join(dict.fromkeys(tier for (_, tier), _ in counts))
    models = few(list(dict.fromkeys(model for (model, _), _ in counts)))
    return f"{large(sum(count for _, count in counts))} {tiers} tokens of {models} have no list price"
