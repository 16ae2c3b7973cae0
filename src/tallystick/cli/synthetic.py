"""The command `sim ledger`: a synthetic ledger of any size, written directly."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import monotonic

import click

from tallystick.cli.output import note

_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}
_NUMBER = re.compile(r"(\d[\d_,]*(?:\.\d+)?)([km]?)", re.IGNORECASE)


def size(text: str) -> int:
    """Return a count that is written as 250000, 250k or 1.5M; click.BadParameter where it is none."""
    number = _NUMBER.fullmatch(text.strip())
    if number is None:
        raise click.BadParameter(f"{text!r} is no count. Write 250000, 250k or 1.5M.")
    return int(Decimal(re.sub("[_,]", "", number[1])) * _UNITS[number[2].lower()])


@click.command("ledger")
@click.argument("folder", metavar="FOLDER")
@click.option(
    "--charges",
    metavar="N",
    default="1M",
    show_default=True,
    callback=lambda _context, _parameter, text: size(text),
    help="Number of charges, about; as 250k or 100M.",
)
@click.option("--days", type=int, default=365, show_default=True, help="Number of days, from 2025-11-22 on.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="A number: each makes another organization, always the same."
)
def ledger_command(folder: str, charges: int, days: int, seed: int) -> None:
    """Write a synthetic ledger of any size into FOLDER, to try questions at scale. No API is asked.

    It has usage, bill, charges and names as a sync leaves them, and no archived pages.
    """
    from tallystick.core.time import text
    from tallystick.synthetic.ledger import write

    def progress(day: date, so_far: int) -> None:
        note(f"up to {day}: {so_far:,} charges")

    started = monotonic()
    written = write(Path(folder), charges, days, seed, progress)
    seconds = monotonic() - started
    files = [path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()]
    click.echo(
        f"{written.charges:,} charges of {written.keys:,} keys, {written.first} to {written.last}: "
        f"{sum(files) / 1_000_000:,.1f} MB in {len(files):,} files, written in {seconds:,.0f} s.\n"
    )
    click.echo("Ask as of the day after:\n")
    click.echo(f"  export TALLYSTICK_NOW={text(written.read_at)} TALLYSTICK_LEDGER={Path(folder).absolute()}")
    click.echo("  tallystick spend --by workspace --month last-month\n  tallystick verify")
