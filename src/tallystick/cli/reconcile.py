"""The command that reconciles: billed against priced, the difference by cause; or the rates that the bill shows."""

from __future__ import annotations

import sys

import click

from tallystick.cli import options


@click.command(short_help="Billed against priced, and the difference by named cause.")
@click.option("--by", metavar="DIM[,DIM]", help="What to group by, as day, model or workspace. [default: model]")
@options.days()
@options.where
@click.option("--rates", is_flag=True, help="The effective rate of each model and kind instead, beside the list's.")
@click.option(
    "--strict", is_flag=True, help="Exit with 1 where days are absent, a bill is late, or anything is unexplained."
)
@options.form
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def reconcile(
    by: str | None,
    since: str | None,
    until: str | None,
    where: tuple[str, ...],
    rates: bool,
    strict: bool,
    form: str | None,
    output: str | None,
    force: bool,
    ledger: str | None,
    config: str | None,
) -> None:
    """Billed against priced, and the difference by named cause.

    The causes of a group add up to its difference, to the picodollar. None is the remainder: what none accounts for is
    `unexplained`. What modifiers (batch, geography, long context, speed) did to the priced amount stands in `in_priced`
    and adds nothing to the difference.
    """
    from tallystick.tally.reconcile.causes import UNEXPLAINED

    book = options.book(ledger=ledger, config=config)
    dims = options.names(("" if rates else "model") if by is None else by)
    table = book.reconcile(dims, since, until, options.chosen(where), rates=rates)
    options.write(options.written(table, form, output), output, force=force)
    unexplained = any(row["cause"] == UNEXPLAINED and row["amount"] for row in table.rows if not rates)
    if strict and (unexplained or table.incomplete):
        sys.exit(1)
