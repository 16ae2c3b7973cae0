"""Charges of six days of two organizations, what is called how in them, and rules of owners of every kind."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from support.written_ledger import charge, sighting
from tallystick.core.time import Window

FIRST = date(2026, 10, 29)
WINDOW = Window(datetime(2026, 10, 30, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
ROWS = 400


def written() -> list[dict[str, Any]]:
    """Charges of six days: many small ones alike, some near the limits, credits, some that are not billed."""
    chance = random.Random(17)  # noqa: S311 - always the same
    rows = []
    for _ in range(ROWS):
        small, large = (
            chance.randint(-40, 40),
            chance.choice([chance.randint(-(10**6), 10**9), chance.randint(0, 10**25)]),
        )
        amount = Decimal(chance.choice([small, large])).scaleb(-12)
        rows.append(
            charge(
                FIRST + timedelta(chance.randrange(6)),
                organization=chance.choice(["o", "p"]),
                workspace=chance.choice(["w", "v", "default"]),
                key=chance.choice(["k", "l", "m"]),
                actor=chance.choice(["u", "unattributed"]),
                model=chance.choice(["claude-opus-5-5", "claude-haiku-5-5"]),
                kind=chance.choice(["output", "web_search"]),
                quantity=chance.choice([None, 0, 7, 10**6]),
                billed=chance.choice([None, *[amount] * 9]),
                **{name: chance.choice([None, 0, 1, amount]) for name in ("list", "priced", "discount")},
                method=chance.choice(["reported", "allocated"]),
            )
        )
    return rows


NAMED = (
    sighting("organization", "o", FIRST, name="Orange"),
    sighting("organization", "p", FIRST, name="Plum", organization="p"),
    sighting("workspace", "w", FIRST, name="Search", details='{"tags": {"unit": "a"}}'),
    sighting("workspace", "w", date(2026, 11, 1), name="Ads", details='{"tags": {"unit": "b"}}'),
    sighting("workspace", "v", FIRST, name="Ads"),
    sighting("workspace", "v", date(2026, 10, 31), name="Search"),
    sighting("workspace", "w", FIRST, name="Search", organization="p"),
    sighting("key", "k", FIRST, name="bot"),
    sighting("key", "k", date(2026, 11, 2), name="robot"),
    sighting("user", "u", FIRST, name="Ada", organization="p"),
)
"""What is called how, some of it otherwise from a day within the window on; tags likewise."""


@st.composite
def owner_rules(draw: st.DrawFn) -> dict[str, Any]:
    """An [[owner]] table: of a team or shared, of some days or all, by any of the conditions."""
    words = {
        "organization": ["o", "p"],
        "workspace": ["Search", "Ads", "A*", "w", "default"],
        "key": ["robot", "*bot", "l", "k"],
        "actor": ["Ada", "unattributed"],
        "model": ["claude-opus-5-5", "*haiku*"],
        "tag": ["unit=a", "unit=*"],
    }
    rule: dict[str, Any] = {}
    for condition in draw(st.lists(st.sampled_from(sorted(words)), max_size=2, unique=True)):
        rule[condition] = draw(st.lists(st.sampled_from(words[condition]), min_size=1, max_size=2, unique=True))
    if draw(st.booleans()):
        start = draw(st.integers(0, 5))
        rule["from"] = FIRST + timedelta(start)
        rule["until"] = FIRST + timedelta(start + draw(st.integers(1, 4)))
    teams = draw(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4, unique=True))
    match draw(st.sampled_from(["team", "team", "even", "proportional", "fixed"])):
        case "team":
            rule |= {"team": teams[0]} | draw(st.sampled_from([{}, {"cost_center": "7"}]))
        case "fixed":
            most = draw(st.sampled_from([3, 10**7, 10**30]))
            weights = [draw(st.integers(1, most)) for _ in teams]
            shares = {team: str(Fraction(weight, sum(weights))) for team, weight in zip(teams, weights, strict=True)}
            rule["shared"] = {"rule": "fixed", "shares": shares}
        case method:
            rule["shared"] = {"rule": method, "teams": teams}
    return rule
