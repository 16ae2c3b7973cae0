"""The command `export` writes whole tables, to a file or a pipe, a batch at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tallystick.cli import options
from tallystick.cli.files import stream
from tallystick.cli.output import note
from tallystick.cli.report import added, strict_option
from tallystick.core.filter import where_of
from tallystick.core.message import ordered
from tallystick.errors import InvalidQuestion
from tallystick.exports import ENGINES, TABLES
from tallystick.formats import FORMATS
from tallystick.query.report import WHERE, WINDOW
from tallystick.query.strictness import COMPLETE

if TYPE_CHECKING:
    from tallystick.core.rows import Rows

STREAMS = tuple(entry.name for entry in FORMATS.values() if entry.streams)
"""Formats that take any number of rows."""
MEANINGS = {
    "charges": "every charge: used, priced, billed, and how they were matched",
    "usage": "tokens used, from the reports that the charges of each day are made from",
    "cost": "the lines of the bill, from the reports that the charges of each day are made from",
}


@click.group()
def export() -> None:
    """Export every row of a table, exact, to a file or a pipe; a month in the FOCUS format; or views for an engine.

    Any number of rows needs the same memory. `tallystick docs export` lists the columns.
    """


def _form(*choices: str) -> Callable[[Any], Any]:
    return click.option(
        "--format",
        "form",
        type=options.Choice(choices),
        help="By default what the ending of --output says, else csv.",
    )


strict = strict_option(COMPLETE)


def _command(name: str) -> click.Command:
    @click.command(
        name,
        help=f"{MEANINGS[name][:1].upper()}{MEANINGS[name][1:]}.",
        short_help=f"{MEANINGS[name][:1].upper()}{MEANINGS[name][1:]}.",
    )
    @added((*WINDOW, WHERE))
    @_form(*STREAMS)
    @strict
    @options.output
    @options.force
    @options.as_of
    @options.ledger
    @options.config
    def command(
        where: tuple[str, ...], form: str | None, strict: bool, output: str | None, force: bool, **days: Any
    ) -> None:
        book = options.book(doubt=name == "charges")
        stream_format = _chosen(form, output, STREAMS)
        rows = book.export(name, where=where_of(where), **days)
        _send(rows, stream_format, output, force=force, strict=strict)

    return command


for _name in TABLES:
    export.add_command(_command(_name))


@export.command("focus", short_help="A month as FOCUS 1.2 or 1.4.")
@click.option("--month", metavar="MONTH", help="A UTC month, as 2026-10 or mtd; by default last-month.")
@click.option(
    "--focus-version",
    "version",
    type=options.Choice(["1.2", "1.4"]),
    default="1.2",
    show_default=True,
    help="The version of the specification; 1.2 is the one that its validator knows.",
)
@_form("csv", "parquet")
@strict
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def focus(
    month: str | None,
    version: str,
    form: str | None,
    strict: bool,
    output: str | None,
    force: bool,
) -> None:
    """A month as FOCUS (FinOps Open Cost and Usage Specification) has it: a row for each charge that was billed.

    The sum of BilledCost is the bill of the month, to the last place.
    """
    book = options.book()
    stream_format = _chosen(form, output, ("csv", "parquet"))
    _send(book.export_focus(month, version), stream_format, output, force=force, strict=strict)


@export.command("views", short_help="SQL that makes the views in another engine.")
@click.option(
    "--engine",
    type=options.Choice(ENGINES),
    required=True,
    help="duckdb, clickhouse, or spark for Spark, Databricks and Sail.",
)
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def views(engine: str, output: str | None, force: bool) -> None:
    """Write the SQL by which another engine reads one version of the ledger where it lies.

    It is of the newest version, or that of --as-of: make it again after each sync. `tallystick docs bi` shows its use.
    """
    options.write(options.book(doubt=True).export_views(engine), output, force=force)


def _chosen(form: str | None, output: str | None, choices: tuple[str, ...]) -> str:
    ending = Path(output).suffix.removeprefix(".") if output else ""
    if form is None and ending and ending not in choices:
        raise InvalidQuestion(
            f"No export is a .{ending} file.",
            f"Endings are {', '.join(f'.{choice}' for choice in choices)}; or say --format.",
        )
    return form or ending or "csv"


def _send(rows: Rows, form: str, output: str | None, *, force: bool, strict: bool) -> None:
    """Write an export where it shall go, then its messages to the error stream."""
    stream(lambda file: FORMATS[form].stream(rows, file), output, force=force, text=FORMATS[form].text)
    for message in ordered(rows.messages):
        note(f"{message.kind}: {message.text}")
    if strict and COMPLETE.fails(rows):
        sys.exit(1)
