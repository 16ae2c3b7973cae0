"""The commands about who owns what: owners, keys."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

from tallystick.cli import options

if TYPE_CHECKING:
    from tallystick.core.question import Table


@click.command(short_help="The rules of who owns what, and what each caught.")
@click.option("--check", is_flag=True, help="What nobody owns and the rules that never match; exit with 1 if any.")
@options.days()
@options.form
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def owners(
    check: bool,
    since: str | None,
    until: str | None,
    form: str | None,
    output: str | None,
    force: bool,
    ledger: str | None,
    config: str | None,
) -> None:
    """The rules of who owns what, in their order, with the charges and the money that each caught."""
    from tallystick.query.owners import rules
    from tallystick.reports.owner_check import check as checked, problems

    table = _asked("owners", since, until, ledger, config)
    answer = table(checked if check else rules)
    options.write(options.written(answer, form, output), output, force=force)
    if check and problems(answer):
        sys.exit(1)


@click.command(short_help="Every key: spend, owner, last use, and what is odd.")
@options.days()
@click.option(
    "--where", multiple=True, metavar="COLUMN=VALUE", help="Only keys that have it, as attention=idle or team!=search."
)
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="The first N of them.")
@options.form
@options.output
@options.force
@options.as_of
@options.ledger
@options.config
def keys(
    since: str | None,
    until: str | None,
    where: tuple[str, ...],
    top: int | None,
    form: str | None,
    output: str | None,
    force: bool,
    ledger: str | None,
    config: str | None,
) -> None:
    """Every key with its spend, owner, creator and last use.

    First those that need attention: idle (active, not used in the window), and those that still spend though they are
    inactive, expired, archived, deleted or nobody's.
    """
    from tallystick.reports import keys as report

    table = _asked("keys", since, until, ledger, config, options.chosen(where), top)
    options.write(options.written(table(report.keys), form, output), output, force=force)


def _asked(
    name: str,
    since: str | None,
    until: str | None,
    ledger: str | None,
    config: str | None,
    where: Mapping[str, list[str]] | None = None,
    top: int | None = None,
) -> Callable[[Callable[..., Table]], Table]:
    """What asks a report about owners of the ledger that the options name."""
    from tallystick.core.filter import filters
    from tallystick.core.question import Question
    from tallystick.core.time_words import window
    from tallystick.ledger import Ledger
    from tallystick.query.price_lists import warned

    settings = options.settings(ledger=ledger, config=config)
    now = settings.clock().now()
    question = Question(name, window(since, until, now), (), filters(where, ()), top)
    rules = settings.owners()
    engine, lists = Ledger.of(settings).engine(), settings.price_lists()
    return lambda report: warned(report(engine, question, rules, now), engine, lists)
