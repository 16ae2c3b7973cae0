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


def _show(done: Retained) -> None:
    """Say what was dropped and deleted, and what waits."""
    stay = f"{done.stay:,} stay"
    if done.oldest and done.oldest.at:
        stay += f": all since {done.oldest.at:%Y-%m-%d}" + (
            f", and {done.closed:,} of closed months" * bool(done.closed)
        )
    click.echo(f"{done.dropped:,} versions dropped, {stay}.")
    click.echo(f"{done.files:,} files of {done.size / 1_000_000:,.1f} MB deleted, which no version has.")
    if done.due:
        click.echo(f"What only dropped versions had is deleted from {done.due:%d %b %H:%M} UTC on, by the next run.")
