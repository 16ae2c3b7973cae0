"""The command `vacuum` drops old versions of the ledger, and deletes what no version has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tallystick.cli import options

if TYPE_CHECKING:
    from tallystick.store.retention import Retained


@click.command()
@click.option(
    "--keep",
    metavar="TIME",
    help="Keep versions that were the newest within this time, as 90d. By default as the setting `keep` says.",
)
@options.ledger
@options.config
def vacuum(keep: str | None) -> None:
    """Drop versions of the ledger that are older than `keep`, and delete the files that no version has.

    Closed months keep the versions that they were closed with. Files of versions that are dropped now are deleted by a
    later run, an hour from now at the soonest, so that nobody who reads them is disturbed. Without `keep` no version is
    dropped.
    """
    from tallystick.core.interval import interval
    from tallystick.core.time import DAY

    length = interval("--keep", keep, DAY) if keep else None
    _show(options.book(doubt=False).vacuum(length, waiting=options.waiting))


def _show(retained: Retained) -> None:
    """Say what was dropped and deleted, and what waits."""
    stay = f"{retained.stay:,} stay"
    if retained.oldest and retained.oldest.at:
        stay += f": all since {retained.oldest.at:%Y-%m-%d}" + (
            f", and {retained.closed:,} of closed months" * bool(retained.closed)
        )
    click.echo(f"{retained.dropped:,} versions dropped, {stay}.")
    click.echo(f"{retained.files:,} files of {retained.size / 1_000_000:,.1f} MB deleted, which no version has.")
    if retained.due:
        click.echo(
            f"What only dropped versions had is deleted from {retained.due:%d %b %H:%M} UTC on, by the next run."
        )
