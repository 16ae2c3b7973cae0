"""The command about Claude Code."""

from __future__ import annotations

import sys

import click

from tallystick.cli import options


@click.command("claude-code", short_help="What was done with Claude Code, and what that cost.")
@click.option(
    "--by",
    default="person",
    show_default=True,
    metavar="DIM[,DIM]",
    help="What to group by: person, day, week, month, model, terminal, customer, subscription, remote; '' for one row.",
)
@options.days()
@options.where
@click.option("--strict", is_flag=True, help="Exit with 1 where days are absent, or a bill is late.")
@options.form
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def claude_code(
    by: str,
    since: str | None,
    until: str | None,
    where: tuple[str, ...],
    strict: bool,
    form: str | None,
    output: str | None,
    force: bool,
    ledger: str | None,
    config: str | None,
) -> None:
    """What was done with Claude Code: sessions, lines, commits, what was accepted, the estimate, and the bill."""
    from tallystick.ledger import Ledger

    settings = options.settings(ledger=ledger, config=config)
    table = Ledger.of(settings).claude_code(options.names(by), since, until, options.chosen(where))
    options.write(options.written(table, form, output), output, force=force)
    if strict and (table.coverage["absent"] or table.incomplete):
        sys.exit(1)
