"""The command that acknowledges a finding: it was planned, or is known, and is no news from then on."""

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

    made = options.book().acknowledge(finding, reason, waiting=options.waiting)
    click.echo(f"{made.finding} is expected: {safe(made.reason)}.", err=True)
