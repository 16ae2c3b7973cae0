"""The command that closes a month: it shows what it would close, and asks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from tallystick.cli import options, statement
from tallystick.cli.files import free
from tallystick.errors import InvalidQuestion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from tallystick.billing.chargeback import Charged
    from tallystick.billing.obstacles import Allowed

TEAMS = 6
"""Teams that are shown with their amount before a month is closed, the largest first."""


@click.command()
@click.argument("month")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--provisional", is_flag=True, help="Close although Anthropic may still restate some of its days.")
@click.option(
    "--late", is_flag=True, help="Close although some bills are late; they are charged in the next open month."
)
@click.option("--skip-earlier", is_flag=True, help="Close this month first: every month before it stays open for good.")
@click.option(
    "--without-owners", is_flag=True, help="Close although the settings name no owners: all of it is unowned."
)
@click.option("--organization", metavar="ID", help="Only this organization, where the ledger has several.")
@options.form
@options.output
@options.force
@options.ledger
@options.config
def close(
    month: str,
    yes: bool,
    provisional: bool,
    late: bool,
    skip_earlier: bool,
    without_owners: bool,
    organization: str | None,
    form: str | None,
    output: str | None,
    force: bool,
) -> None:
    """Close MONTH (2026-10, last-month): verify it, and copy its charges, owners and prices as they are now.

    Shows what it will close, then asks: closing cannot be undone. What Anthropic changes later is charged as an
    adjustment in the first month that is still open. Prints what each team is charged, and a digest of the copy.
    """
    from tallystick.billing.statement import overview

    book = options.book()
    free(output, force=force, text=options.format_of(form, output).text)  # before anything is closed
    statement.one(1 if organization else len(book.organizations()), form, output)
    allowed: Allowed = {
        "provisional": provisional,
        "late": late,
        "skip_earlier": skip_earlier,
        "without_owners": without_owners,
        "organization": organization,
    }
    drafts = book.closable(month, **allowed)
    month = next((draft.month.name for draft in drafts), month)  # last-month by its name: what is shown is closed
    days = {draft.month.organization: draft.provisional for draft in drafts}
    for charged in book.statements(month):
        if charged.month.organization in days:
            click.echo(preview(charged, days[charged.month.organization]), err=True)
    if not yes:
        if not sys.stdin.isatty():
            raise InvalidQuestion(
                f"{month} was not closed: closing cannot be undone, and there is no terminal to ask on.",
                "Read what is above, then run the same with --yes.",
            )
        if not click.confirm(f"Close {month} for ever?", err=True):
            raise InvalidQuestion("Nothing was closed.")
    book.close(month, waiting=options.waiting, **allowed)
    statements = [charged for charged in book.statements(month) if organization in {None, charged.month.organization}]
    statement.hand_out(
        {charged.month.organization: overview(charged) for charged in statements}, form, output, force=force
    )


def preview(charged: Charged, provisional: Sequence[date]) -> str:
    """Return what closing a draft would make final: its sum, its teams, what is provisional or to be known of it."""
    from tallystick.core.message import ordered
    from tallystick.core.money import rounded
    from tallystick.core.text import safe
    from tallystick.core.time import spans
    from tallystick.query.closings import ADJUSTMENT

    teams = sorted(charged.teams, key=lambda team: (-charged.amount(team), team))
    amounts = [f"{safe(team)} {rounded(charged.amount(team)):,}" for team in teams[:TEAMS]]
    if len(teams) > TEAMS:
        amounts.append(f"{len(teams) - TEAMS} more")
    month, days = charged.month, spans(provisional)
    adjusted = month.billed(ADJUSTMENT)
    lines = [
        f"{month.name} of {safe(charged.name)} ({safe(month.organization)}): {rounded(charged.amount_due):,} USD.",
        f"  Teams ({len(teams)}): {', '.join(amounts) or 'none, nothing was billed'}.",
        *([f"  Adjustments of months closed earlier: {rounded(adjusted):,} USD."] if adjusted else []),
        *([f"  Provisional: Anthropic may still change {len(provisional)} days, {days}."] if provisional else []),
        *(f"  {message.kind}: {safe(message.text)}" for message in ordered((*charged.loose, *charged.messages))),
        "  Closing cannot be undone: what changes later is charged in the next open month.",
    ]
    return "\n".join(lines)
