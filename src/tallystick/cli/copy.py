"""The command copy: a ledger in another folder or bucket."""

from __future__ import annotations

import click

from tallystick.cli import options


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@options.config
def copy(source: str, target: str) -> None:
    """Copy the ledger at FROM to TO; each is a folder or a URL, as s3://bucket/path.

    Each file is held to its hash, and TO shows nothing before all are there. A copy that was stopped goes on when it is
    run again. A copy in a bucket can be brought up to date so; a folder must be empty or not there. The key that hides
    people is not copied.
    """
    from tallystick.ledger import Ledger

    into = options.settings(ledger=target).ledger
    result = Ledger.of(options.settings(ledger=source)).copy(into, waiting=options.waiting)
    click.echo(f"Version {result.version} is in {into}: {result.files:,} files of {result.size / 1_000_000:,.1f} MB.")
