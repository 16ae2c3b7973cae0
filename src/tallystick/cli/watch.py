"""The commands watch and rules: look at the ledger by rules, and tell of what they find."""

from __future__ import annotations

import os
import socket
import sys
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from tallystick.cli import options

if TYPE_CHECKING:
    from tallystick.watch.round import Round

LEAST = timedelta(minutes=1)
"""The shortest interval."""
MOST = 10
"""Events of a rule that a round prints a line for; the others are counted."""


@click.command()
@click.option("--once", is_flag=True, help="Look once, as cron does.")
@click.option("--every", metavar="TIME", help="Look at this interval until interrupted, as 15m, 1h or 1d.")
@click.option("--strict", is_flag=True, help="With --once, exit with 1 if a rule cannot tell.")
@options.ledger
@options.config
def watch(once: bool, every: str | None, strict: bool) -> None:
    """Look at the ledger by every rule, and tell of what opens and ends.

    A rule that cannot tell is unknown: days that it needs are absent, or its question cannot be answered.
    """
    from tallystick.errors import InvalidQuestion

    if once == bool(every):
        raise InvalidQuestion("Watch once or at an interval.", "Write --once, or --every 15m.")
    pause = options.interval("--every", every, LEAST) if every else None
    clock = options.settings().clock()
    while True:
        looked = options.book().watch(who=f"{socket.gethostname()} {os.getpid()}")
        click.echo("\n".join(_lines(looked)))
        if pause is None:
            sys.exit(int(strict and any(judgement.unknown for judgement in looked.judgements)))
        clock.sleep(pause.total_seconds())


def _lines(looked: Round) -> list[str]:
    """What a round changed, what it cannot tell, and what is open."""
    from tallystick.core.text import safe

    lines, counts = [], Counter[tuple[str, str]]()
    for event in looked.events:
        counts[event.what, event.rule] += 1
        if counts[event.what, event.rule] <= MOST:
            lines.append(f"{event.what}: {safe(event.text or looked.findings[event.finding].opened.text)}")
    lines += [
        f"{what}: {count - MOST:,} more of {safe(rule)}" for (what, rule), count in counts.items() if count > MOST
    ]
    lines += [f"unknown: {safe(each.rule.name)}: {safe(each.unknown)}" for each in looked.judgements if each.unknown]
    return [*lines, f"{len(looked.open):,} open: `tallystick findings`."]
