"""Rule: a question of the catalog, and the condition on which it speaks; built in, or a [[rule]] of the settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from string import Formatter
from typing import Any

from tallystick.core.question import Heading, Kind
from tallystick.core.text import choose
from tallystick.errors import InvalidQuestion
from tallystick.tally.rules import check_fields
from tallystick.watch.condition import Condition
from tallystick.watch.rule_question import RuleQuestion

ORGANIZATION = "organization"
"""A column that answers have where a ledger holds several organizations."""
TODAY = "today"
"""A name in a rule's command that is no column: the day on which the finding opened."""
_MEND = "`tallystick docs watch` shows the tables."
_WORDS = re.compile(r"(?:[^{}]|\{\{|\}\}|\{[a-z]\w*\})*")
"""A sentence with names in braces alone: a format could be as long as memory, or fail at the first row."""


class Severity(StrEnum):
    """How much a finding matters, the gravest first."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked, and when a row of the answer is a finding.

    `subject` are the columns that tell one finding from another, `level` one that grades it: of one subject only its
    present level is open. `since` is a column of the day on which it began: what began after the last one of its
    subject was told is another finding, and what was told once is not told again. `dollars` is the column of what it is
    about in US dollars, `words` the sentence of a finding with columns in braces, `command` the question that shows
    what it is about, by default its own, held to the subject. `whole` rules need every day of their answer, and are
    unknown where one is absent.
    """

    name: str
    ask: str
    when: str
    words: str
    command: str = ""
    subject: tuple[str, ...] = ()
    level: str = ""
    since: str = ""
    dollars: str = ""
    team: str = ""
    severity: Severity = Severity.WARNING
    about: str = ""
    whole: bool = True

    @property
    def question(self) -> RuleQuestion:
        """The question; InvalidQuestion where it cannot be asked."""
        return RuleQuestion.read(self.ask)

    @property
    def condition(self) -> Condition:
        """The condition; InvalidQuestion where it is none."""
        return Condition.read(self.when)

    @property
    def columns(self) -> frozenset[str]:
        """The columns that its words name; InvalidQuestion where anything but a name stands in braces."""
        return _columns("words", self.words)

    @property
    def command_columns(self) -> frozenset[str]:
        """The columns that its command names, and perhaps `today`; InvalidQuestion as for its words."""
        return _columns("command", self.command)

    def check(self, headings: Sequence[Heading]) -> None:
        """Raise InvalidQuestion where it names a column that its answer does not have, or dollars that are none."""
        names = [heading.name for heading in headings]
        money = [heading.name for heading in headings if heading.kind is Kind.MONEY]
        uses: dict[str, tuple[Iterable[str], Sequence[str]]] = {
            "when": ((comparison.column for comparison in self.condition.comparisons), names),
            "words": (sorted(self.columns), names),
            "command": (sorted(self.command_columns), [*names, TODAY]),
            "subject": (self.subject, [*names, ORGANIZATION]),
            "level": ([self.level], names),
            "since": ([self.since], names),
            "dollars": ([self.dollars], money),
            "team": ([self.team], names),
        }
        for setting, (columns, choices) in uses.items():
            for column in columns:
                if column and column not in choices:
                    kind = "amount of money" if choices is money else "column"
                    problem = f"The rule {self.name!r} has {setting} {column!r}, no {kind} of `{self.ask}`."
                    raise InvalidQuestion(problem, choose(column, choices))


def _columns(setting: str, text: str) -> frozenset[str]:
    """The names in braces of a text; InvalidQuestion where anything else stands there."""
    if not _WORDS.fullmatch(text):
        raise InvalidQuestion(
            f"The {setting} {text!r} cannot be read.", 'Names stand in braces: "{key} spent {billed}".'
        )
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


_TEXTS = ("name", "ask", "when", "words", "command", "level", "since", "dollars", "team", "about")
_FIELDS = (*(field.name for field in fields(Rule) if field.name != "whole"), "off")


def rules(built_in: Sequence[Rule], tables: Sequence[Any]) -> list[Rule]:
    """Return the rules that hold: those built in, as `[[rule]]` tables change them, and those that these add.

    A table with the name of a rule changes what it names of it; with `off = true` the rule does not hold.
    """
    rules_by_name = {rule.name: rule for rule in built_in}
    for number, table in enumerate(tables, 1):
        where = f"[[rule]] {number}"
        check_fields(where, table, _FIELDS, "rule", _MEND)
        name = table.get("name")
        if not isinstance(name, str) or not name.strip():
            raise InvalidQuestion(f"{where} has no name.", _MEND)
        if not isinstance(off := table.get("off", False), bool):
            raise InvalidQuestion(f"{where}: off {off!r} is neither true nor false.", "Write off = true.")
        if off:
            if rules_by_name.pop(name, None) is None:
                raise InvalidQuestion(
                    f"{where}: there is no rule {name!r} to switch off.", choose(name, [*rules_by_name])
                )
            continue
        rules_by_name[name] = _rule(where, table, rules_by_name.get(name))
    return [*rules_by_name.values()]


def _rule(where: str, table: Mapping[str, Any], before: Rule | None) -> Rule:
    texts = {name: _text(where, name, table[name]) for name in _TEXTS if name in table}
    changes: dict[str, Any] = dict(texts)
    if "subject" in table:
        subject = table["subject"]
        if not isinstance(subject, list) or not all(isinstance(column, str) for column in subject):
            raise InvalidQuestion(f"{where}: subject must be a list of columns.", 'Write subject = ["key"].')
        changes["subject"] = tuple(subject)
    if "severity" in table:
        if table["severity"] not in list(Severity):
            raise InvalidQuestion(f"{where}: severity {table['severity']!r} is none.", choose("", [*Severity]))
        changes["severity"] = Severity(table["severity"])
    if before is None:
        if missing := [name for name in ("ask", "when") if name not in changes]:
            raise InvalidQuestion(f"{where} has no {' and no '.join(missing)}.", _MEND)
        rule = Rule(**{"words": "", **changes})
    else:
        rule = replace(before, **changes)
    _check(where, rule)
    return rule


def _check(where: str, rule: Rule) -> None:
    """Raise InvalidQuestion, with where the rule stands, where its question, condition or words cannot be."""
    try:
        rule.question, rule.condition, rule.columns, rule.command_columns  # noqa: B018 - they raise
    except InvalidQuestion as wrong:
        raise InvalidQuestion(f"{where} ({rule.name}): {wrong.what}", wrong.hint) from None


def _text(where: str, name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidQuestion(f"{where}: {name} {value!r} is not a text, or is empty.", "Write it in quotes.")
    return value.strip()
