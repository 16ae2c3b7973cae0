"""The commands `sync` and `check` ask the API."""

from __future__ import annotations

import sys
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Self

import click

from tallystick.cli import options
from tallystick.cli.output import note
from tallystick.cli.report import added
from tallystick.errors import ApiError, InvalidQuestion
from tallystick.query.report import days

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tallystick.settings import Settings
    from tallystick.sync.estimate import Estimate
    from tallystick.sync.options import Wanted
    from tallystick.sync.outcome import Outcome, Progress
    from tallystick.sync.plan import SyncTask


LONG = 10.0
"""Seconds of a wait that is worth a line."""
MOST_FAILURES = 10
"""Windows that failed and are told one by one."""


@click.command()
@options.base_url
@options.config
def check() -> None:
    """Check what your key can read of the API: the organization, each report, how fresh they are.

    Also names rights that the key has and tallystick does not need. Checks each [[organization]] of the settings. Exit
    code 3 if no report of cost can be read.
    """
    from tallystick.core.text import safe

    settings = options.settings(asks=True)
    code = 0
    for own in settings.organizations:
        click.echo(f"[[organization]] {safe(own.organization)}:")
        try:
            code = max(code, _check(own))
        except (ApiError, InvalidQuestion) as wrong:
            note(f"{own.organization}: {wrong.what}")
            note(wrong.hint, name="  ")
            code = max(code, wrong.exit_code)
    if code := code if settings.organizations else _check(settings):
        sys.exit(code)


def _check(settings: Settings) -> int:
    """Print what a credential can read; the exit code."""
    from tallystick.admin_api import AdminAPI
    from tallystick.api.client import CONTACT, GLANCE
    from tallystick.core.text import safe

    with AdminAPI(settings=settings, patience=GLANCE, contact=CONTACT) as api:
        rights = api.check()
    click.echo(f"{safe(rights.organization.name)} ({safe(rights.organization.id)})")
    click.echo(f"{rights.base_url}, read with the credential from {rights.credential}")
    for name, answer in rights.may_read.items():
        click.echo(f"  {name:<16} {safe(answer)}")
    usage = f"{rights.newest_usage:%Y-%m-%d %H:%M} UTC" if rights.newest_usage else "none in the last two days"
    click.echo(f"newest hour with usage: {usage}")
    click.echo(f"newest day with cost: {rights.newest_cost or 'none in the last seven days'}")
    for text in rights.beyond:
        click.echo(f"rights: {text}")
    return 0 if rights.readable else 3


@click.command()
@added(days("the month of --until and the two before it"))
@click.option(
    "--grain",
    type=options.Choice(["day", "hour"]),
    default="day",
    show_default=True,
    help="Read usage by the day or by the hour; cost is always by the day.",
)
@click.option(
    "--source",
    type=options.Choice(["auto", "reports", "analytics", "both"]),
    help="Read the older `reports` of the API, the newer `analytics`, or both. auto takes the newer ones for the days "
    "that they have, if the key may read them. By default what the settings say, else auto.",
)
@click.option(
    "--without-claude-code",
    "uncoded",
    is_flag=True,
    help="Skip the activity of Claude Code, which takes a request for each day.",
)
@click.option(
    "--breakdowns",
    metavar="NAME[,NAME]",
    help="Also fetch these breakdowns: sessions, profiles, slack, groups. By default those of the settings.",
)
@click.option(
    "--organization",
    "organizations",
    multiple=True,
    metavar="NAME",
    help="Read only this [[organization]] of the settings; by default each. May be repeated.",
)
@click.option("--again", is_flag=True, help="Read settled days again too; needs --month, or --since and --until.")
@click.option(
    "--accept-loss",
    is_flag=True,
    help="Accept at once that days lost half of their use or more; otherwise a sync an hour later must read the same.",
)
@click.option("--plan", "planned", is_flag=True, help="Estimate requests, minutes and megabytes; fetch nothing.")
@options.ledger
@options.base_url
@options.config
def sync(
    since: str | None,
    until: str | None,
    month: str | None,
    grain: str,
    source: str | None,
    uncoded: bool,
    breakdowns: str | None,
    organizations: tuple[str, ...],
    again: bool,
    accept_loss: bool,
    planned: bool,
) -> None:
    """Read what is missing or not settled from the API into the ledger.

    A day that cannot be read stays as it was; all others are read. Of several organizations in the settings each is
    read in turn, and one that fails stops no other. Exit code 1 if days could not be read, 3 if the API refused some, 4
    if it gave no answer, 5 if an answer was not as documented.
    """
    from tallystick.ledger import Ledger

    settings = options.settings(asks=not planned)
    book = Ledger.of(settings)
    choices: Wanted = {
        "month": month,
        "grain": grain,
        "source": source,
        "claude_code": not uncoded,
        "breakdowns": None if breakdowns is None else options.names(breakdowns),
        "again": again,
        "accept_loss": accept_loss,
    }
    if planned:
        from tallystick.core.text import safe

        names = [own.organization for own in settings.organizations]
        for name in organizations or names:
            click.echo(f"{safe(name)}:")
            _print_plan(*book.plan(since, until, organizations=(name,), **choices))
        if not names:
            _print_plan(*book.plan(since, until, organizations=organizations, **choices))
        return
    with Shown() as display:
        outcome = book.sync(
            since,
            until,
            partial=True,
            organizations=organizations,
            on_wait=display.wait,
            progress=display.progress,
            waiting=display.queue,
            **choices,
        )
    tell(outcome)
    for name, part in outcome.parts.items():
        rest = f" {len(part.failures):,} left out." if part and part.failures else ""
        note(f"{name}: {total(part) + rest if part else 'not read; it stays as it was.'}", name="")
    for day, gap in outcome.gaps.items() if sys.stderr.isatty() else ():
        note(f"{day} is still running ({gap}).", name="")
    note(total(outcome), name="")
    for message in (*(book.renamed() if outcome.names else ()), *book.unbilled(), *book.restated()):
        note(message, name="")
    if outcome.exit_code:
        sys.exit(outcome.exit_code)


