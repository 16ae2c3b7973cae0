"""Dispatch: what is complete is decided and written down, then sent, then its outcome is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tallystick.api.credential import masked
from tallystick.core.question import Table
from tallystick.core.text import safe
from tallystick.delivery.completeness import lacks, waits_for
from tallystick.delivery.content import Content, asked, content, teams_of
from tallystick.delivery.event import DeliveryEvent, Step, delivery_events, write
from tallystick.delivery.order import Order
from tallystick.delivery.parcel import Parcel, decision, parcels
from tallystick.delivery.period import MOST, Period, ended, last_ended, of_day
from tallystick.errors import TallystickError
from tallystick.ledger_reader import LedgerReader
from tallystick.query.context import Context
from tallystick.store.tables import Tables
from tallystick.watch.receipt import Delivery, Receipt
from tallystick.watch.watcher import is_dead

Send = Callable[[Parcel, Content, datetime], Receipt]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A period that cannot be delivered yet, and what it waits for."""

    order: Order
    period: Period
    reasons: Sequence[str]

    def __str__(self) -> str:
        """Return it in a line."""
        return f"waiting: {safe(self.order.name)}, {self.period.label}: {safe('; '.join(self.reasons))}."


@dataclass(frozen=True, slots=True)
class Sent:
    """A parcel that was sent, and how it was taken; `where` says where it is."""

    parcel: Parcel
    receipt: Receipt
    where: str

    def __str__(self) -> str:
        """Return it in a line."""
        parcel = self.parcel
        whose = f" of {safe(parcel.team)}" if parcel.team else ""
        about = f"{safe(parcel.order.name)}{whose}, {parcel.period.label}, to {safe(self.where)}"
        if self.receipt.delivery is Delivery.SENT:
            return f"delivered: {about}."
        if self.receipt.delivery is Delivery.REFUSED:
            return f"refused: {about}: {safe(self.receipt.why)}. It is tried again."
        return f"uncertain: {about}: {safe(self.receipt.why)}. It is sent once more, with the same key."


def dispatch(
    reader: LedgerReader,
    tables: Tables,
    orders: Sequence[Order],
    send: Send,
    dashboard: str,
    now: Callable[[], datetime],
    author: str,
) -> Iterator[Waiting | Sent]:
    """Decide what is complete and send what is due, a parcel at a time; yield each, and what waits.

    All of one round has the figures of one version. Raises LedgerError; nothing is lost then. Watchers that send at
    once send each parcel once: what one decided, the others see.
    """
    if not orders:
        return
    context = reader.context()
    _begin(tables, orders, now(), author)
    events = delivery_events(tables)  # what others decide meanwhile, `decide` sees
    for order in orders:
        for period in undecided(order, events, now()):
            if reasons := reasons_to_wait(context, order, period):
                yield Waiting(order, period, reasons)
            else:
                decide(context, tables, order, period, now(), author)
    while parcel := _first_due(tables, orders, now()):
        if outcome := _sent(context, tables, orders, parcel, send, dashboard, now, author):
            yield outcome


def undecided(order: Order, events: Sequence[DeliveryEvent], now: datetime) -> list[Period]:
    """Return the periods of an order that ended and are not decided yet, without those that are skipped."""
    decided = {of_day(order.every, event.period) for event in _own(order, events) if event.step is Step.DECIDED}
    return [period for period in ended(_first(order, events, now), now)[-MOST:] if period not in decided]


def skipped(order: Order, events: Sequence[DeliveryEvent], now: datetime) -> list[Period]:
    """Return the periods of an order that are too old by now to be delivered, and never were decided."""
    decided = {of_day(order.every, event.period) for event in _own(order, events) if event.step is Step.DECIDED}
    return [period for period in ended(_first(order, events, now), now)[:-MOST] if period not in decided]


def reasons_to_wait(context: Context, order: Order, period: Period) -> list[str]:
    """Return what a period waits for, in words; nothing where it is complete. A question that fails is one, too."""
    try:
        if reasons := waits_for(context, order, period):
            return reasons
        answer = asked(context, order.question(period))
        return lacks(answer, order.needs(period), context.now.year) if isinstance(answer, Table) else []
    except TallystickError as wrong:
        return [_why(wrong)]
    except Exception as wrong:  # noqa: BLE001 - a fault of ours in one must not keep the others; its text may hold names
        return [_internal(wrong)]


