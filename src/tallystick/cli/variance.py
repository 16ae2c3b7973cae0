"""The command that says why the bill changed: price, volume and mix."""

from __future__ import annotations

import sys

import click

from tallystick.cli import options


@click.command(short_help="Why the bill changed: price, volume and mix.")
@click.option(
    "--against",
    metavar="MONTH|SINCE..UNTIL",
    help="What it is compared with: a month, another period, or both ends. By default what comes before it.",
)
@options.days("the last ended month, alone", month=True)
@click.option("--by", default="model", show_default=True, metavar="DIM[,DIM]", help="What to group by; '' for one row.")
@options.where
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="The N largest changes; the rest in one row.")
@click.option("--strict", is_flag=True, help="Exit with 1 where days of either are absent, or a bill is late.")
@options.form
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def variance(
    month: str | None,
    against: str | None,
    since: str | None,
    until: str | None,
    by: str,
    where: tuple[str, ...],
    top: int | None,
    strict: bool,
    form: str | None,
    output: str | None,
    force: bool,
    ledger: str | None,
    config: str | None,
) -> None:
    """Why what was billed changed between two months, or any two spans: price, volume and mix.

    before + price + volume + mix = after, in each row and in total, to the picodollar. By any of organization,
    workspace, key, actor, product, team, cost_center, model, kind, tier, context, geo, speed; the largest change first.
    """
    table = options.book(ledger=ledger, config=config).variance(
        month, against, since=since, until=until, by=options.names(by), where=options.chosen(where), top=top
    )
    options.write(options.written(table, form, output), output, force=force)
    if strict and table.incomplete:
        sys.exit(1)
