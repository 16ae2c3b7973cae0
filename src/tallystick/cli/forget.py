"""The command `forget` takes people out of the ledger."""

from __future__ import annotations

import click

from tallystick.cli import options
from tallystick.core.text import safe
from tallystick.errors import InvalidQuestion


@click.command()
@click.argument("person", required=False)
@click.option(
    "--all",
    "everyone",
    is_flag=True,
    help="Forget everybody, as far as the setting `people` says (`tallystick docs people`).",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.ledger
@options.config
def forget(person: str | None, everyone: bool, yes: bool) -> None:
    """Take the name and the e-mail of PERSON (a user's id, e-mail or exact name) out of pages and names, for good.

    Ids and all totals stay, and later syncs do not bring the person back.
    """
    from tallystick.ledger import Ledger

    if bool(person) == everyone:
        raise InvalidQuestion("No person is named.", "Give a user's id, e-mail or exact name, or --all.")
    settings = options.settings()
    book = Ledger.of(settings)
    named_person = book.find_person(person) if person else None
    if named_person:
        labels = ", ".join(safe(label) for label in (named_person.email, named_person.id) if label)
        target = f"{safe(named_person.name)} ({labels})"
    else:
        target = (
            "everybody" if settings.people_mode == "full" else f'everybody, as people = "{settings.people_mode}" says,'
        )
    click.echo(
        f"This takes {target} out of every archived page, of findings and of the names of every version, and deletes "
        "what held them. Ids and totals stay. It cannot be undone.",
        err=True,
    )
    if not yes:
        click.confirm("Go on?", abort=True, err=True)
    done = book.forget(named_person, waiting=options.waiting)
    click.echo(
        f"{done.pages:,} pages, {done.names:,} rows of names and {done.findings:,} of findings were rewritten; what "
        "they were is deleted."
    )
