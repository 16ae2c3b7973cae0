"""Report of deliveries: of each period what was delivered, where, and what is waited for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from tallystick.api.secret import Secret
from tallystick.core.message import Message, note, warning
from tallystick.core.money import EXACT, rounded, total
from tallystick.core.question import Cell, Heading, Kind, Table
from tallystick.core.time import Window, text
from tallystick.delivery.billed_days import BilledDays, billed_days
from tallystick.delivery.dispatch import reasons_to_wait, skipped, undecided
from tallystick.delivery.event import DeliveryEvent, delivery_events
from tallystick.delivery.order import Order, orders
from tallystick.delivery.parcel import Parcel, parcels
from tallystick.delivery.period import Period, last_ended, most_recent
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
    Heading("edition", Kind.NUMBER, drop_order=5),
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


@dataclass(frozen=True, slots=True)
class _Line:
    """What a row says, of one parcel or of several that stand alike."""

    name: str
    period: str
    team: str | None
    state: str
    to: str
    reason: str | None
    delivered_at: str | None = None
    edition: int | None = None
    changed: Decimal | None = None
    is_file: bool = False

    def row(self) -> tuple[Cell, ...]:
        """Return its cells, as `HEADINGS`."""
        where = (self.to, self.reason, self.delivered_at, self.edition, self.changed)
        return (self.name, self.period, self.team, self.state, *where)


def _reason(parcel: Parcel, standing: Standing) -> str | None:
    """Why a parcel is not delivered; None where it is, or was not tried yet."""
    if standing in {Standing.NEW, Standing.SENT}:
        return None
    refusal = parcel.attempts.refusal
    if refusal is None or standing in {Standing.UNDER_WAY, Standing.UNCERTAIN}:
        return str(standing)
    return f"{standing if standing is Standing.REFUSED else 'refused'}: {refusal.text}"


def _joined(lines: Sequence[_Line]) -> _Line:
    """Several lines of one period and state as one: how many teams and files, each channel, what changed in all."""
    first = lines[0]
    teams = {line.team: line.changed for line in lines}
    files = [line.to for line in lines if line.is_file]
    to = [*dict.fromkeys(line.to for line in lines if not line.is_file)]
    to += files if len(files) < 2 else [f"{len(files):,} files"]  # noqa: PLR2004 - one is named
    amounts = [amount for amount in teams.values() if amount is not None]
    return replace(
        first,
        team=first.team if len(teams) == 1 else f"{len(teams):,} teams",
        to=", ".join(to),
        delivered_at=max((line.delivered_at for line in lines if line.delivered_at), default=None),
        changed=total(amounts) if len(amounts) == len(teams) else None,
    )


@dataclass
class _Listing:
    """The rows of a report."""

    context: Context
    orders: Sequence[Order]
    every: bool
    _billed: dict[str, BilledDays] = field(default_factory=dict)
    """What the days were billed, by the name of an order."""

    @cached_property
    def events(self) -> list[DeliveryEvent]:
        return delivery_events(self.context.tables)

    def rows(self) -> Iterator[tuple[Cell, ...]]:
        now = self.context.now
        for order in self.orders:
            for period in undecided(order, self.events, now)[::-1]:
                reasons = reasons_to_wait(self.context, order, period)
                state, reason = (WAITING, "; ".join(reasons)) if reasons else (READY, None)
                yield _Line(order.name, period.name, None, state, _to(order), reason).row()
        parcel_list = [parcel for parcel in parcels(self.orders, self.events) if self.every or self._is_recent(parcel)]
        newest: dict[str, Period] = {}
        for order in self.orders:
            if own := [parcel.period for parcel in parcel_list if parcel.order is order]:
                newest[order.name] = max(own)
                days = Window(min(own).start, max(own).window.end)
                self._billed[order.name] = billed_days(self.context, order, days)
        listed = [
            self._line(parcel, now) for parcel in sorted(parcel_list, key=lambda parcel: parcel.period, reverse=True)
        ]
        if self.every:
            yield from (line.row() for line in listed)
            return
        together: dict[tuple[Cell, ...], list[_Line]] = defaultdict(list)
        for line in listed:
            if line.state != DELIVERED or line.changed or line.period == newest[line.name].name:
                together[line.name, line.period, line.state, line.reason].append(line)
        yield from (_joined(lines).row() for lines in together.values())

    def _is_recent(self, parcel: Parcel) -> bool:
        """Whether it is of the newest edition of a period that is still delivered."""
        last = last_ended(parcel.order.every, self.context.now)
        return parcel.is_latest and parcel.period in most_recent(last)

    def messages(self) -> Iterator[Message]:
        for order in self.orders:
            if old := skipped(order, self.events, self.context.now):
                yield warning(
                    f"{order.name}: {len(old):,} periods were skipped, {old[0].name} to {old[-1].name}: "
                    f"too old. `tallystick deliveries send` delivers one."
                )

    def _line(self, parcel: Parcel, now: datetime) -> _Line:
        standing = parcel.standing(now, is_dead)
        sending = parcel.attempts.sent
        return _Line(
            parcel.order.name,
            parcel.period.name,
            parcel.team or None,
            _STATES[standing],
            parcel.to,
            _reason(parcel, standing),
            text(sending.happened_at) if sending else None,
            parcel.edition,
            self._changed(parcel, sending) if sending else None,
            is_file=parcel.channel is None,
        )

    def _changed(self, parcel: Parcel, sending: DeliveryEvent) -> Decimal | None:
        """By what the bill of a parcel moved since it was sent; None where that is not known."""
        amount = self._billed[parcel.order.name].amount(parcel.period.window, parcel.team)
        return None if amount is None or sending.billed is None else EXACT.subtract(amount, sending.billed)


def answer(context: Context, every: bool = False) -> Table:
    """Return what waits, failed or changed, and the newest of each, what stands alike in a row; or every single one.

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
    (
        Parameter(
            "every",
            "Each file and message by itself, of earlier periods too.",
            Form.FLAG,
            default=False,
            option="--all",
        ),
    ),
    "A `[[deliver]]` of the settings sends a report over each month, week or day, once its days are complete. "
    "`tallystick watch` sends; `deliveries try NAME` shows what would be sent.",
    priced=False,
    organizations=False,
)
