"""Commands of findings: whoever reads of one lands on its subject and its days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from support.spending import DAYS_OF, NOW, USUAL, ledger, rows_of
from tallystick.core.question import Cell
from tallystick.watch.finding_command import finding_command
from tallystick.watch.notice import command, link
from tallystick.watch.rule import Rule
from tallystick.watch.rule_question import RuleQuestion

DEAR = Rule("dear", "spend --by key --since 7d", "billed > 1", "{key} spent {billed} USD.", dollars="billed")
ROW: dict[str, Cell] = {"key": "key0", "billed": 3}


def command_of(rule: Rule, row: dict[str, Cell] | None = None) -> str:
    """The command of a row."""
    row = row or ROW
    return finding_command(rule, row, {"key": str(row["key"])}, NOW)


def test_a_question_is_held_to_the_subject_and_its_days() -> None:
    """By default it is the question of the rule, of the subject alone, its days by their dates."""
    assert command_of(DEAR) == "spend --by key --since 2026-09-02 --until 2026-09-08 --where key=key0"
    assert command_of(replace(DEAR, ask="usage --by key --since yesterday --where model=claude-*")) == (
        "usage --by key --since 2026-09-08 --until 2026-09-08 --where 'model=claude-*' --where key=key0"
    )
    assert command_of(replace(DEAR, ask="freshness")) == "freshness"


def test_a_rule_may_name_another_question() -> None:
    """Columns in braces, and the day, stand in the command of a rule."""
    assert command_of(replace(DEAR, command="profile key {key}")) == "profile key key0"
    assert command_of(replace(DEAR, command="budget --on {today}")) == "budget --on 2026-09-09 --where key=key0"


@pytest.mark.parametrize("key", ["$(rm -rf x)", "a,b", "@here", "x*", "a;b", "a'b"])
def test_what_an_id_says_is_no_command(key: str) -> None:
    """An id that would be more than a value in a shell, a filter or a chat is in no command."""
    row: dict[str, Cell] = {"key": key, "billed": 3}
    assert key not in command_of(DEAR, row)
    assert command_of(replace(DEAR, command="profile key {key}"), row) == DEAR.ask


def test_every_command_of_a_finding_answers_of_it(tmp_path: Path) -> None:
    """The commands of the default rules can be asked, and those of an anomaly and a new key are of these alone."""
    new = {"key0": lambda day: USUAL["key0"](day) * (12 if day >= date(2026, 9, 7) else 1)}
    late = {"keynew": lambda day: 9_000_000 if day >= date(2026, 9, 6) else 0}
    book = ledger(tmp_path, rows_of(USUAL | new | late, DAYS_OF), datetime(2026, 9, 9, 10, tzinfo=UTC))
    open_ = book.watch().open
    commands = {
        (finding.rule, finding.subject.get("value", finding.subject.get("subject"))): finding for finding in open_
    }
    assert command(commands["new key", "keynew"]) == "tallystick spend --by day --since 2026-09-06 --where key=keynew"
    [anomaly] = [row["finding"] for row in book.anomalies("7d").rows if row["subject"] == "key0"]
    assert command(commands["anomaly", "key0"]) == f"tallystick anomaly {anomaly}"
    assert link(commands["anomaly", "key0"], "https://x.example") == f"https://x.example/ask/anomaly?finding={anomaly}"
    for finding in open_:
        question = RuleQuestion.read(command(finding).removeprefix("tallystick "))
        book.ask(question.report, **question.values)
