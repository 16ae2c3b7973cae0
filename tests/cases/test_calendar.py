"""Days that are asked about lie between the first that anything was used on and a year ahead."""

from __future__ import annotations

import json

import pytest

from support.case import Case
from support.command import Tallystick


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("prices --on 9999-12-31", "more than a year ahead"),
        ("prices --on 0001-01-01", "nothing was used before 2023-01-01"),
        ("sim serve --days 99999999", "nothing was used before 2023-01-01"),
        ("sim serve --days -1", "--days is 0 to"),
    ],
)
def test_a_day_out_of_bounds_is_asked_wrongly(tallystick: Tallystick, words: str, reason: str) -> None:
    """A day that nothing can be known of is a message and exit code 2, with or without a ledger."""
    tallystick(*words.split()).refused(2, reason)
    tallystick("status", TALLYSTICK_NOW="9999-12-31T00:00:00Z").refused(2, "TALLYSTICK_NOW", "9999")


@pytest.mark.long
def test_windows_are_bounded(case: Case) -> None:
    """Months and spans from before 2023 are refused or cut, at once; those that no calendar ends are refused."""
    with case.serve("small.py"):
        case("sync", "--without-claude-code", "--source", "analytics", "--since", "2026-11-20")
    for words in ("variance --month 0001-01", "summary --month 0001-01", "close 0001-01", "spend --since 2022-12"):
        until = ("--until", "2022-12") if words.startswith("spend") else ()
        case(*words.split(), *until).refused(2, "nothing was used before 2023-01-01")
    case("close", "9999-12").refused(2, "9999-12 is too far ahead")
    spent = case("spend", "--by", "", "--since", "0001-01-01", "--format", "json")
    assert spent.code == 0, spent.err
    answer = json.loads(spent.out)
    assert answer["question"]["since"] == "2023-01-01T00:00:00Z"
    assert answer["totals"]["billed"] == "45.66"
    assert any("1 Jan 2023 to 19 Nov" in text for text in answer["warnings"])
