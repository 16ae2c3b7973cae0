"""Rules: those built in, and how the settings change them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.organization import CLOCK
from tallystick import Ledger
from tallystick.core.question import Heading, Kind
from tallystick.errors import InvalidQuestion
from tallystick.outlook.budgets import GRAVEST, OK, UNKNOWN
from tallystick.settings import Settings
from tallystick.watch.default_rules import BUDGET, BUDGET_FORECAST, DEFAULT_RULES, RULES
from tallystick.watch.rule import Rule, rules
from tallystick.watch.rule_question import RuleQuestion
from tallystick.watch_rounds import WatchRounds

OWN = {"name": "dear", "ask": "spend --by key --since 7d", "when": "billed > 500"}


def test_default_rules_can_be_asked() -> None:
    """Every default rule is a question of the catalog with a condition, and says what it is about."""
    for rule in DEFAULT_RULES:
        assert rule.question.report
        assert rule.condition.comparisons
        assert rule.columns
        assert rule.about.endswith(".")


def test_a_budget_is_fine_only_where_that_is_known() -> None:
    """The rules of budgets speak of every status but ok, and cannot tell where the status is unknown."""
    for rule, column in ((BUDGET, "spent_status"), (BUDGET_FORECAST, "forecast_status")):
        verdicts = {status: rule.condition.holds({column: status}) for status in GRAVEST}
        assert verdicts == dict.fromkeys(GRAVEST, True) | {OK: False, UNKNOWN: None}


def test_a_table_adds_a_rule() -> None:
    """A [[rule]] with a name of its own stands beside the default ones."""
    [*before, own] = rules(RULES, [OWN])
    assert before == [*RULES]
    assert own == Rule("dear", "spend --by key --since 7d", "billed > 500", "")


def test_a_table_changes_a_rule() -> None:
    """A [[rule]] with the name of a default one changes what it names, and nothing else; `off` takes it away."""
    changed, *_ = rules(RULES[:1], [{"name": "anomaly", "when": "state = active and above > 500"}])
    assert (changed.when, changed.ask) == ("state = active and above > 500", RULES[0].ask)
    assert rules(RULES[:1], [{"name": "anomaly", "off": True}]) == []


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"ask": "spend", "when": "billed > 1"}, "no name"),
        ({"name": "x", "ask": "spend"}, "no when"),
        ({"name": "x", "when": "billed > 1"}, "no ask"),
        (OWN | {"ask": "spent"}, "no report 'spent'"),
        (OWN | {"ask": "spend --bi key"}, "no option --bi"),
        (OWN | {"ask": "spend --by"}, "has no value"),
        (OWN | {"ask": "spend 'x"}, "cannot be read"),
        (OWN | {"ask": "spend --top none"}, "at least one"),
        (OWN | {"when": "billed is 3"}, "no condition"),
        (OWN | {"severity": "bad"}, "severity"),
        (OWN | {"subject": "key"}, "list of columns"),
        (OWN | {"words": 3}, "not a text"),
        *((OWN | {"words": words}, "words") for words in ("{", "{}", "{key:d}", "{key:{x}}", "{key!r}", "{key.x}")),
        (OWN | {"colour": "red"}, "colour"),
        ({"name": "x", "off": True}, "no rule 'x'"),
        (OWN | {"off": "false"}, "neither true nor false"),
        ("x", "not a table"),
    ],
)
def test_a_table_that_cannot_be_is_named(table: Any, why: str) -> None:
    """A [[rule]] that cannot hold is refused when the settings are read, with its number and why."""
    with pytest.raises(InvalidQuestion, match=why) as refused:
        rules(RULES, [OWN | {"name": "fine"}, table])
    assert "[[rule]] 2" in refused.value.what


def test_a_question_is_read_as_a_command_has_it() -> None:
    """Options with a space or `=`, flags, counts, filters and arguments give the values that Python takes."""
    question = RuleQuestion.read(
        "spend --by key,model --since=7d --top 3 --where model=claude-*,key!=ci --where team='a b'"
    )
    where = {"model": ["claude-*"], "key!": ["ci"], "team": ["a b"]}
    assert question.values == {"by": "key,model", "since": "7d", "top": 3, "where": where}
    assert RuleQuestion.read("roster model").values == {"dimension": "model"}
    assert RuleQuestion.read("owners --check").values == {"check": True}


@pytest.mark.parametrize(
    ("setting", "value", "near"),
    [
        ("when", "biled > 1", "billed"),
        ("words", "{kee}", "key"),
        ("subject", ["kee"], "key"),
        ("level", "kee", "key"),
        ("since", "kee", "key"),
        ("team", "kee", "key"),
        ("dollars", "biled", "billed"),
        ("dollars", "key", "billed"),
    ],
)
def test_a_column_that_is_not_there_is_refused(setting: str, value: Any, near: str) -> None:
    """A rule names columns of its answer, and as dollars one of money: what is none is named, with what is near."""
    headings = [Heading("key", Kind.DIMENSION), Heading("billed", Kind.MONEY)]
    [good, bad] = rules([], [OWN, OWN | {"name": "bad", setting: value}])
    good.check(headings)
    with pytest.raises(InvalidQuestion, match=f"has {setting}") as refused:
        bad.check(headings)
    assert near in refused.value.hint


def test_a_rule_is_checked_before_it_is_judged(book: Ledger, tmp_path: Path) -> None:
    """`rules` and a watcher that starts refuse a misspelt column; a question without an answer is left to a round."""
    file = tmp_path / "tallystick.toml"
    for table, is_fine in ((OWN | {"ask": "diff 2026-01"}, True), (OWN | {"team": "tem"}, False)):
        file.write_text("[[rule]]\n" + "".join(f'{name} = "{value}"\n' for name, value in table.items()))
        settings = Settings.load(ledger=str(book.path), config=str(file), environment={})
        own = Ledger.of(settings, clock=CLOCK)
        if is_fine:
            own.ask("rules")
            WatchRounds(settings, CLOCK, print, print)
            continue
        with pytest.raises(InvalidQuestion, match="team 'tem'"):
            own.ask("rules")
        with pytest.raises(InvalidQuestion, match="team 'tem'"):
            WatchRounds(settings, CLOCK, print, print)
