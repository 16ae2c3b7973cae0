"""The command `doctor` examines the ledger on the disk, and mends it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from tallystick.cli import options

if TYPE_CHECKING:
    from tallystick.doctor.damage import Examination


@click.command()
@click.option("--repair", is_flag=True, help="Mend in place what is damaged; it is moved to the folder `damaged`.")
@options.ledger
@options.config
def doctor(repair: bool) -> None:
    """Compare every file of the ledger with what was written: name each damage, its cost, and what mends it.

    `verify` asks whether figures add up, this whether the files are whole; it works whatever is damaged. Ends with 0
    where the ledger is healthy, with 1 where something is damaged. Changes nothing without --repair.
    """
    book = options.book(doubt=False)
    examination = book.repair(_say, waiting=options.waiting) if repair else book.examine()
    _show(examination, repaired=repair)
    if not examination.healthy:
        sys.exit(1)


def _say(text: str) -> None:
    from tallystick.core.text import safe

    click.echo(safe(text))


def _show(examination: Examination, *, repaired: bool) -> None:
    for damage in examination.damages:
        _say(f"{damage.part}: {damage.problem}")
        _say(f"  costs: {damage.cost}")
        _say(f"  mends: {damage.remedy}")
    parts = ", ".join(f"{count:,} {name}" for name, count in examination.parts.items()) or "nothing more was"
    state = "healthy" if examination.healthy else "still damaged" if repaired else "damaged"
    _say(f"The ledger is {state}: {parts} looked at.")
    for note in examination.notes:
        _say(f"note: {note}")
