"""Rules: what one of them says of itself, and the weights of shares."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tallystick.tally.rules import Rule, rule_of, rules_of_csv

DAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "everything"),
        ({"key": ["k", "l"], "model": "m"}, "key = k or l, model = m"),
        ({"key": "k", "from": DAY}, "key = k, from 2026-11-01"),
        ({"until": DAY}, "until 2026-11-01"),
        ({"from": DAY, "until": "2026-12-01"}, "from 2026-11-01, until 2026-12-01"),
    ],
)
def test_a_rule_says_what_it_matches(table: dict[str, Any], words: str) -> None:
    """A rule's label has its conditions and the days that bound it; without either it matches everything."""
    assert rule_of("r", {"team": "a", **table}).label == words


def test_a_rule_says_who_it_gives_to() -> None:
    """A rule gives to its team, or to all that share."""
    assert rule_of("r", {"team": "a"}).to == "a"
    assert rule_of("r", {"shared": {"rule": "even", "teams": ["b", "a"]}}).to == "b + a"


@pytest.mark.parametrize(
    ("shares", "weights"),
    [
        ({"a": "1"}, (1,)),
        ({"a": "1/3", "b": "2/3"}, (1, 2)),
        ({"a": "0.25", "b": "0.75"}, (1, 3)),
        ({"a": "1/2", "b": "1/3", "c": "1/6"}, (3, 2, 1)),
    ],
)
def test_shares_are_the_least_whole_weights(shares: dict[str, str], weights: tuple[int, ...]) -> None:
    """Shares become whole weights over their least common denominator, in the order of the teams."""
    rule = rule_of("r", {"shared": {"rule": "fixed", "shares": shares}})
    assert (rule.how, rule.teams) == ("fixed", tuple(zip(shares, weights, strict=True)))


def test_a_rule_is_in_force_on_its_days() -> None:
    """A rule holds from its first day to before its last, and always where it names none."""
    bounded, always = (rule_of("r", {"team": "a", **days}) for days in ({"from": DAY, "until": DAY + timedelta(2)}, {}))
    assert [bounded.holds(DAY + timedelta(offset)) for offset in (-1, 0, 1, 2)] == [False, True, True, False]
    assert always.holds(DAY)


def rule_of_line(text: str) -> Rule:
    """The only rule of a CSV."""
    [rule] = rules_of_csv(text, "own.csv")[0]
    return rule


def test_a_quoted_semicolon_is_part_of_a_name() -> None:
    """Where semicolons divide columns, one within quotes divides no names."""
    assert rule_of_line('team;key\na;"k;l"\n').conditions == {"key": ("k;l",)}


def test_a_cell_of_no_condition_is_one_text() -> None:
    """A cell that names no things is taken as it is, dividers included; a cell of dividers alone is no list."""
    assert rule_of_line("team,cost_center,key\na|b,1|2,k\n").teams == (("a|b", 1),)
    assert rule_of_line("team,cost_center,key\na|b,1|2,k\n").cost_center == "1|2"
    assert rule_of_line("team,key\na,|\n").conditions == {"key": ("|",)}
