"""The commands watch and notify: look at the ledger by rules, and tell channels of what they find."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from tallystick.cli import options
from tallystick.cli.output import note
from tallystick.core.interval import interval

if TYPE_CHECKING:
    from tallystick.settings import Settings

LEAST = timedelta(minutes=1)
"""The shortest interval."""


@click.command()
@click.option("--once", is_flag=True, help="Look once, as cron does.")
@click.option("--every", metavar="TIME", help="Look at this interval until interrupted, as 15m, 1h or 1d.")
@click.option("--strict", is_flag=True, help="With --once, exit with 1 if a rule cannot tell.")
@options.ledger
@options.config
def watch(once: bool, every: str | None, strict: bool) -> None:
    """Look at the ledger by every rule, and tell the channels of the settings of what opens and ends.

    A rule that cannot tell is unknown: days that it needs are absent, or its question cannot be answered. With --every,
    a round that fails is said, and the next one comes; Ctrl-C or SIGTERM ends it after the message that is being sent.
    """
    from tallystick.errors import InvalidQuestion
    from tallystick.watch_rounds import WatchRounds

    if once == bool(every):
        raise InvalidQuestion("Watch once or at an interval.", "Write --once, or --every 15m.")
    pause = interval("--every", every, LEAST) if every else None
    settings = options.settings()
    rounds = WatchRounds(settings, settings.clock(), click.echo, click.echo)
    if pause is None:
        for failure in rounds.round():
            raise failure
        sys.exit(int(strict and rounds.is_unknown))
    with _until_signal(settings) as is_ended:
        rounds.stay(pause, is_ended)


@click.command()
@click.option("--test", "name", required=True, metavar="CHANNEL", help="Send a test message to this channel.")
@options.config
def notify(name: str) -> None:
    """Send a test message to a channel of the settings; nothing of the ledger is read or sent.

    Exit code 1 if the channel does not take it.
    """
    from tallystick.core.text import choose, safe
    from tallystick.errors import InvalidQuestion
    from tallystick.watch.receipt import Delivery
    from tallystick.watch.sender import Sender
    from tallystick.watch.trial_message import trial_message
    from tallystick.watch_rounds import settings_channels

    settings = options.settings()
    by_name = {channel.name: channel for channel in settings_channels(settings)}
    if name not in by_name:
        hint = choose(name, [*by_name]) if by_name else "`tallystick docs watch` shows how to add one."
        raise InvalidQuestion(f"The settings have no channel {name!r}.", hint)
    now = settings.clock().now()
    receipt = Sender(settings.dashboard, settings.network(), click.echo).send(trial_message(by_name[name], now), now)
    if receipt.delivery is Delivery.SENT:
        click.echo(f"{safe(name)} took a test message.", err=True)
        return
    note(f"{safe(name)} did not take a test message, as far as is known: {receipt.why}.")
    sys.exit(1)


class _Ended(BaseException):
    """A signal came during a pause."""


@contextmanager
def _until_signal(settings: Settings) -> Iterator[Callable[[float], bool]]:
    """Give what pauses for some seconds and says whether Ctrl-C or SIGTERM came; a pause ends with either at once."""
    clock = settings.clock()
    has_ended = is_paused = False

    def end(*_: object) -> None:
        nonlocal has_ended
        has_ended = True
        if is_paused:
            raise _Ended

    def is_ended(seconds: float) -> bool:
        nonlocal is_paused
        try:
            is_paused = True
            if seconds and not has_ended:
                clock.sleep(seconds)
        except _Ended:
            pass
        finally:
            is_paused = False
        return has_ended

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield is_ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
