"""Judgement: what a rule sees in a version of the ledger: its cases, or why it cannot tell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tallystick.catalog import entry
from tallystick.core.document import Answer
from tallystick.core.question import Cell, Kind, Table
from tallystick.core.text import day_spans
from tallystick.errors import InvalidQuestion, TallystickError
from tallystick.formats.shown import shown
from tallystick.query.context import Context
from tallystick.query.groups import NO_VALUE
from tallystick.query.strictness import INCOMPLETE
from tallystick.watch.default_rules import DEFAULT_RULES
from tallystick.watch.finding_command import finding_command
from tallystick.watch.rule import ORGANIZATION, Rule

ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Case:
    """A row that a rule speaks of: its subject as JSON, its level, what it is in words, US dollars, whose it is.

    `command` shows what it is about. `since` is the day on which it began, as 2026-10-01; empty where its rule does not
    say.
    """

    subject: str
    level: str
    words: str
    dollars: Decimal | None
    team: str
    row: Mapping[str, Cell]
    command: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule says: every case of it; `unknown` is why it cannot say that there is no other."""

    rule: Rule
    cases: tuple[Case, ...] = ()
    unknown: str = ""


def judge_all(context: Context, rules: Iterable[Rule]) -> Iterator[Judgement]:
    """Yield what each rule says, in their order; what several rules ask is asked once."""
    answers: dict[str, Answer] = {}
    for rule in rules:
        yield judge(context, rule, answers)


def judge(context: Context, rule: Rule, answers: dict[str, Answer] | None = None) -> Judgement:
    """Return what a rule says of a version of the ledger at an instant; no rule keeps another from being judged.

    What cannot be answered is unknown, with why: a limit that the API does not tell, a column that is gone. So is what
    days would tell that are absent. `answers` are those to what was asked of this context before.
    """
    try:
        return _judged(context, rule, {} if answers is None else answers)
    except TallystickError as wrong:
        return Judgement(rule, unknown=wrong.what)


def check(context: Context, rules: Iterable[Rule]) -> None:
    """Raise InvalidQuestion where a rule of the settings names a column that its answer does not have.

    One that asks the API, or cannot be answered now, is checked when it is judged.
    """
    for rule in rules:
        if rule in DEFAULT_RULES or entry(rule.question.report).report.api:
            continue
        try:
            answer = _answer(context, rule)
        except TallystickError:
            continue
        _checked(rule, answer)


def _answer(context: Context, rule: Rule) -> Answer:
    question = rule.question
    report = entry(question.report).report
    return report.answer(context, **report.values(question.report, question.values))


def _checked(rule: Rule, answer: Answer) -> Table:
    """The answer of a rule; InvalidQuestion where it is no table, or lacks a column that the rule names."""
    if not isinstance(answer, Table):
        name = rule.question.report
        raise InvalidQuestion(f"The rule {rule.name!r} asks `{name}`, which is no table.", "Ask another.")
    rule.check(answer.headings)
    return answer


def _judged(context: Context, rule: Rule, answers: dict[str, Answer]) -> Judgement:
    if rule.ask not in answers:
        answers[rule.ask] = _answer(context, rule)
    answer, condition = _checked(rule, answers[rule.ask]), rule.condition
    rows = [(row, condition.holds(row)) for row in _subjects(answer)]
    cases = tuple(_case(rule, answer, row, context.now) for row, holds in rows if holds)
    if len({(case.subject, case.since) for case in cases}) < len(cases):
        raise InvalidQuestion(f"The rule {rule.name!r} sees several rows of one subject: name `subject`, its columns.")
    doubt = _gaps(answer, context.now.date()) if rule.whole else ""
    vague = next((_subject(rule, answer, row) for row, holds in rows if holds is None), None)
    if vague is not None and not doubt:
        doubt = f"a figure of {', '.join(vague.values()) or 'the answer'} is unknown"
    return Judgement(rule, cases, doubt)


def _subjects(answer: Table) -> list[Mapping[str, Cell]]:
    """The rows of an answer that are of something: neither of the rest of others nor of what parts lack to a whole."""
    dims = [heading.name for heading in answer.headings if heading.kind is Kind.DIMENSION]
    return [row for row in answer.rows if NO_VALUE.isdisjoint(row[dim] for dim in dims)]


def _gaps(answer: Table, today: date) -> str:
    """Why an answer does not hold all that was asked; a day that has not ended is not missed."""
    coverage = answer.coverage
    absent = [day for day in map(str, coverage.get(ABSENT, ())) if day < str(today)]
    words = [f"absent: {day_spans(map(date.fromisoformat, absent), today.year)}"] if absent else []
    words += [text for gap, text in INCOMPLETE.items() if gap != ABSENT and coverage.get(gap)]
    return ", ".join(words)


def _subject(rule: Rule, answer: Table, row: Mapping[str, Cell]) -> dict[str, str]:
    """What a row is about; the organization with it where the answer has one, for ids can be each one's own."""
    columns = rule.subject or tuple(heading.name for heading in answer.headings if heading.kind is Kind.DIMENSION)
    columns = tuple(dict.fromkeys((ORGANIZATION, *columns)))
    return {column: str(row[column]) for column in columns if column in row and row[column] is not None}


def _case(rule: Rule, answer: Table, row: Mapping[str, Cell], now: datetime) -> Case:
    subject = _subject(rule, answer, row)
    dollars = row.get(rule.dollars)
    return Case(
        json.dumps(subject, sort_keys=True, ensure_ascii=False),
        str(row.get(rule.level) or ""),
        _words(rule, answer, row, subject),
        dollars if isinstance(dollars, Decimal) else None,
        str(row.get(rule.team) or ""),
        row,
        finding_command(rule, row, subject, now),
        str(row.get(rule.since) or ""),
    )


def _words(rule: Rule, answer: Table, row: Mapping[str, Cell], subject: Mapping[str, str]) -> str:
    """The sentence of a case, its figures as people read them."""
    if not rule.words:
        names = [str(row.get(f"{column}_name") or value) for column, value in subject.items()]
        return f"{rule.name}: {', '.join(names) or 'all of it'}, as {rule.when}."
    texts: dict[str, Any] = {heading.name: shown(row[heading.name], heading) for heading in answer.headings}
    return rule.words.format_map(texts)
