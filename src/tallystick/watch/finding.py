"""Finding: what a rule saw, with a life that is told by the events of it in the ledger, the first one first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tallystick.watch.rule import Severity


class Step(StrEnum):
    """What an event says happened to a finding."""

    OPENED = "opened"
    SENDING = "sending"
    """A channel is about to be told; written down before anything leaves."""
    SENT = "sent"
    REFUSED = "refused"
    """A channel did not take it: nothing was delivered."""
    ACKNOWLEDGED = "acknowledged"
    EXPECTED = "expected"
    RESOLVED = "resolved"
    SUPERSEDED = "superseded"
    """Another level of the same subject took its place."""


class State(StrEnum):
    """The states of a finding."""

    OPEN = "open"
    NOTIFIED = "notified"
    ACKNOWLEDGED = "acknowledged"
    EXPECTED = "expected"
    RESOLVED = "resolved"


ENDED = (Step.RESOLVED, Step.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a finding's life. `who` did it, `text` what is said of it, `facts` what else is known.

    `channel` and `attempt` are of a notification, `topic` of what: that it opened, is not acknowledged, or resolved.
    """

    finding: str
    rule: str
    subject: str
    step: Step
    happened_at: datetime
    who: str
    text: str = ""
    channel: str = ""
    topic: str = ""
    attempt: int = 0
    dollars: Decimal | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Finding:
    """A finding as its events have it: `text` is its sentence when it opened, `last` its last event."""

    opened: Event
    events: list[Event] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Its key: the same for every watcher, and as long as it lasts."""
        return self.opened.finding

    @property
    def rule(self) -> str:
        """The name of its rule."""
        return self.opened.rule

    @property
    def subject(self) -> Mapping[str, str]:
        """What it is about, by column."""
        subject: dict[str, str] = json.loads(self.opened.subject)
        return subject

    @property
    def level(self) -> str:
        """Its grade, where its rule has any."""
        return str(self.opened.facts.get("level", ""))

    @property
    def since(self) -> str:
        """The day on which it began, as 2026-10-01; empty where its rule does not say."""
        return str(self.opened.facts.get("since", ""))

    @property
    def severity(self) -> str:
        """How much it matters."""
        return str(self.opened.facts.get("severity", ""))

    @property
    def rank(self) -> int:
        """Its place among the severities: 0 is the gravest, and stands for one that is not known too."""
        grades = [str(grade) for grade in Severity]
        return grades.index(self.severity) if self.severity in grades else 0

    @property
    def team(self) -> str:
        """Whose it is; empty where its rule does not say."""
        return str(self.opened.facts.get("team", ""))

    @property
    def ended(self) -> Event | None:
        """The event that ended it."""
        return next((event for event in self.events if event.step in ENDED), None)

    @property
    def acknowledged(self) -> Event | None:
        """The last event by which somebody acknowledged it, or made it expected."""
        steps = {Step.ACKNOWLEDGED, Step.EXPECTED}
        return next((event for event in reversed(self.events) if event.step in steps), None)

    @property
    def state(self) -> State:
        """Where it is in its life."""
        if self.ended:
            return State.RESOLVED
        if acknowledgement := self.acknowledged:
            return State.EXPECTED if acknowledgement.step is Step.EXPECTED else State.ACKNOWLEDGED
        return State.NOTIFIED if any(event.step is Step.SENT for event in self.events) else State.OPEN


def finding_id(rule: str, subject: str, level: str, since: str, opened_at: datetime) -> str:
    """Return the key of a finding: of its rule, subject, level and beginning, and of when it opened."""
    parts = [rule, subject, level, since, opened_at.isoformat()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def findings(events: Iterable[Event]) -> dict[str, Finding]:
    """Return every finding by its key, in the order in which they opened."""
    by_id: dict[str, Finding] = {}
    ordered = sorted(events, key=lambda event: event.happened_at)
    for event in ordered:
        if event.step is Step.OPENED:
            by_id.setdefault(event.finding, Finding(event))
    for event in ordered:
        if event.step is not Step.OPENED and event.finding in by_id:
            by_id[event.finding].events.append(event)
    return by_id
