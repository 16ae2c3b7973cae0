"""Round: one look of the rules at the ledger, and what it changes in the life of findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tallystick.errors import InvalidQuestion, UnknownName
from tallystick.ledger_reader import LedgerReader
from tallystick.store.tables import Tables
from tallystick.watch import record
from tallystick.watch.finding import Event, Finding, State, Step, finding_id, findings
from tallystick.watch.judgement import Case, Judgement, judge_all
from tallystick.watch.rule import Rule

SWING = timedelta(days=7)
"""How long after another level took its place a level that is back is no news."""


Key = tuple[str, str, str]
"""What tells a finding of a rule from another: its subject, its level, the day on which it began."""


@dataclass(frozen=True, slots=True)
class Round:
    """What the rules said, what that changed, and every finding as it stands after it."""

    judgements: tuple[Judgement, ...]
    events: tuple[Event, ...]
    findings: Mapping[str, Finding]

    @property
    def open(self) -> list[Finding]:
        """The findings that have not ended, the first opened first."""
        return [finding for finding in self.findings.values() if not finding.ended]


def look(reader: LedgerReader, tables: Tables, rules: Sequence[Rule], now: datetime, author: str) -> Round:
    """Judge every rule and write down what that changes; `who` names the watcher. Raises LedgerError.

    Several watchers may look at once: each finding opens and ends once. What is written is of the newest version, so
    that it names nobody who was forgotten meanwhile.
    """
    context = reader.context()
    version = context.engine.version
    judgements = tuple(judge_all(context, rules))
    before = record.recent(tables, now)
    events = [*changes(judgements, findings(before), now, author)]
    if events:
        with tables.writing() as writer:
            if writer.version != version:
                context = reader.context()
                judgements = tuple(judge_all(context, rules))
            before = record.recent(tables, now)  # others look too
            events = [*changes(judgements, findings(before), now, author)]
            record.write(writer, events)
    return Round(judgements, tuple(events), findings([*before, *events]))


def changes(
    judgements: Sequence[Judgement], findings_before: Mapping[str, Finding], now: datetime, author: str
) -> Iterator[Event]:
    """Yield what judgements change: findings that open, and those that end.

    Nothing ends by a judgement that is unknown. A rule that is gone ends its findings.
    """
    of_rule: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings_before.values():
        of_rule[finding.rule].append(finding)
    for judgement in judgements:
        yield from _changes(judgement, of_rule.pop(judgement.rule.name, []), now, author)
    for orphans in of_rule.values():
        for finding in orphans:
            if not finding.ended:
                yield _end(finding, Step.RESOLVED, "The rule is gone.", now, author)


def _changes(judgement: Judgement, rule_findings: Sequence[Finding], now: datetime, author: str) -> Iterator[Event]:
    name = judgement.rule.name
    cases = _largest(judgement.cases, rule_findings)
    subjects = {(subject, since) for subject, _, since in cases}
    open_keys = set()
    before: dict[Key, list[Finding]] = defaultdict(list)
    for finding in rule_findings:
        key = finding.opened.subject, finding.level, finding.since
        before[key].append(finding)
        if finding.ended:
            continue
        if key in cases:
            open_keys.add(key)
        elif (finding.opened.subject, finding.since) in subjects:
            yield _end(finding, Step.SUPERSEDED, "", now, author)
        elif not judgement.unknown:
            yield _end(finding, Step.RESOLVED, "", now, author)
    new_cases = {key: case for key, case in cases.items() if key not in open_keys}
    for key, case in new_cases.items():
        _, _, since = key
        last = before[key][-1] if before[key] else None
        id_ = finding_id(name, *key, now)
        returned = last is not None and _is_returned(last, now)
        facts = {"together": len(new_cases), "returned": returned, "since": since}
        yield _opened(judgement, case, id_, facts, now, author)
        if last and last.acknowledged and last.acknowledged.step is Step.EXPECTED:
            yield Event(id_, name, case.subject, Step.EXPECTED, now, author, last.acknowledged.text)


def _is_returned(last: Finding, now: datetime) -> bool:
    """Whether what is back is no news: it is the same since the same day, or another level took its place lately."""
    ended = last.ended
    is_swing = ended is not None and ended.step is Step.SUPERSEDED and now - ended.happened_at < SWING
    return bool(last.since) or is_swing


def _largest(cases: Sequence[Case], rule_findings: Sequence[Finding]) -> dict[Key, Case]:
    """The case of each subject, level and beginning; of several rows that of the most dollars, the first of equals."""
    largest: dict[Key, Case] = {}
    for case in cases:
        key = case.subject, case.level, _since(case, rule_findings)
        before = largest.setdefault(key, case)
        if abs(case.dollars or Decimal(0)) > abs(before.dollars or Decimal(0)):
            largest[key] = case
    return largest


def _since(case: Case, rule_findings: Sequence[Finding]) -> str:
    """The day since when a case is known: that of the first open finding of its subject that opened on it or later.

    So one that is estimated anew to have begun a day earlier or later is the same one.
    """
    days = (
        finding.since
        for finding in rule_findings
        if not finding.ended
        and (finding.opened.subject, finding.level) == (case.subject, case.level)
        and case.since <= str(finding.opened.happened_at.date())
    )
    return next(days, case.since) if case.since else ""


def _opened(judgement: Judgement, case: Case, id_: str, facts: Mapping[str, Any], now: datetime, author: str) -> Event:
    """The event that opens a finding; its facts say how many its rule opens together, and whether it is back."""
    rule = judgement.rule
    facts = {"level": case.level, "severity": str(rule.severity), "team": case.team, "ask": rule.ask, **facts}
    facts |= {"command": case.command} if case.command else {}
    return Event(id_, rule.name, case.subject, Step.OPENED, now, author, case.words, dollars=case.dollars, facts=facts)


def _end(finding: Finding, step: Step, text: str, now: datetime, author: str) -> Event:
    return Event(finding.id, finding.rule, finding.opened.subject, step, now, author, text)


def acknowledge(
    tables: Tables,
    id_: str,
    now: datetime,
    who: str,
    reason: str,
    *,
    expected: bool = False,
    waiting: Callable[[str], None] | None = None,
) -> Finding:
    """Write down that somebody knows a finding, whose key may be shortened to its beginning; return it.

    An expected one is no news when it opens again, either. Raises UnknownName where no finding is open whose key begins
    so, or several are, and InvalidQuestion for an empty reason.
    """
    if not reason.strip():
        raise InvalidQuestion("A reason is empty.", "Say why it is known: --reason planned.")
    with tables.writing(waiting) as writer:
        candidates = findings(record.recent(tables, now)).values()
        fits = [finding for finding in candidates if finding.id.startswith(id_) and finding.state is not State.RESOLVED]
        if not id_ or len(fits) != 1:
            problem = "Several findings begin" if id_ and fits else "No open finding begins"
            raise UnknownName(f"{problem} with {id_!r}.", "`tallystick findings` lists them.")
        step = Step.EXPECTED if expected else Step.ACKNOWLEDGED
        event = Event(fits[0].id, fits[0].rule, fits[0].opened.subject, step, now, who, reason)
        record.write(writer, [event])
        fits[0].events.append(event)
        return fits[0]
