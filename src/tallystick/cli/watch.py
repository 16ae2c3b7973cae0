"""The commands watch and rules: look at the ledger by rules, and tell of what they find."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from tallystick.cli import options

if TYPE_CHECKING:
    from tallystick.watch.round import Round

LEAST = timedelta(minutes=1)
"""The shortest interval."""


@click.command()
@click.option("--once", is_flag=True, help="Look once, as cron does.")
@click.option("--every", metavar="TIME", help="Look at this interval until interrupted, as 15m, 1h or 1d.")
@options.ledger
@options.config
def watch(once: bool, every: str | None) -> None:
    """Look at the ledger by every rule, and tell of what opens and ends."""
    from tallystick.errors import InvalidQuestion

    if once == bool(every):
        raise InvalidQuestion("Watch once or at an interval.", "Write --once, or --every 15m.")
    pause = options.interval("--every", every, LEAST) if every else None
    clock = options.settings().clock()
    while True:
        looked = options.book().watch(who=f"{socket.gethostname()} {os.getpid()}")
        click.echo("\n".join(_lines(looked)))
        if pause is None:
            return
        clock.sleep(pause.total_seconds())


def _lines(looked: Round) -> list[str]:
    """What a round changed, what it cannot tell, and what is open."""
    from tallystick.core.text import safe

    lines = [f"{event.what}: {safe(event.text or event.rule)}" for event in looked.events]
    lines += [f"unknown: {each.rule.name}: {safe(each.unknown)}" for each in looked.judgements if each.unknown]
    return [*lines, f"{len(looked.open)} open: `tallystick findings`."]
