"""Unpriced: the tokens of a question that no price list has a rate for."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from tallystick.core.causes import NOT_BILLED
from tallystick.core.message import Message, note, warning
from tallystick.core.question import Question
from tallystick.core.records import CHARGES
from tallystick.core.text import MOST, large
from tallystick.query.filters import wanted, within
from tallystick.store.engine import Engine


def unpriced(engine: Engine, question: Question) -> tuple[dict[str, int], list[Message]]:
    """The tokens of each model and tier without a known rate that were or may be billed, and what to say of them.

    Priority tier never has a rate. Where a bill that has been read has nothing for a use, it costs nothing, whatever
    its rate: it is said, and is not among these.
    """
    free = exp.column("cause").eq(exp.Literal.string(NOT_BILLED))
    query = (
        exp.select("model", "tier", exp.alias_(free, "free"), exp.alias_(exp.maybe_parse("sum(quantity)"), "tokens"))
        .from_("ledger.charges")
        .where(
            "priced IS NULL AND quantity IS NOT NULL AND tier <> 'priority' AND cause <> 'request count'",
            within(question.window, months=True),
            *wanted(engine, CHARGES, question.where),
        )
        .group_by("model", "tier", "free")
        .order_by("tokens DESC", "model", "tier")
    )
    tokens: dict[bool, dict[str, int]] = {False: {}, True: {}}
    for row in engine.ask(query).to_pylist():
        tokens[row["free"]][f"{row['model']} in tier {row['tier']}"] = int(row["tokens"])
    messages = [
        *([warning(f"Unpriced, for no rate is known: {_largest(tokens[False])}.")] if tokens[False] else ()),
        *([note(f"No rate is known, and nothing was billed, for {_largest(tokens[True])}.")] if tokens[True] else ()),
    ]
    return tokens[False], messages


def _largest(tokens: Mapping[str, int]) -> str:
    """What has tokens in words, the most first: a few by name, all of them counted where there are more."""
    named = "; ".join(f"{name}, {count:,} tokens" for name, count in list(tokens.items())[:MOST])
    rest = len(tokens) - MOST
    return named + (f" and {rest:,} more; {large(sum(tokens.values()))} tokens in all" if rest > 0 else "")
