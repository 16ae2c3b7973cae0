"""The command that compares the two dialects of the API."""

from __future__ import annotations

import sys

import click

from tallystick.cli import options


@click.command(short_help="Whether both dialects of the API say the same.")
@click.option(
    "--by", type=options.Choice(["workspace", "key"]), default="workspace", show_default=True, help="What to compare."
)
@options.days()
@click.option("--all", "every", is_flag=True, help="What is equal too.")
@options.form
@click.option("--strict", is_flag=True, help="Exit with 1 where anything differs.")
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def crosscheck(
    by: str,
    since: str | None,
    until: str | None,
    every: bool,
    form: str | None,
    strict: bool,
    output: str | None,
    force: bool,
    ledger: str | None,
    config: str | None,
) -> None:
    """Whether both dialects of the API say the same of the days that `sync --source both` read.

    By workspace: what was billed and used, each day, exactly. By key: what the tally allocates from the older
    dialect's bill, against what the newer one reports; the error of the allocation.
    """
    table = options.book(ledger=ledger, config=config).crosscheck(by, since, until, every=every)
    options.write(options.written(table, form, output), output, force=force)
    if strict and (table.coverage["unequal"] or not table.coverage["compared"]):
        sys.exit(1)