def decide(
    context: Context, tables: Tables, order: Order, period: Period, now: datetime, author: str, *, anew: bool = False
) -> None:
    """Write down what of a period goes to whom, once; `anew` for one more edition."""
    teams = teams_of(context, order, period)
    with tables.writing() as writer:
        decided = [
            event
            for event in _own(order, delivery_events(tables))
            if event.step is Step.DECIDED and event.period == period.start.date()
        ]
        if anew or not decided:
            write(writer, [decision(order, period, len(decided) + 1, teams, now, author)])


def _own(order: Order, events: Sequence[DeliveryEvent]) -> list[DeliveryEvent]:
    return [event for event in events if (event.name, event.every) == (order.name, order.every)]


def _first(order: Order, events: Sequence[DeliveryEvent], now: datetime) -> Period:
    """The first period that is delivered: the last that had ended when the order was seen first."""
    first_periods = (of_day(order.every, event.period) for event in _own(order, events) if event.step is Step.BEGUN)
    return next(first_periods, last_ended(order.every, now))


def _begin(tables: Tables, orders: Sequence[Order], now: datetime, author: str) -> None:
    """Write down which orders were seen first."""

    def new() -> list[DeliveryEvent]:
        events = delivery_events(tables)
        known_orders = {(event.name, event.every) for event in events if event.step is Step.BEGUN}
        return [
            DeliveryEvent(
                order.name,
                str(order.every),
                last_ended(order.every, now).start.date(),
                Step.BEGUN,
                now,
                author,
            )
            for order in orders
            if (order.name, order.every) not in known_orders
        ]

    if new():
        with tables.writing() as writer:
            write(writer, new())


def _first_due(tables: Tables, orders: Sequence[Order], now: datetime) -> Parcel | None:
    parcel_list = parcels(orders, delivery_events(tables))
    return next((parcel for parcel in parcel_list if parcel.is_due(now, is_dead)), None)


def _sent(
    context: Context,
    tables: Tables,
    orders: Sequence[Order],
    parcel: Parcel,
    send: Send,
    dashboard: str,
    now: Callable[[], datetime],
    author: str,
) -> Sent | None:
    """Send a parcel, once it is written down that it is about to be sent; None where another watcher was faster."""
    message, why = _made(context, parcel, dashboard)
    with tables.writing() as writer:
        due = {entry.key: entry for entry in parcels(orders, delivery_events(tables)) if entry.is_due(now(), is_dead)}
        if parcel.key not in due:
            return None
        parcel = due[parcel.key]  # its attempts, those of others among them
        amount = message.billed if message else None
        events = [parcel.event(Step.SENDING, now(), author, billed=amount)]
        if message is None:
            events.append(parcel.event(Step.REFUSED, now(), author, text=why))
        write(writer, events)
    if message is None:
        return Sent(parcel, Receipt(Delivery.REFUSED, why), parcel.to)
    where = str(parcel.order.folder / message.name) if not parcel.channel and parcel.order.folder else parcel.to
    try:
        receipt = send(parcel, message, now())
    except TallystickError as wrong:  # before anything was sent
        receipt = Receipt(Delivery.REFUSED, _why(wrong))
    if receipt.delivery is not Delivery.UNCERTAIN:
        is_sent = receipt.delivery is Delivery.SENT
        step, text = (Step.SENT, where) if is_sent else (Step.REFUSED, receipt.why)
        with tables.writing() as writer:
            write(writer, [parcel.event(step, now(), author, text=text)])
    return Sent(parcel, receipt, where)


def _made(context: Context, parcel: Parcel, dashboard: str) -> tuple[Content | None, str]:
    """What a parcel holds, or why it cannot be made."""
    try:
        return content(context, parcel, dashboard), ""
    except TallystickError as wrong:
        return None, _why(wrong)
    except Exception as wrong:  # noqa: BLE001 - a fault of ours in one must not keep the others; its text may hold names
        return None, _internal(wrong)


def _why(wrong: TallystickError) -> str:
    """What happened, as the end of a sentence that goes on."""
    return masked(wrong.what).rstrip(".")


def _internal(wrong: Exception) -> str:
    return f"an internal error, {type(wrong).__name__}: `tallystick deliveries try` writes it down"
