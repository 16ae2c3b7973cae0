"""Options that several commands share, and the settings that follow from them."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tallystick.core.dimensions import NAMED, TIMES
from tallystick.core.text import safe
from tallystick.errors import AskedWrongly

if TYPE_CHECKING:
    from tallystick.book import Ledger
    from tallystick.config import Settings
    from tallystick.core.question import Table

ledger = click.option("--ledger", metavar="PATH", help="The ledger's folder (TALLYSTICK_LEDGER).")
config = click.option("--config", metavar="FILE", help="The settings file (TALLYSTICK_CONFIG).")
base_url = click.option("--base-url", metavar="URL", help="Where the API is (TALLYSTICK_BASE_URL).")
since = click.option(
    "--since",
    default="30d",
    show_default=True,
    metavar="WHEN",
    help="First UTC day. 7d, 3m, yesterday end with the last ended day or month; 2026-10-01, 2026-10, mtd run on.",
)
until = click.option(
    "--until",
    metavar="WHEN",
    help="First UTC day left out; a month is included: --since 2026-10 --until 2026-10. By default now.",
)
where = click.option(
    "--where",
    multiple=True,
    metavar="DIM=VALUE[,DIM=VALUE]",
    help="Only these ids or names; repeat a dimension for more of it.",
)
output = click.option("--output", "-o", metavar="FILE", help="Write to a file instead of the terminal.")
form = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv"]),
    help="By default what the ending of --output says, else table. JSON and CSV are exact.",
)
force = click.option("--force", is_flag=True, help="Replace the file of --output if it is there.")


TEXT = ("", "txt")
"""Endings of a file that is a table as the terminal shows it."""


def settings(**told: Any) -> Settings:
    """The settings, with their warnings said on the error stream."""
    from tallystick.config import Settings

    made = Settings.load(**told)
    for warning in made.warnings:
        click.echo(f"tallystick: {warning}", err=True)
    return made


def book(*, doubt: bool = True, **told: Any) -> Ledger:
    """The ledger that the settings name; with `doubt` what is odd about their prices is said on the error stream."""
    from tallystick.book import Ledger

    made = Ledger.of(settings(**told))
    for said in made.doubts() if doubt else ():
        click.echo(f"tallystick: {safe(said)}", err=True)
    return made


_BEFORE_DIMENSION = re.compile(rf",(?=\s*(?:{'|'.join((*NAMED, *TIMES))})\s*=)")
"""A comma that another dimension follows; any other belongs to a name."""


def names(by: str) -> tuple[str, ...]:
    """The dimensions of --by."""
    return tuple(name.strip() for name in by.split(",") if name.strip())


def chosen(where: tuple[str, ...]) -> dict[str, list[str]]:
    """The values of --where by dimension; AskedWrongly where one is not DIM=VALUE."""
    found: dict[str, list[str]] = {}
    for part in (part for one in where for part in _BEFORE_DIMENSION.split(one)):
        name, equals, value = part.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise AskedWrongly(
                f"--where {part!r} is not DIM=VALUE.", "Write --where model=claude-opus-5,workspace=Production."
            )
        found.setdefault(name.strip(), []).append(value.strip())
    return found


def written(table: Table, form: str | None, output: str | None) -> str:
    """A Table in a format; as wide as the terminal where it goes to one.

    CSV has no place for caveats: they are said on the error stream.
    """
    from tallystick.formats import FORMATS
    from tallystick.formats.table import as_table

    ending = Path(output).suffix.removeprefix(".") if output else ""
    if form is None and ending not in {*FORMATS, *TEXT}:
        raise AskedWrongly(
            f"No writer makes a .{ending} file.",
            f"Endings are {', '.join(f'.{it}' for it in (*FORMATS, *TEXT) if it not in {'', 'table'})}; --format says "
            "what it shall be in spite of its ending.",
        )
    form = form or (ending if ending in FORMATS else "table")
    if form == "csv":
        for caveat in table.caveats:
            click.echo(f"tallystick: {safe(caveat)}", err=True)
    if form == "table" and output is None and sys.stdout.isatty():
        return as_table(table, shutil.get_terminal_size().columns)
    return FORMATS[form](table)


def write(text: str, output: str | None, *, force: bool) -> None:
    """Write an answer to the terminal, or whole to a file that is not there yet; AskedWrongly if it is."""
    if output is None:
        click.echo(text, nl=False)
        return
    path = Path(output)
    if path.is_dir():
        raise AskedWrongly(f"{path} is a folder.", "Name a file in it.")
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise AskedWrongly(f"{path} is there already.", "Name another file, or replace it with --force.") from None
    except OSError as wrong:
        raise AskedWrongly(f"{path} cannot be written: {wrong.strerror}.", "Name another file.") from None
