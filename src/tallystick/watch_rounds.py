"""Watch rounds: looking, telling, delivering, once or at an interval; a failed round is said, and the next comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from tallystick.api.credential import masked
from tallystick.core.text import safe
from tallystick.delivery.dispatch import dispatch
from tallystick.delivery.order import Order, orders
from tallystick.delivery.parcel_sender import ParcelSender
from tallystick.errors import TallystickError
from tallystick.ledger import Ledger
from tallystick.saved_views import saved_views
from tallystick.settings import Settings
from tallystick.store.tables import Tables
from tallystick.watch.channel import Channel, channels
from tallystick.watch.default_rules import DEFAULT_RULES
from tallystick.watch.notification import Notification, notify
from tallystick.watch.receipt import Delivery
from tallystick.watch.rule import rules
from tallystick.watch.sender import Sender
from tallystick.watch.watcher import watcher

if TYPE_CHECKING:
    from tallystick.api.client import Clock

Say = Callable[[str], None]
MOST = 10
"""Events of a rule that a round says a line for; the others are counted."""


class WatchRounds:
    """Rounds over the ledger of the settings; InvalidQuestion where a rule or channel cannot be.

    `say` is told what happens, a line at a time; `write` is what a channel of kind stdout writes by.
    """

    def __init__(self, settings: Settings, clock: Clock, say: Say, write: Say) -> None:
        self._ledger = Ledger.of(settings, clock=clock)
        self._clock = clock
        self._say = say
        self._channels = settings_channels(settings)
        self._ledger.check_rules()
        self._orders = settings_orders(settings)
        self._dashboard = settings.dashboard
        self._sender = Sender(settings.dashboard, settings.network(), write)
        self._parcel_sender = ParcelSender(settings.network(), write)
        self._tables = Tables(settings.ledger)
        self._who = watcher()
        self.is_unknown = False
        """Whether a rule could not tell in the last round."""

    def round(self, is_ended: Callable[[], bool] = lambda: False) -> list[Exception]:
        """Look, tell, and deliver; return what failed, each said. A step that fails keeps no other from its own.

        Where `is_ended` says so, no further message is begun.
        """
        failures: list[Exception] = []
        for step in (self._look, partial(self._tell, is_ended), partial(self._deliver, is_ended)):
            try:
                for line in step():
                    self._say(line)
            except (TallystickError, OSError) as wrong:
                failures.append(wrong)
                self._say(f"failed: {masked(safe(str(wrong).partition(chr(10))[0]))}")
            except Exception as wrong:  # noqa: BLE001 - a fault of ours must not end the watcher; its text may hold names
                failures.append(wrong)
                self._say(
                    f"failed: an internal error, {type(wrong).__name__}; `tallystick watch --once` writes it down."
                )
        return failures

    def stay(self, pause: timedelta, is_ended: Callable[[float], bool]) -> None:
        """Repeat rounds, with a pause after each; `is_ended` waits so many seconds and says whether to end."""
        while True:
            self.round(lambda: is_ended(0))
            if is_ended(pause.total_seconds()):
                return

    def _look(self) -> Iterator[str]:
        result = self._ledger.watch(who=self._who)
        self.is_unknown = any(judgement.unknown for judgement in result.judgements)
        counts = Counter[tuple[str, str]]()
        for event in result.events:
            counts[event.step, event.rule] += 1
            if counts[event.step, event.rule] <= MOST:
                yield f"{event.step}: {safe(event.text or result.findings[event.finding].opened.text)}"
        for (step, rule), count in counts.items():
            if count > MOST:
                yield f"{step}: {count - MOST:,} more of {safe(rule)}"
        for judgement in result.judgements:
            if judgement.unknown:
                yield f"unknown: {safe(judgement.rule.name)}: {safe(judgement.unknown)}"
        yield f"{len(result.open):,} open: `tallystick findings`."

    def _tell(self, is_ended: Callable[[], bool]) -> Iterator[str]:
        for notification in notify(self._tables, self._channels, self._sender.send, self._clock.now, self._who):
            yield _line(notification)
            if is_ended():
                return

    def _deliver(self, is_ended: Callable[[], bool]) -> Iterator[str]:
        now, send = self._clock.now, self._parcel_sender.send
        for step in dispatch(self._ledger, self._tables, self._orders, send, self._dashboard, now, self._who):
            yield str(step)
            if is_ended():
                return


def settings_channels(settings: Settings) -> list[Channel]:
    """Return the channels of the settings; InvalidQuestion where one cannot be."""
    names = [rule.name for rule in rules(DEFAULT_RULES, settings.tables("rule"))]
    return channels(settings.tables("channel"), partial(settings.secret, "channel"), names)


def settings_orders(settings: Settings) -> list[Order]:
    """Return the orders of the settings; InvalidQuestion where one cannot be."""
    tables = settings.tables("deliver")
    if not tables:
        return []
    return orders(
        tables, settings_channels(settings), saved_views(settings.tables("view")), partial(settings.beside, "deliver")
    )


def _line(notification: Notification) -> str:
    message, receipt = notification.message, notification.receipt
    count = len(message.findings)
    about = f"{count} {message.topic} on {message.channel.name}"
    if receipt.delivery is Delivery.SENT:
        return f"told: {about}."
    if receipt.delivery is Delivery.REFUSED:
        return f"refused: {about}: {receipt.why}. It is tried again."
    return f"uncertain: {about}: {receipt.why}. It is sent once more, with the same key."
