"""The commands that acknowledge a finding: it was planned, or is known, and is no news from then on."""

from __future__ import annotations

import click

from tallystick.cli import options


@click.command()
@click.argument("finding")
@click.option("--reason", required=True, metavar="TEXT", help="Why it is no news, such as planned.")
@options.ledger
@options.config
def ack(finding: str, reason: str) -> None:
    """Acknowledge FINDING, an id that `anomalies` lists: its state is `expected` from now on, with the reason.

    So is what is of the same key, model, team or workspace since the same days. What is new later is news again.
    """
    from tallystick.core.text import safe

    acknowledgement = options.book().acknowledge(finding, reason, waiting=options.waiting)
    click.echo(f"{acknowledgement.finding} is expected: {safe(acknowledgement.reason)}.", err=True)


@click.command("ack")
@click.argument("finding")
@click.option("--reason", required=True, metavar="TEXT", help="Why nobody need be reminded.")
@click.option("--expected", is_flag=True, help="Planned: nobody is told when it opens again, either.")
@click.option("--by", "person", metavar="NAME", help="Who acknowledges it; by default the user of this machine.")
@options.ledger
@options.config
def ack_finding(finding: str, reason: str, expected: bool, person: str | None) -> None:
    """Acknowledge FINDING, an id that `findings` lists, or its beginning: reminders of it stop."""
    from tallystick.core.text import safe

    outcome = options.book().acknowledge_finding(
        finding, reason, person or _user(), expected=expected, waiting=options.waiting
    )
    click.echo(f"{outcome.id} is {outcome.state}: {safe(reason)}.", err=True)


def _user() -> str:
    """The user of this machine, as far as it knows one."""
    from getpass import getuser

    try:
        return getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
