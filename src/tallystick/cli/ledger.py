"""The commands about the ledger itself: tally, schema, rebuild."""

from __future__ import annotations

import click

from tallystick.cli import options


@click.command()
@options.ledger
@options.config
def tally() -> None:
    """Match usage with the bill again, by the price lists in force. Asks the API nothing."""
    days = options.book().tally(waiting=options.waiting)
    if days:
        click.echo(f"{days:,} {'day' if days == 1 else 'days'} tallied anew, by the price lists in force.")
    else:
        click.echo("Nothing to do: every day was tallied by the price lists in force.")


@click.command()
@click.argument("view", required=False)
def schema(view: str | None) -> None:
    """List the views that `tallystick sql` reads, and what each column means; of one VIEW, or of all."""
    from tallystick.core.text import choose
    from tallystick.errors import InvalidQuestion
    from tallystick.store.views import VIEWS

    views = [known_view for known_view in VIEWS if view in {None, known_view.name}]
    if not views:
        raise InvalidQuestion(f"There is no view {view!r}.", choose(str(view), [known.name for known in VIEWS]))
    for shown_view in views:
        click.echo(f"{shown_view.name}: {shown_view.meaning}")
        for name, kind, meaning in shown_view.columns:
            click.echo(f"  {name:<16} {kind:<15} {meaning}")
        click.echo()


@click.command()
@click.argument("into", metavar="FOLDER")
@options.ledger
@options.config
def rebuild(into: str) -> None:
    """Build another ledger in FOLDER from this one's archived pages alone."""
    from tallystick.ledger import Ledger

    readings = Ledger.of(options.settings()).rebuild(into)
    click.echo(f"{readings} readings judged once more; the ledger is in {into}.")
