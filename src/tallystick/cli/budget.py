"""The commands about what a period comes to: its pace, and the budgets beside it."""

from __future__ import annotations

import sys

import click

from tallystick.cli import options


@click.command(short_help="What the month comes to at the rate of the last weeks.")
@click.option(
    "--every",
    type=options.Choice(("week", "month", "quarter", "year")),
    default="month",
    show_default=True,
    help="Which period's end.",
)
@click.option("--on", metavar="DAY", help="The period that holds this UTC day; by default today.")
@options.where
@options.form
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def pace(
    every: str,
    on: str | None,
    where: tuple[str, ...],
    form: str | None,
    output: str | None,
    force: bool,
    ledger: str | None,
    config: str | None,
) -> None:
    """Forecast the total of a week, month, quarter or year: each day left costs what its weekday cost in recent weeks.

    low and high bound it in 80 % of cases. An ended period shows its actual total.
    """
    table = options.book(ledger=ledger, config=config).pace(options.chosen(where), every, on)
    options.write(options.written(table, form, output), output, force=force)


@click.command(short_help="Budgets: spent, left, and the pace to the end of the period.")
@click.option("--on", metavar="DAY", help="Budgets in force on this UTC day, and their periods; by default today.")
@click.option("--month", metavar="MONTH", help="Those in force at the end of a month, as 2026-10; by default today's.")
@click.option(
    "--strict",
    is_flag=True,
    help="Exit with 1 where a budget is spent, or days of it are unknown or not billed yet; not for a forecast.",
)
@options.form
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def budget(
    on: str | None,
    month: str | None,
    strict: bool,
    form: str | None,
    output: str | None,
    force: bool,
    ledger: str | None,
    config: str | None,
) -> None:
    """The budgets of tallystick.toml with what was spent of each, what is left, and the pace to the end of its period.

    The pace takes each day that is left at the mean of its weekday over the last eight weeks; low and high hold it in
    80 % of cases. Use that is not billed yet is shown apart, as the price lists have it.
    """
    from tallystick.outlook.budgets import failing

    table = options.book(ledger=ledger, config=config).budget(on, month)
    options.write(options.written(table, form, output), output, force=force)
    if strict and failing(table):
        sys.exit(1)
