"""The command `forget` takes people out of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tallystick.cli import options
from tallystick.core.text import safe
from tallystick.errors import InvalidQuestion

if TYPE_CHECKING:
    from tallystick.sync.forget import Forgotten
    from tallystick.sync.forget_plan import Plan


@click.command()
@click.argument("person", required=False)
@click.option(
    "--all",
    "everyone",
    is_flag=True,
    help="Forget everybody, as far as the setting `people` says (`tallystick docs people`).",
)
@click.option(
    "--plan", "plan_alone", is_flag=True, help="Only say what would be rewritten, and which names would stay."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.ledger
@options.config
def forget(person: str | None, everyone: bool, plan_alone: bool, yes: bool) -> None:
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
    if plan_alone:
        _show(book.plan_forgetting(named_person))
        return
    click.echo(
        f"This takes {target} out of every archived page, of findings and of the names of every version, and deletes "
        "what held them. Ids and totals stay. It cannot be undone; --plan shows what it finds.",
        err=True,
    )
    if not yes:
        click.confirm("Go on?", abort=True, err=True)
    erasure = book.forget(named_person, waiting=options.waiting)
    click.echo(_rewritten(erasure, "were rewritten; what they were is deleted."))


def _rewritten(erasure: Forgotten, verb: str) -> str:
    return f"{erasure.pages:,} pages, {erasure.names:,} rows of names and {erasure.findings:,} of findings {verb}"


def _show(plan: Plan) -> None:
    """Show what would be done, and what is called like the person and stays: no field of it is of a person."""
    click.echo(_rewritten(plan.rewritten, "would be rewritten."))
    if plan.namesakes:
        click.echo("Called like a person, and not rewritten. Rename these in the Console; older names stay here:")
    for namesake in plan.namesakes:
        click.echo(f"  {namesake.type} {safe(namesake.name)} ({safe(namesake.id)})")
