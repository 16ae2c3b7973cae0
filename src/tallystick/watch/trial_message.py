"""Trial message: what `tallystick notify --test` sends: it looks as any other, and is of no ledger."""

from __future__ import annotations

import secrets
from datetime import datetime
from decimal import Decimal

from tallystick.watch.channel import Channel
from tallystick.watch.finding import Event, Finding, Step
from tallystick.watch.outbox import Message, Topic
from tallystick.watch.rule import Severity


def trial_message(channel: Channel, now: datetime) -> Message:
    """Return a message to a channel that says it is a test, under a key of its own."""
    key = secrets.token_hex(16)
    opened = Event(
        "test",
        "test",
        "{}",
        Step.OPENED,
        now,
        "tallystick notify",
        "This is a test: the channel works.",
        dollars=Decimal(0),
        facts={"severity": str(Severity.INFO), "ask": "findings"},
    )
    return Message(key, channel, Topic.OPENED, (Finding(opened),), (1,))
