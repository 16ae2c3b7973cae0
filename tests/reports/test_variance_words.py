"""Variance in words: which effects are worth a word, who a change is mostly of, and on what model."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tallystick.core.money import picodollars
from tallystick.core.time import Window
from tallystick.reports.variance import _Words
from tallystick.reports.variance_words import Part, combined, headline, mostly, why
from tallystick.tally.variance import Effects

_BEFORE = picodollars(Decimal(100))
NAMES = {"key": lambda id_: f"key {id_}", "actor": lambda id_: f"person {id_}"}


def effects(before: str, price: str = "0", volume: str = "0", mix: str = "0") -> Effects:
    """Effects, and what they add up to."""
    amounts = [Decimal(text) for text in (before, price, volume, mix)]
    return Effects(amounts[0], sum(amounts, Decimal(0)), *amounts[1:])


def part(key: str, model: str, change: str, actor: str = "unattributed") -> Part:
    """A part of a change that is all volume."""
    volume = picodollars(Decimal(change))
    return Part((), key, actor, model, _BEFORE, _BEFORE + volume, 0, volume)


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (effects("100", "0.5", "80", "-8"), "80 % more use (+80.00), cheaper mix (-8.00)"),
        (effects("100", "1", "-0.2", "0"), "higher rates (+1.00), less use (-0.20)"),
        (effects("0", volume="2"), "new"),
        (effects("2", volume="-2"), "ended, 2.00 before"),
        (effects("2"), "no change"),
        (effects("0"), "no change"),
    ],
)
def test_the_largest_effect_stands_first(of: Effects, words: str) -> None:
    """More use, a cheaper mix and higher rates are words for signs; what is a twentieth of the largest has none."""
    assert why(of) == words


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([part("a", "x", "9"), part("b", "x", "2")], "mostly key a (+9.00) on x"),
        ([part("a", "x", "3"), part("b", "x", "2"), part("c", "x", "2")], "partly key a (+3.00) on x"),
        ([part("a", "x", "-9"), part("a", "y", "8"), part("b", "x", "5")], "mostly key b (+5.00) on x"),
        (
            [part("a", "x", "-9"), part("a", "y", "8"), part("b", "x", "0.1")],
            "mostly key a (-1.00) with y in place of x",
        ),
        ([part("playground", "x", "9", "ann"), part("b", "x", "2")], "mostly person ann (+9.00) on x"),
        ([part("a", "x", "9"), part("b", "x", "-9")], ""),
        ([part(key, "x", "1") for key in "abcde"], "mostly on x"),
        (
            [part(key, model, change) for key in "abcde" for model, change in (("x", "-9"), ("y", "8"))],
            "with y in place of x",
        ),
    ],
)
def test_who_has_the_largest_part_is_named(parts: list[Part], words: str) -> None:
    """The key or person that changed most in the direction of all is named, and its model or what took its place."""
    assert mostly(parts, NAMES, who=True, model=True) == words


def test_a_headline_says_what_a_change_came_to() -> None:
    """A month is called by its name; who has the largest part ends it; where nothing changed it says so."""
    october, november = (
        Window(datetime(2026, month, 1, tzinfo=UTC), datetime(2026, month + 1, 1, tzinfo=UTC)) for month in (10, 11)
    )
    sentence = headline(effects("100", volume="80"), (november, october), 2026, "mostly a (+70.00)")
    assert sentence == "November cost 80.00 USD more (+80.0 %) than October: 80 % more use (+80.00). Mostly a (+70.00)."
    assert headline(effects("100"), (november, october), 2026, "") == "November cost as much as October: 100.00 USD."


@pytest.mark.parametrize(("teams", "words"), [("abcde", ""), ("abc", "partly a (+1.00), mostly key a (+1.00)")])
def test_a_small_part_has_no_name(teams: str, words: str) -> None:
    """Of a change that is spread evenly over many no team and no key is named."""
    rows = [((team,), [part(team, "x", "1")]) for team in teams]
    names = _Words({**NAMES, "team": str}, ("team",), who=True, model=False)
    sums = combined([own for _, parts in rows for own in parts])
    assert names.largest([(team, parts, combined(parts)) for team, parts in rows], sums) == words
