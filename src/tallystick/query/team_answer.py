"""Team answer: what may be told of an answer to those who are shown single teams alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TypeVar

from tallystick.core.document import Document
from tallystick.core.message import note, warning
from tallystick.core.question import Table
from tallystick.core.time import spans

OF_DAYS = frozenset({"days", "present", "settled", "provisional", "running", "absent", "refreshed_at"})
"""What of a coverage is of days alone."""
LEFT_OUT = "Notes that count what every team used are left out."
T = TypeVar("T")


def told_to_teams(answer: T) -> T:
    """Return an answer that is held to teams with its rows, and which days are in the ledger.

    Other messages and the rest of the coverage count what every team used; general ones stay, and those of own use
    without a price. What is no answer stays as it is.
    """
    if not isinstance(answer, Document | Table):
        return answer
    general = [*answer.messages]
    messages = [message for message in general if message.is_general]
    if len(messages) < len(general):
        messages.append(note(LEFT_OUT))
    if isinstance(answer, Document):
        return replace(answer, messages=tuple(messages))
    coverage = {name: value for name, value in answer.coverage.items() if name in OF_DAYS}
    if provisional := coverage.get("provisional"):
        messages.insert(0, note(f"Provisional: Anthropic may still change {_spans(provisional)}."))
    if absent := coverage.get("absent"):
        messages.insert(0, warning(f"Not in the ledger, or not ended (unknown, not zero): {_spans(absent)}."))
    return replace(answer, messages=tuple(messages), coverage=coverage)


def _spans(days: Iterable[str]) -> str:
    return spans([date.fromisoformat(day) for day in days])
