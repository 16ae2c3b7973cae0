"""Unused: what to say of amounts on the bill that no use in the usage report stands behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from tallystick.core.causes import CREDIT, NEW_SERVICE, NEW_TOKENS, NO_USAGE
from tallystick.core.dimensions import UNKNOWN
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, plain, rounded, total
from tallystick.core.question import Question
from tallystick.query.facts import facts
from tallystick.store.engine import Engine

_NAMED = 5
"""Kinds that a message names; the others are counted."""
_WORDS = {
    NO_USAGE: "{amount} USD was billed for {what} that the usage report does not show.",
    NEW_SERVICE: "{amount} USD was billed for services that tallystick does not know ({kinds}).",
    NEW_TOKENS: "{amount} USD was billed for kinds of tokens that tallystick does not know ({kinds}).",
    CREDIT: "{amount} USD of the bill are credits or refunds ({kinds}).",
}


def unused(rows: Iterable[Mapping[str, Any]]) -> list[Message]:
    """What to say of the billed amounts of these `cause` and `kind`, US dollars; nothing of what the match explains."""
    by_cause: dict[str, dict[str, Decimal]] = {}
    for row in rows:
        kinds = by_cause.setdefault(row["cause"], {})
        kinds[row["kind"]] = EXACT.add(kinds.get(row["kind"], Decimal(0)), row["billed"])
    messages = []
    for cause, words in _WORDS.items():
        kinds = by_cause.get(cause, {})
        if amount := total(list(kinds.values())):
            text = words.format(amount=_shown(amount), what=_use(kinds), kinds=_listed(kinds))
            messages.append(note(text) if cause == CREDIT else warning(text, amount))
    return messages


def _use(kinds: Iterable[str]) -> str:
    """What lines of the bill of these kinds are for, in words; one of no kind may be for anything."""
    kinds = set(kinds)
    tokens = ["tokens"] if kinds - {"web_search", UNKNOWN} else []
    searches = ["web searches"] if kinds & {"web_search"} and not tokens else []
    return " and ".join([*tokens, *searches, *(["use of an unknown kind"] if UNKNOWN in kinds else [])])


BEFORE = "before credits and taxes"
"""What the bill is before, where it has no credits of its own."""
AFTER = "before taxes; credits and refunds on the bill are included"
"""The same where it has."""


def credited(engine: Engine, question: Question) -> bool:
    """Whether the bill of a question's days has credits or refunds among its lines."""
    return any(row["cause"] == CREDIT for row in facts(engine, question))


def _listed(kinds: Mapping[str, Decimal]) -> str:
    """Kinds with their amounts, the largest first."""
    largest = sorted(kinds, key=lambda kind: (-abs(kinds[kind]), kind))
    words = [f"{kind} {_shown(kinds[kind])}" for kind in largest[:_NAMED]]
    rest = [f"{len(largest) - _NAMED} more"] if len(largest) > _NAMED else []
    return ", ".join([*words, *rest])


def _shown(amount: Decimal) -> str:
    """To the cent; what is less than half of one, exactly."""
    cents = rounded(amount)
    return f"{cents:,}" if cents else plain(amount)
