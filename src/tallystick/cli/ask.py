"""The commands that ask: one for each report, made from the report itself."""

from __future__ import annotations

import re
import sys
from typing import Any

import click

from tallystick.cli import options
from tallystick.core.dimensions import NAMED, TIMES
from tallystick.errors import AskedWrongly
from tallystick.reports import REPORTS
from tallystick.reports.report import Report


def _command(report: Report) -> click.Command:
    dims = ", ".join(report.dimensions)

    @click.command(report.name, help=f"{report.meaning}.\n\nGroup by any of {dims}.", short_help=report.meaning + ".")
    @click.option(
        "--by",
        default=",".join(report.by),
        show_default=True,
        metavar="DIM[,DIM]",
        help="What to group by; '' for one row.",
    )
    @click.option(
        "--since",
        default="30d",
        show_default=True,
        metavar="WHEN",
        help="First UTC day. 7d, 3m, yesterday end with the last ended day or month; 2026-10-01, 2026-10, mtd run on.",
    )
    @click.option(
        "--until",
        metavar="WHEN",
        help="First UTC day left out; a month is included: --since 2026-10 --until 2026-10. Default: now.",
    )
    @click.option(
        "--where",
        multiple=True,
        metavar="DIM=VALUE[,DIM=VALUE]",
        help="Only these ids or names; repeat a dimension for more of it.",
    )
    @click.option("--top", type=int, metavar="N", help="The N largest rows; the rest in one.")
    @options.form
    @click.option("--sql", "show_sql", is_flag=True, help="Show the query instead of the answer.")
    @click.option("--strict", is_flag=True, help="Exit with 1 where days are absent or a model has no known rate.")
    @options.output
    @options.force
    @options.ledger
    @options.config
    def command(
        by: str,
        since: str,
        until: str | None,
        where: tuple[str, ...],
        top: int | None,
        form: str | None,
        show_sql: bool,
        strict: bool,
        output: str | None,
        force: bool,
        ledger: str | None,
        config: str | None,
    ) -> None:
        from tallystick.book import Ledger

        told = options.settings(ledger=ledger, config=config)
        book = Ledger.of(told)
        dims = tuple(name.strip() for name in by.split(",") if name.strip())
        chosen = _where(where)
        if show_sql:
            options.write(book.query(report.name, dims, since, until, chosen) + "\n", output, force=force)
            return
        table = book.ask(report.name, dims, since, until, chosen, top)
        options.write(options.written(table, form, output), output, force=force)
        if strict and (table.coverage["absent"] or table.coverage.get("unpriced")):
            sys.exit(1)

    return command


_BEFORE_DIMENSION = re.compile(rf",(?=\s*(?:{'|'.join((*NAMED, *TIMES))})\s*=)")
"""A comma that another dimension follows; any other belongs to a name."""


def _where(said: tuple[str, ...]) -> dict[str, list[str]]:
    chosen: dict[str, list[str]] = {}
    for part in (part for one in said for part in _BEFORE_DIMENSION.split(one)):
        name, equals, value = part.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise AskedWrongly(
                f"--where {part!r} is not DIM=VALUE.", "Write --where model=claude-opus-5,workspace=Production."
            )
        chosen.setdefault(name.strip(), []).append(value.strip())
    return chosen


REPORT_COMMANDS: tuple[Any, ...] = tuple(_command(report) for report in REPORTS)
"""A command for each report."""
