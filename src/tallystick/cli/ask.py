"""The commands that ask: one for each report, made from the report itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from tallystick.cli import options
from tallystick.cli.output import note
from tallystick.core.dimensions import canonical
from tallystick.core.filter import filters
from tallystick.query.pivot import Pivot
from tallystick.reports import REPORTS


def _shown(figures: str) -> Callable[[Any], Any]:
    """The option for further figures, where a report has any."""
    if not figures:
        return lambda command: command
    return click.option("--show", metavar="FIGURE[,FIGURE]", help=f"Further figures: {figures}.")


def _command(report: Pivot) -> click.Command:
    dims = ", ".join(report.dimensions)

    cuts = f"\n\nBy {', '.join(report.cuts)} where `sync --cuts` reads them." if report.cuts else ""

    @click.command(
        report.name, help=f"{report.meaning}.\n\nGroup by any of {dims}.{cuts}", short_help=report.meaning + "."
    )
    @click.option(
        "--by",
        default=",".join(report.by),
        show_default=True,
        metavar="DIM[,DIM]",
        help="What to group by; '' for one row.",
    )
    @options.days()
    @options.where
    @_shown(", ".join(figure.name for figure in report.more))
    @click.option(
        "--tz",
        metavar="ZONE",
        help="Days of a time zone such as Asia/Tokyo, from `sync --grain hour`; usage alone: cost is by UTC day.",
    )
    @click.option("--top", type=int, metavar="N", help="The N largest rows; the rest in one.")
    @options.form
    @click.option("--sql", "show_sql", is_flag=True, help="Show the query instead of the answer.")
    @click.option(
        "--strict",
        is_flag=True,
        help="Exit with 1 where days are absent, a bill is late, or a model has no known rate.",
    )
    @options.output
    @options.force
    @options.as_of
    @options.ledger
    @options.config
    def command(
        by: str,
        since: str | None,
        until: str | None,
        where: tuple[str, ...],
        tz: str | None,
        top: int | None,
        form: str | None,
        show_sql: bool,
        strict: bool,
        output: str | None,
        force: bool,
        ledger: str | None,
        config: str | None,
        show: str | None = None,
    ) -> None:
        book = options.book(doubt=report.name != "usage", ledger=ledger, config=config)
        dims = options.names(by)
        chosen = options.chosen(where)
        if show_sql:
            query = book.query(report.name, dims, since, until, chosen, options.names(show or ""), tz)
            options.write(query + "\n", output, force=force)
            for message in _after(report, {*map(canonical, dims), *filters(chosen)}):
                note(message)
            return
        table = book.ask(report.name, dims, since, until, chosen, top, options.names(show or ""), tz)
        options.write(options.written(table, form, output), output, force=force)
        unsure = any(table.coverage.get(name) for name in ("unpriced", "renamed", "uncounted"))
        if strict and (unsure or table.incomplete):
            sys.exit(1)

    return command


def _after(report: Pivot, dimensions: set[str]) -> list[str]:
    """What is done to the rows of a query before they are the answer."""
    owners = "the rules of the owners give each row of this query its team, and split shared ones"
    done = [owners] if dimensions & {"team", "cost_center"} else []
    done += [
        "the price lists in force give the rows of this query, by day and what else decides a rate, their dollars"
    ] * (report.name == "cache")
    return [f"After it {step}; see the answer without --sql." for step in done]


REPORT_COMMANDS: tuple[Any, ...] = tuple(_command(report) for report in REPORTS)
"""A command for each report."""
