"""The command `statement` hands each team its statement of a month."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tallystick.cli import options
from tallystick.errors import InvalidQuestion
from tallystick.formats import ENDINGS, FORMATS
from tallystick.query.absence import no_day_of, no_organization
from tallystick.written_files import file_word, write_all

if TYPE_CHECKING:
    from tallystick.billing.chargeback import Charged
    from tallystick.core.document import Document


@click.command()
@click.option(
    "--month", required=True, metavar="MONTH", help="The month, as 2026-10 or last-month; a draft until it is closed."
)
@click.option("--team", metavar="TEAM", help="A team of the owner rules, or unowned.")
@click.option(
    "--all", "every", is_flag=True, help="Write a file for each team, one of what nobody owns, and an overview."
)
@click.option("--organization", metavar="ID", help="Only this organization, where the ledger has several.")
@options.form
@click.option(
    "--output", "-o", metavar="DIR|FILE", help="Write to a file; with --all to a folder of files like 2026-10-TEAM.pdf."
)
@options.force
@options.as_of
@options.engine
@options.ledger
@options.config
def statement(
    month: str,
    team: str | None,
    every: bool,
    organization: str | None,
    form: str | None,
    output: str | None,
    force: bool,
) -> None:
    """Write what a team is charged for a month: lines by workspace, key, model and kind, shared costs, adjustments.

    The statements of all teams and of what nobody owns add up to the bill exactly.
    """
    from tallystick.billing import statement as report

    if (team is None) == (not every):
        raise InvalidQuestion("A statement is of a team, or of all.", "Write --team NAME or --all.")
    if every and output is None:
        raise InvalidQuestion("--all writes a file for each team.", "Name a folder: --output statements.")
    if every and Path(str(output)).suffix.removeprefix(".") in ENDINGS:
        raise InvalidQuestion(
            f"--all writes a folder, and {output} is called as a file.", "Say the format by --format."
        )
    organizations = _of_organization(options.book().statements(month), month, organization)
    month = organizations[0].month.name
    documents: dict[str, Document] = {}
    zero = not any(charged.lines for charged in organizations)
    for charged in organizations:
        stem = f"{month}-{file_word(charged.name)}" if len(organizations) > 1 else month
        for name in (
            charged.teams
            if every
            else [team_name for team_name in [team] if team_name in charged.lines or zero or len(organizations) == 1]
        ):
            documents[_free(f"{stem}-{file_word(str(name))}", documents)] = report.statement(charged, str(name))
        if every:
            overview = report.overview(charged)  # its lines stand in the files of the teams
            documents[_free(f"{stem}-all", documents)] = replace(overview, lines=overview.sections[0].table)
    if not documents:
        raise InvalidQuestion(
            f"No team {team!r} is charged anything for {month}.", "`tallystick owners` lists the rules."
        )
    if every or (output and not Path(output).suffix):
        _into(Path(str(output)), documents, form or "pdf", force=force)
    else:
        hand_out(documents, form, output, force=force)


def _of_organization(organizations: list[Charged], month: str, organization: str | None) -> list[Charged]:
    """What the teams of one organization are charged, or of all; LedgerError or InvalidQuestion where there is none."""
    if not organizations:
        raise no_day_of(month)
    matches = [charged for charged in organizations if organization in {None, charged.month.organization, charged.name}]
    if not matches:
        raise no_organization(organization, [charged.month.organization for charged in organizations])
    return matches


def hand_out(documents: dict[str, Document], form: str | None, output: str | None, *, force: bool) -> None:
    """Write one document; several, of as many organizations, to the terminal as text or into a folder."""
    one(len(documents), form, output)
    for document in documents.values():
        options.write(options.written(document, form, output), output, force=force)


def one(count: int, form: str | None, output: str | None) -> None:
    """Raise InvalidQuestion where several documents would be one file, or one answer for a program."""
    if count > 1 and (output or form not in {None, "text"}):
        raise InvalidQuestion(
            "The ledger holds several organizations, a document each.", "Leave out --output and --format."
        )


def _into(folder: Path, documents: dict[str, Document], form: str, *, force: bool) -> None:
    """Write documents into a folder: all of them or none; nothing if one is there already."""
    written = {f"{name}.{FORMATS[form].ending}": FORMATS[form].write(document) for name, document in documents.items()}
    files = {name: content if isinstance(content, bytes) else content.encode() for name, content in written.items()}
    for path in write_all(folder, files, force=force):
        click.echo(f"{path}")


def _free(name: str, documents: dict[str, Document]) -> str:
    """The name, with a number where another file has it, on systems that see no case too."""
    used = {used_name.casefold() for used_name in documents}
    return next(
        candidate
        for candidate in (name, *(f"{name}-{n}" for n in range(2, len(documents) + 3)))
        if candidate.casefold() not in used
    )
