"""The command that closes a month."""

from __future__ import annotations

import click

from tallystick.cli import options


@click.command(short_help="Close a month: what teams are charged with, never to change.")
@click.argument("month")
@click.option("--provisional", is_flag=True, help="Though Anthropic may still restate days of it.")
@options.form
@options.output
@options.force
@options.ledger
@options.config
def close(
    month: str,
    provisional: bool,
    form: str | None,
    output: str | None,
    force: bool,
    ledger: str | None,
    config: str | None,
) -> None:
    """Close MONTH (2026-10): its lines, their teams, the rules and the prices are copied, and never rewritten.

    What Anthropic restates of it later is charged in the next month, as adjustments. The digest is that of all rows.
    """
    book = options.book(ledger=ledger, config=config)
    months = book.close(month, provisional=provisional, waiting=lambda who: click.echo(f"Waiting for {who}.", err=True))
    from tallystick.reports.closing import answer

    options.write(options.written(answer(months, book.engine().version), form, output), output, force=force)
