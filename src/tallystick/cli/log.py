"""The commands about the versions of the ledger: what was committed, and what changed between two of them."""

from __future__ import annotations

import click

from tallystick.cli import options


@click.command(short_help="What was committed to the ledger, and when.")
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="The newest N.")
@options.form
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def log(
    top: int | None, form: str | None, output: str | None, force: bool, ledger: str | None, config: str | None
) -> None:
    """Every committed version of the ledger, the newest first: any of them can be asked with --as-of."""
    table = options.book(doubt=False, ledger=ledger, config=config).log(top)
    options.write(options.written(table, form, output), output, force=force)


@click.command(short_help="Which lines of a month changed, from what to what.")
@click.argument("month")
@click.option(
    "--from",
    "before",
    metavar="DAY|VERSION",
    help="By default the version that closed the month, or the one before the newest that changed it.",
)
@click.option("--to", "after", metavar="DAY|VERSION", help="By default the newest version.")
@click.option(
    "--by",
    metavar="DIM[,DIM]",
    help="What to sum the lines by, as day, workspace or model. [default: each line by itself]",
)
@options.form
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def diff(
    month: str,
    before: str | None,
    after: str | None,
    by: str | None,
    form: str | None,
    output: str | None,
    force: bool,
    ledger: str | None,
    config: str | None,
) -> None:
    """Which lines of MONTH (2026-10) changed between two versions of the ledger, from what to what.

    A line that did not change is not shown. One that a version does not have, or of which it does not know a figure,
    has nothing there, which is not zero.
    """
    table = options.book(doubt=False, ledger=ledger, config=config).diff(
        month, before, after, None if by is None else options.names(by)
    )
    options.write(options.written(table, form, output), output, force=force)
