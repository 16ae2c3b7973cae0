"""Findings that are written by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tallystick.api.secret import Secret
from tallystick.watch.channel import Channel, Kind
from tallystick.watch.finding import Event, Step

START = datetime(2026, 9, 9, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def opened(id_: str, when: datetime = START, **facts: Any) -> Event:
    """The event that opens a finding."""
    facts = {"severity": "warning", "ask": "spend --by key --since 7d"} | facts
    dollars = facts.pop("dollars", Decimal("12.5"))
    rule, text = facts.pop("rule", "dear"), facts.pop("text", f"{id_} is dear.")
    return Event(id_, rule, f'{{"key": "{id_}"}}', Step.OPENED, when, "w", text, dollars=dollars, facts=facts)


def after(event: Event, step: Step, when: datetime, **fields: Any) -> Event:
    """A later event of the same finding."""
    return replace(event, step=step, happened_at=when, **({"text": "", "dollars": None, "facts": {}} | fields))


def channel(name: str = "ops", kind: Kind = Kind.STDOUT, **fields: Any) -> Channel:
    """A channel, without a secret where none is given."""
    return Channel(name, kind, fields.pop("secret", lambda name: Secret("", name)), **fields)
