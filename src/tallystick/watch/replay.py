"""Replay: when a rule would have spoken, by past versions of the ledger and the clock of each day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from tallystick.catalog import entry
from tallystick.core.time import DAY, midnight
from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.query.context import Context
from tallystick.store.version import Version
from tallystick.store.version_choice import unbroken
from tallystick.watch.finding import Event, Finding, findings
from tallystick.watch.judgement import judge
from tallystick.watch.round import changes
from tallystick.watch.rule import Rule

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Replay:
    """The findings that a rule would have opened, in their order, and why it was unknown on a day, by day.

    `first` is the day of the first version: days before it are judged by the newest version of that day.
    """

    findings: Sequence[Finding]
    unknown: Mapping[date, str]
    first: date


def replay(context: Context, rule: Rule, days: Sequence[date]) -> Replay:
    """Judge a rule as it was at the end of each day, and write nothing.

    Raises InvalidQuestion for a rule that asks the API, which does not tell how things were; LedgerError where there is
    no ledger, or no version of it.
    """
    if entry(rule.question.report).report.api:
        raise InvalidQuestion(
            f"The rule {rule.name!r} asks the API, which does not tell how things were.",
            "`tallystick watch --once` judges it as they are.",
        )
    newest = context.engine.version
    versions = unbroken([version for version in context.tables.every_version() if version.number <= newest.number])
    if not versions:
        raise LedgerError("Nothing was committed to the ledger yet.", "Run `tallystick sync` first.")
    unknown: dict[date, str] = {}
    events: list[Event] = []
    for day in days:
        now = min(_end(day), context.now)
        open_engine = partial(context.engine.of, version_at(versions, now))
        judgement = judge(replace(context, now=now, open_engine=open_engine, records=False), rule)
        if judgement.unknown:
            unknown[day] = judgement.unknown
        events += changes([judgement], findings(events), now, "replay")
    return Replay([*findings(events).values()], unknown, _committed(versions[-1]).date())


def version_at(versions: Sequence[Version], now: datetime) -> Version:
    """Return the newest of versions, the newest first, at an instant; before the first, the newest of its day."""
    end = max(now, _end(_committed(versions[-1]).date()))
    return next(version for version in versions if _committed(version) <= end)


def _committed(version: Version) -> datetime:
    assert version.at, version  # noqa: S101 - for the types: every version but the empty one was committed
    return version.at


def _end(day: date) -> datetime:
    """The last instant of a UTC day."""
    return midnight(day + DAY) - _INSTANT
