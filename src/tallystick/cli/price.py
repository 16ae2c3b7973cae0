"""The commands about prices: the list in force, and what the same usage would cost otherwise."""

from __future__ import annotations

import sys

import click

from tallystick.cli import options


@click.command(short_help="The price list in force.")
@click.argument("model", required=False)
@click.option("--on", "day", metavar="DATE", help="The UTC day, as 2026-10-01; today unless said.")
@click.option("--history", is_flag=True, help="Every price that MODEL ever had, each with its first day.")
@options.form
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def prices(
    model: str | None,
    day: str | None,
    history: bool,
    form: str | None,
    output: str | None,
    force: bool,
    ledger: str | None,
    config: str | None,
) -> None:
    """The price list in force, one's own included, with source and date of each; or MODEL's alone.

    Models that are past or near their retirement and still used in the ledger, if there is one, are pointed out.
    """
    table = options.book(ledger=ledger, config=config).prices(model, day, history=history)
    options.write(options.written(table, form, output), output, force=force)


@click.command(short_help="The same usage at other prices.")
@click.option("--swap", multiple=True, metavar="MODEL=MODEL", help="Price the first as the second; may be repeated.")
@click.option(
    "--batch",
    multiple=True,
    metavar="[MODEL=]SHARE",
    help="Share of standard-tier use that is priced as batch, as 0.4; of one model as MODEL=0.4. May be repeated.",
)
@click.option("--cache-hit", metavar="SHARE", help="Share of all input that is read from the cache, as 0.7.")
@click.option("--geo", metavar="GEO", help="Inference geography: global or us.")
@click.option("--by", default="model", show_default=True, metavar="DIM[,DIM]", help="What to group by; '' for one row.")
@options.days()
@options.where
@click.option("--top", type=int, metavar="N", help="The N largest rows; the rest in one.")
@click.option("--strict", is_flag=True, help="Exit with 1 where days are absent or a model has no known rate.")
@options.form
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def whatif(
    swap: tuple[str, ...],
    batch: tuple[str, ...],
    cache_hit: str | None,
    geo: str | None,
    by: str,
    since: str | None,
    until: str | None,
    where: tuple[str, ...],
    top: int | None,
    strict: bool,
    form: str | None,
    output: str | None,
    force: bool,
    ledger: str | None,
    config: str | None,
) -> None:
    """The same usage at other prices, line by line: priced, what-if and difference, and what cannot be known."""
    table = options.book(ledger=ledger, config=config).whatif(
        swap,
        batch,
        cache_hit,
        geo,
        by=options.names(by),
        since=since,
        until=until,
        where=options.chosen(where),
        top=top,
    )
    options.write(options.written(table, form, output), output, force=force)
    if strict and (table.coverage["absent"] or table.coverage.get("unpriced")):
        sys.exit(1)