class Shown:
    """The progress of a sync on a terminal, from its first second; nothing where there is none.

    It shows windows done, requests and their rate, the time left, and what is being fetched.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bar, TextColumn
        from rich.table import Column

        self._console = Console(stderr=True)
        self._bar = Bar(
            BarColumn(bar_width=10),
            MofNCompleteColumn(),
            TextColumn("windows, {task.fields[requests]:,} requests ({task.fields[rate]:,.1f}/s){task.fields[left]}:"),
            TextColumn("{task.description}{task.fields[note]}", table_column=Column(ratio=1, no_wrap=True)),
            expand=True,
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("connecting", total=None, requests=0, rate=0.0, left="", note="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def progress(self, now: Progress) -> None:
        """How far it is."""
        elapsed, remaining = self._bar.tasks[0].elapsed, self._bar.tasks[0].time_remaining
        self._bar.update(
            self._task,
            description=now.subject,
            completed=now.done + now.ahead,
            total=now.total,
            requests=now.requests,
            rate=now.requests / elapsed if elapsed else 0.0,
            left=f", {timedelta(seconds=ceil(remaining))} left" if remaining else "",
            note="",
        )

    def wait(self, seconds: float, why: str) -> None:
        """A wait before another try; a long one is said even where there is no terminal."""
        if not self._console.is_terminal and seconds >= LONG:
            note(f"waiting {seconds:.0f} s to try again: {why}")
        self._bar.update(self._task, note=f" (waiting {seconds:.0f} s: {why[:60]})")

    def queue(self, holder: str) -> None:
        """A wait for another writer; said even where there is no terminal."""
        if not self._console.is_terminal:
            options.waiting(holder)
        self._bar.update(self._task, description=f"waiting for {holder}")


def tell(outcome: Outcome) -> None:
    """Say what the user should know of a sync: what is odd, what was left as it was, and what failed."""
    for message in (*outcome.warnings, *(f"Issue: {issue}" for issue in outcome.issues), *left_out(outcome)):
        note(message)
    for subject, wrong in list(outcome.failures.items())[:MOST_FAILURES]:
        note(f"left out: {subject}. {wrong.what}")
        note(wrong.hint, name="  ")
    if len(outcome.failures) > MOST_FAILURES:
        rest = list(outcome.failures)[MOST_FAILURES:]
        note(f"left out: {len(rest):,} more, {rest[0]} to {rest[-1]}.")


def total(outcome: Outcome) -> str:
    """What a sync did in all, in a line of 80 letters whatever its size."""
    days = "1 day" if outcome.days == 1 else f"{outcome.days:,} days"
    read = f"{outcome.rows:,} rows in {outcome.requests:,} requests ({outcome.size / 1e6:,.1f} MB)"
    return f"{days} changed, {read}, version {outcome.version}."


def left_out(outcome: Outcome) -> list[str]:
    """Return what a sync left as the ledger had it, in words, and what brings it."""
    from tallystick.core.time import spans

    messages = [
        f"{_days(len(days))} not in the answer: {source.replace('_', ' ')} of {spans(days)}. They are unknown, not "
        "zero; the next sync asks for them again."
        for source, days in outcome.missing.items()
    ]
    if outcome.moved:
        messages.append(f"{_days(len(outcome.moved))} left unread, for they kept changing: {', '.join(outcome.moved)}.")
    if outcome.losses:
        lost = "; ".join(f"{subject} ({words})" for subject, words in outcome.losses.items())
        messages.append(
            f"An answer would empty or halve what the ledger has, so it stays as it was: {lost}. A sync that reads the "
            "same in an hour commits it; `tallystick sync --accept-loss` does at once."
        )
    return messages


def _days(count: int) -> str:
    return "1 day was" if count == 1 else f"{count:,} days were"


def _print_plan(tasks: Sequence[SyncTask], cost: Estimate) -> None:
    for task in tasks:
        click.echo(f"  {task}")
    basis = "by what earlier readings cost" if cost.measured else "a guess: nothing like it has been read yet"
    click.echo(
        f"{len(tasks)} windows: about {cost.requests:,} requests, {cost.minutes:,.1f} minutes, "
        f"{cost.megabytes:,.1f} megabytes ({basis})."
    )
