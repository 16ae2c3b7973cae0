"""The commands under `deliveries`: show what a [[deliver]] of the settings would send, or send it now."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tallystick.cli import options
from tallystick.cli.output import note

if TYPE_CHECKING:
    from tallystick.delivery.order import Order
    from tallystick.delivery.period import Period
    from tallystick.query.context import Context
    from tallystick.settings import Settings

_period = click.option(
    "--period", "word", metavar="WHEN", help="The period that holds it, as 2026-10 or 2026-10-05; by default the last."
)


@click.command("try")
@click.argument("name")
@_period
@click.option("--output", "-o", metavar="DIR", help="Write the files into this folder.")
@options.force
@options.ledger
@options.config
def try_delivery(name: str, word: str | None, output: str | None, force: bool) -> None:
    """Show what the [[deliver]] NAME would send: to whom, in which words, and the files with --output.

    Nothing is sent, and nothing written down. A period that is not complete is shown as it is now. Exit code 1 if a
    channel cannot be sent anything, as where its address is missing.
    """
    from tallystick.core.text import safe
    from tallystick.delivery.content import content, teams_of
    from tallystick.delivery.parcel import decision, parcels
    from tallystick.delivery.parcel_sender import unreachable
    from tallystick.written_files import write_all

    settings, order, period = _chosen(name, word)
    context = options.book().context()
    _say_waiting(context, order, period)
    decided = decision(order, period, 1, teams_of(context, order, period), context.now, "")
    files: dict[str, bytes] = {}
    messages: dict[tuple[str, str], list[str]] = {}
    for parcel in parcels([order], [decided]):
        holds = content(context, parcel, settings.dashboard)
        if holds.file is not None:
            files[holds.name] = holds.file
        text = "\n\n".join(filter(None, (holds.title, holds.words, holds.look, holds.name and f"File: {holds.name}")))
        messages.setdefault((parcel.team, text), []).append(parcel.to)
    for (_, text), receivers in messages.items():
        click.echo(f"To {safe(', '.join(receivers))}:\n\n{text}\n")
    if not messages:
        note(f"Nobody is sent anything of {period.label}.")
    if output is not None:
        for path in write_all(Path(output), files, force=force):
            note(f"wrote {path}")
    reasons = [*unreachable(order.channels)]
    for reason in reasons:
        note(f"warning: {reason}")
    sys.exit(int(bool(reasons)))


@click.command("send")
@click.argument("name")
@_period
@options.ledger
@options.config
def send_delivery(name: str, word: str | None) -> None:
    """Deliver a period of the [[deliver]] NAME now: once more where it was delivered, and though it is not complete.

    What is delivered once more is a further edition: its files do not replace those of the first. Exit code 1 if any
    of it was not delivered.
    """
    from tallystick.delivery.dispatch import Sent, decide, dispatch
    from tallystick.delivery.parcel_sender import ParcelSender
    from tallystick.store.tables import Tables
    from tallystick.watch.receipt import Delivery
    from tallystick.watch.watcher import watcher

    settings, order, period = _chosen(name, word)
    book, clock, tables = options.book(), settings.clock(), Tables(settings.ledger)
    context = book.context()
    _say_waiting(context, order, period)
    decide(context, tables, order, period, clock.now(), watcher(), anew=True)
    sender = ParcelSender(settings.network(), click.echo)
    outcomes: list[Delivery] = []
    for step in dispatch(book, tables, [order], sender.send, settings.dashboard, clock.now, watcher()):
        if not isinstance(step, Sent):  # another period, which `watch` tells of
            continue
        click.echo(str(step))
        if step.parcel.period == period:
            outcomes.append(step.receipt.delivery)
    if not outcomes:
        note(f"Nothing of {period.label} was sent: it is for nobody, or the quiet hours of its channel hold.")
    sys.exit(int(not outcomes or any(outcome is not Delivery.SENT for outcome in outcomes)))


def _say_waiting(context: Context, order: Order, period: Period) -> None:
    """Say that a period is shown or sent as it is, and what it waits for."""
    from tallystick.delivery.dispatch import reasons_to_wait

    if reasons := reasons_to_wait(context, order, period):
        note(f"warning: {period.label} is not complete: {'; '.join(reasons)}.")


def _chosen(name: str, word: str | None) -> tuple[Settings, Order, Period]:
    """The settings, the order of that name, and the period that a word names."""
    from tallystick.delivery.order import named_order
    from tallystick.delivery.period import named_period
    from tallystick.watch_rounds import settings_orders

    settings = options.settings()
    order = named_order(settings_orders(settings), name)
    return settings, order, named_period(order.every, word, settings.clock().now())
