"""Report of rules: those in force, or when one would have spoken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from tallystick.core.message import Message, note, warning
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.text import choose, day_spans
from tallystick.core.time_words import When
from tallystick.errors import InvalidQuestion
from tallystick.query.context import Context
from tallystick.query.report import Parameter, Report
from tallystick.watch.default_rules import built_in, in_force
from tallystick.watch.finding import Finding
from tallystick.watch.judgement import check
from tallystick.watch.replay import Replay, replay
from tallystick.watch.rule import Rule

SINCE = "90d"
DEFAULT, CHANGED, OWN = "default", "changed", "settings"
"""Where a rule comes from: built in, built in and changed by the settings, or of the settings alone."""
HEADINGS = (
    Heading("rule", Kind.DIMENSION),
    Heading("severity", Kind.TEXT),
    Heading("about", Kind.TEXT),
    Heading("ask", Kind.TEXT, drop_order=1),
    Heading("when", Kind.TEXT, drop_order=2),
    Heading("origin", Kind.TEXT, drop_order=3),
)
PAST = (
    Heading("since", Kind.DIMENSION),
    Heading("until", Kind.TEXT),
    Heading("what", Kind.TEXT),
    Heading("level", Kind.TEXT, drop_order=2),
    Heading("dollars", Kind.MONEY, "USD", drop_order=1),
)
"""`until` is the first day on which the rule no longer saw it."""


def answer(context: Context, rule: str | None = None, since: When | None = None) -> Table:
    """Return each rule in force; of one by name, what it would have opened since a day, and ended, judged day by day.

    Raises InvalidQuestion where there is no such rule, or it cannot be replayed; LedgerError where there is no ledger.
    """
    version, rules = context.engine.version, in_force(context)
    check(context, rules)
    if rule is None:
        if since is not None:
            raise InvalidQuestion("--since needs a rule to replay.", "Write --try RULE.")
        defaults = {built.name: built for built in built_in(context)}
        rows = [_row(entry, defaults.get(entry.name)) for entry in rules]
        return Table(None, HEADINGS, rows, {}, (), {}, version.identity)
    by_name = {entry.name: entry for entry in rules}
    if rule not in by_name:
        raise InvalidQuestion(f"There is no rule {rule!r}.", choose(rule, [*by_name]))
    question = context.question("rules", (), (since or SINCE, "today", None))
    days = question.window.days()
    replayed = replay(context, by_name[rule], days)
    cells = [_past(finding, bool(by_name[rule].level)) for finding in replayed.findings]
    headings = tuple(heading for heading in PAST if heading.name != "level" or by_name[rule].level)
    messages = (*_messages(question, replayed, days),)
    return Table(question, headings, cells, {}, messages, {}, version.identity)


def _row(rule: Rule, before: Rule | None) -> tuple[Cell, ...]:
    origin = OWN if before is None else DEFAULT if rule == before else CHANGED
    return rule.name, str(rule.severity), rule.about or None, rule.ask, rule.when, origin


def _past(finding: Finding, leveled: bool) -> tuple[Cell, ...]:
    opened, ended = finding.opened, finding.ended
    level = (finding.level,) if leveled else ()
    until = str(ended.happened_at.date()) if ended else None
    return (str(opened.happened_at.date()), until, opened.text, *level, opened.dollars)


def _messages(question: Question, replayed: Replay, days: list[date]) -> Iterator[Message]:
    year = question.window.end.year
    if replayed.unknown:
        [(reason, count)] = Counter(replayed.unknown.values()).most_common(1)
        others = "" if count == len(replayed.unknown) else ", and other reasons"
        yield warning(f"Unknown on {day_spans(replayed.unknown, year)}: {reason.removesuffix('.')}{others}.")
    if before := [day for day in days if day < replayed.first]:
        yield warning(
            f"No version is older than {replayed.first}: {day_spans(before, year)} are judged by what was read on that "
            "day, as bills were then."
        )
    yield note("Each day is judged as at its end, by settings, prices and acknowledgements of now. Nothing is written.")


REPORT = Report(
    answer,
    (
        Parameter("rule", "Replay this rule instead, day by day, over past versions.", option="--try", metavar="RULE"),
        Parameter("since", f"First day to replay, or a word for time. By default {SINCE}.", metavar="WHEN"),
    ),
    "A rule asks a question of the catalog, and speaks of each row on which its condition holds. `tallystick docs "
    "watch` shows how to add one.",
    priced=False,
    organizations=False,
)
