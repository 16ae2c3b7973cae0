"""Month state: whether a billing month runs, is open, can be closed, is closed or was left open, and since or until."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tallystick.core.filter import Filter
from tallystick.core.ledger_tables import CHARGES, USED
from tallystick.core.question import Question
from tallystick.core.records import SETTLING
from tallystick.core.text import day_spans, window_words
from tallystick.core.time import Grain, spans
from tallystick.core.time_words import utc_month
from tallystick.errors import LedgerError
from tallystick.query.closings import closings, following
from tallystick.query.coverage import cover
from tallystick.query.gaps import late_days
from tallystick.store.engine import Engine

RUNNING, OPEN, READY, SHUT, CLOSED = "running", "open", "can be closed", "left open", "closed"
"""What a month can be; one that was left open when a later one was closed can never be closed."""


@dataclass(frozen=True)
class Unsettled:
    """The days of a month that Anthropic may still restate, those in doubt among them; and the days not to be had."""

    days: Sequence[date]
    doubtful: Sequence[date]
    missing: Sequence[LedgerError]


@dataclass(frozen=True)
class MonthState:
    """What a month of an organization is, with how many of its ended days are absent, late, or may still change.

    `present` counts the days that the ledger has. Anthropic changes none of them any more from the day `settles` on.
    `first` is the month that is closed before it, where there is one. The `provisional` days of a closed month are
    those that it was closed with.
    """

    name: str
    state: str
    absent: int
    late: int
    provisional: int
    present: int
    settles: date
    first: str = ""
    closed_on: date | None = None

    def sentence(self, today: date) -> str:
        """Return how final the month is, and from when it can be closed."""
        title, settles = _called(self.name, today), day_spans([self.settles], today.year)
        if self.state == RUNNING:
            return f"{title} has not ended: it can be closed from {settles}."
        if self.state == READY:
            return f"{title} can be closed: none of its days may change any more."
        if self.state == SHUT:
            return f"{title} was left open: a later month is closed, so it never can be."
        if self.closed_on:
            return f"{title} was closed on {day_spans([self.closed_on], today.year)}."
        return f"{title} is open: {self._why(today)}; {self._when(settles, today)}."

    def _why(self, today: date) -> str:
        counts = (
            (self.absent, "is not in the ledger", "are not in the ledger"),
            (self.late, "is not billed yet", "are not billed yet"),
            (self.provisional, "may still change", "may still change"),
        )
        parts = [
            f"1 day {singular}" if count == 1 else f"{count} days {plural}"
            for count, singular, plural in counts
            if count
        ]
        return ", ".join(parts) or f"{_called(self.first, today)} is closed before it"

    def _when(self, settles: str, today: date) -> str:
        if self.settles > today:
            return f"it can be closed from {settles}"
        unsettled = self.absent or self.late or self.provisional
        return "it can be closed after another sync" if unsettled else "then it can be closed"


def month_state(engine: Engine, organization: str, name: str, now: datetime) -> MonthState:
    """Return what a month of an organization is by an instant."""
    window, today = utc_month(name), Grain.DAY.floor(now)
    question = Question("months", window, (), {"organization": Filter.of(organization)})
    coverage, _ = cover(engine, CHARGES, question, now)
    absent = sum(date.fromisoformat(day) < today.date() for day in coverage["absent"])
    late, present = late_days(coverage), coverage["present"]
    settles = (window.end + SETTLING).date()
    closed = closings(engine, organization)
    if closing := closed.get(name):
        provisional = len(closing.provisional)
        return MonthState(name, CLOSED, absent, late, provisional, present, settles, closed_on=closing.at.date())
    provisional = len(unsettled(engine, organization, name, now).days)
    first = following(closed) if closed and name > following(closed) else ""
    state = OPEN if absent or late or provisional or first else READY
    if window.end > today:
        state = RUNNING
    elif closed and name < following(closed):
        state = SHUT
    return MonthState(name, state, absent, late, provisional, present, settles, first)


def unsettled(engine: Engine, organization: str, name: str, now: datetime) -> Unsettled:
    """How far the days of an organization's month can be trusted, of what was billed and of what was used."""
    question = Question("close", utc_month(name), (), {"organization": Filter.of(organization)})
    days: set[str] = set()
    doubtful: set[str] = set()
    missing = []
    for table, verb in ((CHARGES, "billed"), (USED, "used")):
        coverage, _ = cover(engine, table, question, now)
        for state, reason in (("absent", "absent from the ledger"), ("running", "known as they were while they ran")):
            if gap := coverage[state]:
                error = f"{name} cannot be closed: of what was {verb}, days are {reason}: {spans(_dates(gap))}."
                missing.append(LedgerError(error, f"`tallystick sync --since {gap[0]}` reads them."))
        days |= {*coverage["provisional"]}
        doubtful |= {*coverage.get("in_doubt", ())}
    return Unsettled(_dates(days | doubtful), _dates(doubtful), missing)


def _called(name: str, today: date) -> str:
    return window_words(utc_month(name), today.year)


def _dates(days: Iterable[str]) -> list[date]:
    return [date.fromisoformat(day) for day in sorted(days)]
