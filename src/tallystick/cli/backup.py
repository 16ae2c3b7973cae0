"""Backup commands: the ledger is copied into one, and brought back from it."""

from __future__ import annotations

import click

from tallystick.cli import options


@click.command()
@click.argument("folder", metavar="DIR")
@options.ledger
@options.config
def backup(folder: str) -> None:
    """Copy the newest version of the ledger into DIR, while syncs go on. Run it again to copy what is new.

    Each file is held to its hash, and a damaged ledger replaces no backup. DIR holds all that the ledger holds, and the
    key that hides people, if there is one; it is private to its user. What was forgotten leaves it with the next run.
    """
    copy = options.book(doubt=False).back_up(folder)
    click.echo(
        f"Version {copy.version}: {copy.files:,} files of {copy.size / 1_000_000:,.1f} MB, {copy.new:,} of them new."
    )


@click.command()
@click.argument("folder", metavar="DIR")
@options.ledger
@options.config
def restore(folder: str) -> None:
    """Bring the backup in DIR back as the ledger, whose folder must be empty or not there.

    Every file is held to its hash, and every table and page to the newest version, before the ledger answers.
    """
    book = options.book(doubt=False)
    click.echo(f"Version {book.restore(folder)} is restored in {book.path}.")
