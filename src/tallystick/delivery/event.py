"""Event of a delivery: what happened to it, in the ledger; events are added, and none is rewritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tallystick.core.growing_tables import DELIVERIES
from tallystick.store.event_rows import read_events, write_events
from tallystick.store.tables import Tables
from tallystick.watch.finding import Step as Sending

if TYPE_CHECKING:
    from tallystick.store.writer import Writer


class Step(StrEnum):
    """What an event says happened."""

    BEGUN = "begun"
    """A `[[deliver]]` was seen first; what ended before this period is not delivered."""
    DECIDED = "decided"
    """The days of a period were complete, or somebody asked: what goes to whom is decided."""
    SENDING = Sending.SENDING.value
    """It is about to be sent; written down before anything leaves."""
    SENT = Sending.SENT.value
    REFUSED = Sending.REFUSED.value
    """Nothing was delivered."""


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """One event; as the table `deliveries` has it, whose columns say what each field is."""

    name: str
    every: str
    period: date
    step: Step
    happened_at: datetime
    who: str
    edition: int = 0
    team: str = ""
    channel: str = ""
    text: str = ""
    attempt: int = 0
    billed: Decimal | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def delivery_events(tables: Tables) -> list[DeliveryEvent]:
    """Return every event that the ledger has, in the order in which they were written."""
    return read_events(tables, DELIVERIES, DeliveryEvent, Step)


def write(writer: Writer, events: Sequence[DeliveryEvent]) -> None:
    """Add events for good."""
    write_events(writer, DELIVERIES, events)
