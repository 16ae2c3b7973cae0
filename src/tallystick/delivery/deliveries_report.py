"""Report of deliveries: of each period what was delivered, where, and what is waited for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from tallystick.api.secret import Secret
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, rounded
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.time import text
from tallystick.delivery.content import billed
from tallystick.delivery.dispatch import reasons_to_wait, skipped, undecided
from tallystick.delivery.event import DeliveryEvent, delivery_events
from tallystick.delivery.order import Order, orders
from tallystick.delivery.parcel import Parcel, parcels
from tallystick.delivery.period import Period
from tallystick.query.context import Context
from tallystick.query.report import Form, Parameter, Report
from tallystick.saved_views import saved_views
from tallystick.watch.attempts import Standing
from tallystick.watch.channel import channels
from tallystick.watch.default_rules import DEFAULT_RULES
from tallystick.watch.rule import rules
from tallystick.watch.watcher import is_dead

HEADINGS = (
    Heading("delivery", Kind.DIMENSION),
    Heading("period", Kind.TEXT),
    Heading("team", Kind.TEXT, drop_order=1),
    Heading("state", Kind.TEXT),
    Heading("to", Kind.TEXT, drop_order=2),
    Heading("reason", Kind.TEXT),
    Heading("delivered_at", Kind.TEXT, drop_order=4),
    Heading("changed", Kind.NUMBER, "USD", drop_order=3),
)
WAITING, READY, DELIVERED, TRYING, FAILED = "waiting", "ready", "delivered", "trying", "failed"
"""What a delivery can be: its period is not complete; the next `watch` sends it; sent; being sent; given up."""
_STATES = {
    Standing.NEW: READY,
    Standing.DUE: TRYING,
    Standing.UNDER_WAY: TRYING,
    Standing.WAITING: TRYING,
    Standing.SENT: DELIVERED,
    Standing.UNCERTAIN: FAILED,
    Standing.REFUSED: FAILED,
}
_CHANGED = "changed is what the bill of these days and this team moved by since; `deliveries send` delivers it anew."


@dataclass
class _Listing:
    """The rows of a report."""

    context: Context
    orders: Sequence[Order]
    every: bool
    _amounts: dict[tuple[str, Period], Mapping[str, Decimal | None]] = field(default_factory=dict)

    @cached_property
    def events(self) -> list[DeliveryEvent]:
        return delivery_events(self.context.tables)

    def rows(self) -> Iterator[tuple[Cell, ...]]:
        now = self.context.now
        for order in self.orders:
            for period in undecided(order, self.events, now)[::-1]:
                reasons = reasons_to_wait(self.context, order, period)
                state, reason = (WAITING, "; ".join(reasons)) if reasons else (READY, None)
                yield order.name, period.name, None, state, _to(order), reason, None, None
        made = [*parcels(self.orders, self.events)]
        newest: dict[str, Period] = {}
        for parcel in made:
            newest[parcel.order.name] = max(parcel.period, newest.get(parcel.order.name, parcel.period))
        for parcel in sorted(made, key=lambda parcel: parcel.period.start, reverse=True):
            row = self._row(parcel, now)
            if not self.every and not parcel.is_latest:
                continue
            if self.every or row[3] != DELIVERED or row[-1] or parcel.period == newest[parcel.order.name]:
                yield row

    def messages(self) -> Iterator[Message]:
        for order in self.orders:
            if old := skipped(order, self.events, self.context.now):
                yield warning(
                    f"{order.name}: {len(old):,} periods were skipped, {old[0].name} to {old[-1].name}: "
                    f"too old. `tallystick deliveries send` delivers one."
                )

    def _row(self, parcel: Parcel, now: datetime) -> tuple[Cell, ...]:
        standing = parcel.standing(now, is_dead)
        sending, refusal = parcel.attempts.sent, parcel.attempts.refusal
        why = refusal.text if refusal else ""
        return (
            parcel.order.name,
            parcel.period.name + (f" ({parcel.edition})" if parcel.edition > 1 else ""),
            parcel.team or None,
            _STATES[standing],
            parcel.to,
            None if standing in {Standing.NEW, Standing.SENT} else ": ".join(filter(None, (str(standing), why))),
            text(sending.happened_at) if sending else None,
            self._changed(parcel, sending) if sending else None,
        )

    def _changed(self, parcel: Parcel, sending: DeliveryEvent) -> Decimal | None:
        """By what the bill of a parcel moved since it was sent; None where that is not known."""
        key = parcel.order.name, parcel.period
        if key not in self._amounts:
            self._amounts[key] = billed(self.context, parcel.order, parcel.period)
        amount = self._amounts[key].get(parcel.team)
        return None if amount is None or sending.billed is None else EXACT.subtract(amount, sending.billed)


def answer(context: Context, every: bool = False) -> Table:
    """Return a row for each period and receiver: what waits, failed or changed, and the newest of each; or every one.

    Raises LedgerError where there is no ledger.
    """
    version = context.engine.version
    listing = _Listing(context, _orders(context), every)
    rows = [*listing.rows()]
    messages = [*listing.messages()]
    if not listing.orders:
        messages.append(note("The settings have no [[deliver]]: `tallystick docs watch` shows how to add one."))
    elif any(isinstance(row[-1], Decimal) and rounded(row[-1]) for row in rows):
        messages.append(note(_CHANGED))
    return Table(None, HEADINGS, rows, {}, tuple(messages), {}, version.identity)


def _orders(context: Context) -> list[Order]:
    """The orders of the settings, whose channels are named and not asked for secrets."""
    read = context.read_tables
    known = [rule.name for rule in rules(DEFAULT_RULES, read("rule"))]
    return orders(
        read("deliver"),
        channels(read("channel"), lambda _, name: Secret("", name), known),
        saved_views(read("view")),
        Path,
    )


def _to(order: Order) -> str:
    return ", ".join((*(channel.name for channel in order.channels), *(["folder"] if order.folder else ())))


REPORT = Report(
    answer,
    (Parameter("every", "Those of earlier periods too.", Form.FLAG, default=False, option="--all"),),
    "A `[[deliver]]` of the settings sends a report over each month, week or day, once its days are complete. "
    "`tallystick watch` sends; `deliveries try NAME` shows what would be sent.",
    priced=False,
)
