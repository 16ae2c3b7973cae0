"""Unpriced: the tokens of a question that no price list has a rate for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tallystick.core.causes import NOT_BILLED
from tallystick.core.message import Message, note, warning
from tallystick.core.question import Question
from tallystick.core.text import few, large
from tallystick.query.facts import facts
from tallystick.store.engine import Engine

_Use = tuple[str, str]
"""A model and its tier."""


def unpriced(engine: Engine, question: Question) -> tuple[dict[str, int], list[Message]]:
    """The tokens of each model and tier without a known rate that were or may be billed, and what to say of them.

    Priority tier never has a rate. Where a bill that has been read has nothing for a use, it costs nothing, whatever
    its rate: it is said, and is not among these.
    """
    sums: dict[bool, Counter[_Use]] = {True: Counter(), False: Counter()}
    for row in facts(engine, question):
        if row["unpriced"] is not None and row["tier"] != "priority":
            sums[row["cause"] == NOT_BILLED][row["model"], row["tier"]] += row["unpriced"]
    free, billed = (sorted(use.items(), key=lambda entry: (-entry[1], entry[0])) for use in sums.values())
    tokens = {f"{model} in tier {tier}": count for (model, tier), count in billed}
    messages = [
        *([warning(f"{_use(billed)}: what they cost is unknown.")] if billed else ()),
        *([note(f"{_use(free)} and were not billed.")] if free else ()),
    ]
    return tokens, messages


def _use(counts: Sequence[tuple[_Use, int]]) -> str:
    """What has no price in words: how much, in which tiers, of which models, the most first."""
    tiers = " and ".join(dict.fromkeys(tier for (_, tier), _ in counts))
    models = few(list(dict.fromkeys(model for (model, _), _ in counts)))
    return f"{large(sum(count for _, count in counts))} {tiers} tokens of {models} have no list price"
