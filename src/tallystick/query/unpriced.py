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
_OPEN, _BILLED = ": what they cost is unknown.", ": what was billed for them cannot be checked."
_FREE = " and were not billed."
"""What to say of use without a price: no bill has it so far, one has, or one that was read has nothing for it."""


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
    sums: dict[str, defaultdict[_Use, Any]] = {cost: defaultdict(int) for cost in (_OPEN, _BILLED, _FREE)}
    for row in rows:
        cost = _FREE if row["cause"] == NOT_BILLED else _BILLED if row["cause"] == "none" else _OPEN
        sums[cost][row["model"], row["tier"]] += row["unpriced"]
    messages = [
        level(f"{_use(_largest(by_use))}{cost}", is_general=is_owned)
        for level, (cost, by_use) in zip((warning, warning, note), sums.items(), strict=True)
        if by_use
    ]
    for use, count in sums[_BILLED].items():
        sums[_OPEN][use] += count
    return {f"{model}{IN_TIER}{tier}": count for (model, tier), count in _largest(sums[_OPEN])}, messages


def _largest(by_use: Mapping[_Use, Any]) -> list[tuple[_Use, int]]:
    """Whole tokens of each use, the most first."""
    counts = ((use, round(count)) for use, count in by_use.items())
    return sorted(counts, key=lambda entry: (-entry[1], entry[0]))


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
