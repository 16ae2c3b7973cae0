"""Notification: what is due is decided and written down, then sent, then its outcome is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tallystick.api.credential import masked
from tallystick.errors import TallystickError
from tallystick.store.tables import Tables
from tallystick.watch import record
from tallystick.watch.channel import Channel
from tallystick.watch.finding import Step, findings
from tallystick.watch.outbox import Message, due
from tallystick.watch.receipt import Delivery, Receipt
from tallystick.watch.watcher import is_dead

Send = Callable[[Message, datetime], Receipt]


@dataclass(frozen=True, slots=True)
class Notification:
    """A message that was sent, and how its channel took it."""

    message: Message
    receipt: Receipt


def notify(
    tables: Tables, channels: Sequence[Channel], send: Send, now: Callable[[], datetime], author: str
) -> Iterator[Notification]:
    """Send what is due, a message at a time; yield each. Raises LedgerError; nothing is lost then.

    Watchers that send at once send each message once: what one decided, the others see. `author` is a `watcher`.
    """
    while message := _next_message(tables, channels, now(), author):
        try:
            receipt = send(message, now())
        except TallystickError as wrong:  # before anything was sent
            receipt = Receipt(Delivery.REFUSED, masked(wrong.what))
        if receipt.delivery is not Delivery.UNCERTAIN:
            step = Step.SENT if receipt.delivery is Delivery.SENT else Step.REFUSED
            with tables.writing() as writer:
                record.write(writer, message.events(step, now(), author, receipt.why))
        yield Notification(message, receipt)


def _next_message(tables: Tables, channels: Sequence[Channel], now: datetime, author: str) -> Message | None:
    """The first message that is due, once it is written down that it is about to be sent; None where none is."""

    def first() -> Message | None:
        return next(due(findings(record.recent(tables, now)), channels, now, is_dead), None)

    if first() is None:
        return None
    with tables.writing() as writer:
        if message := first():
            record.write(writer, message.events(Step.SENDING, now, author))
        return message
