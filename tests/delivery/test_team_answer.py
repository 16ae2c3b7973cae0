"""Team answer: which messages of an answer go to those who see a single team."""

from __future__ import annotations

import pytest

from tallystick.core.document import Document
from tallystick.core.message import Message, note, warning
from tallystick.core.question import Table
from tallystick.query.team_answer import LEFT_OUT, told_to_teams

GENERAL, COUNT = note("In US dollars.", is_general=True), warning("5.00 USD is owned by nobody.")


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ((GENERAL, COUNT), [GENERAL.text, LEFT_OUT]),
        ((GENERAL,), [GENERAL.text]),
        ((COUNT,), [LEFT_OUT]),
        ((), []),
    ],
)
def test_what_counts_nothing_is_told_to_every_team(messages: tuple[Message, ...], told: list[str]) -> None:
    """A general note stays, a message that counts what all used is left out, and that is said only where one was."""
    for answer in (Document("statement", "Statement", "", (), messages=messages), Table(None, (), [], {}, messages)):
        assert [message.text for message in told_to_teams(answer).messages] == told
