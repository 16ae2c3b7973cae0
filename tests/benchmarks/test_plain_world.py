from __future__ import annotations

import sys
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from tallystick.ledger import Ledger

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from plain_plants import GROWTH, INCIDENTS, LAUNCH
from plain_rows import total
from plain_world import Organization, organization, write

DAYS = 120
SEEDS = (5, pytest.param(1, marks=pytest.mark.long), pytest.param(8, marks=pytest.mark.long))
"""Organizations with incidents and with hours."""


@cache
def world(seed: int) -> Organization:
    """The organization of a seed, which nobody changes."""
    return organization(seed, DAYS)


class Morning:
    """A clock that stands still on the morning after an organization's last day."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def now(self) -> datetime:
        return datetime.combine(self._organization.last + timedelta(1), time(6), UTC)


def test_a_seed_makes_the_same_rows() -> None:
    """The same seed makes the same rows and the same truth, another seed makes others."""
    again = organization(5, DAYS)
    assert again.rows == world(5).rows
    assert again.incidents == world(5).incidents
    assert again.events == world(5).events
    assert world(1).rows != world(5).rows


@pytest.mark.parametrize("seed", SEEDS)
def test_dollars_are_the_difference_to_what_would_have_been(seed: int) -> None:
    """The rows less those made without a plant are its dollars, to the last place, and only its key differs."""
    planted = [truth for truth in (*world(seed).incidents, *world(seed).events) if truth.number is not None]
    for truth in planted:
        plain = organization(seed, DAYS, without={truth.number})
        assert total(world(seed).final) - total(plain.final) == truth.dollars > 0
        rows = {*world(seed).final}.symmetric_difference(plain.final)
        assert {row.key for row in rows} == {truth.key} or truth.key == "all"
        assert all(row.day >= truth.first for row in rows)
        assert all(row.day <= truth.last for row in rows) or truth.cause in {GROWTH, LAUNCH}


@pytest.mark.long
def test_each_incident_is_planted_and_quiet_ones_have_none() -> None:
    """Some organization has each incident; a calm one has none, and a quiet one has nothing planted."""
    worlds = [*map(world, range(12))]
    assert {truth.cause for made in worlds for truth in made.incidents} == {*INCIDENTS}
    assert {made.mood for made in worlds} == {"troubled", "calm", "quiet"}
    for made in worlds:
        if made.mood != "troubled":
            assert not made.incidents
        if made.mood == "quiet":
            assert all(event.number is None for event in made.events)


def test_a_reading_lacks_late_bills_and_later_restatements() -> None:
    """A day is read short of bills at first and never loses one again, and restated days change by at most 2 %."""
    made = next(made for made in map(world, range(20)) if len(made.late) > 1 and made.restatements)
    when = made.restatements[-1].day
    first, later = made.read(when), made.read(when + timedelta(30))
    assert all(row.billed is not None for row in later if row.day <= when)
    assert all((when - row.day).days < len(made.late) for row in first if row.billed is None)
    pairs = list(zip(first, [row for row in made.final if row.day <= when], strict=True))
    assert any(read.quantity != row.quantity for read, row in pairs)
    assert all(abs(read.quantity - row.quantity) <= row.quantity * Decimal("0.02") + 1 for read, row in pairs)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_written_ledger_answers_the_sums_of_the_rows(seed: int, tmp_path: Path) -> None:
    """The ledger answers what the rows come to, exactly, by month and by key, and its hours add up to its days."""
    made = organization(seed, 60)
    ledger = Ledger.open(write(made, tmp_path / "ledger"), clock=Morning(made))
    span = {"since": str(made.first), "until": str(made.last)}
    assert ledger.spend(by=["month"], **span).totals["billed"] == total(made.rows)
    billed = {row["key"]: row["billed"] for row in ledger.spend(by=["key"], **span).rows}
    names = {key.id: key.name for key in made.keys}
    for key, name in names.items():
        assert billed.get(key, billed.get(name, 0)) == total(row for row in made.rows if row.key == key)
    used = sum(row.quantity for row in made.rows)
    assert ledger.usage(by=["model"], **span).totals["total_tokens"] == used
    if made.hourly:
        recent = {"since": str(made.last - timedelta(9)), "until": str(made.last)}
        hours, days = (ledger.usage(by=[by], **recent).totals["total_tokens"] for by in ("hour", "day"))
        assert hours == days
