"""Team answer: what may be told of an answer to those who are shown single teams alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from tallystick.core.document import Document
from tallystick.core.message import note
from tallystick.core.question import Table

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
    return replace(answer, messages=tuple(messages), coverage=coverage)
