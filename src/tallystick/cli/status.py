"""The command that shows a ledger on one screen."""

from __future__ import annotations

import click

from tallystick.cli import options


@click.command(short_help="One screen: this month, its forecast, what needs attention.")
@options.form
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def status(form: str | None, output: str | None, force: bool, ledger: str | None, config: str | None) -> None:
    """Show a ledger on one screen: this month against the last, its forecast, each day, what needs attention.

    `--json` has the same figures, the last sync and how far the data is complete.
    """
    document = options.book(ledger=ledger, config=config).status()
    options.write(options.written(document, form, output), output, force=force)
