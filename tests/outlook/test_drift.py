"""Drift: small lasting moves of ratios that should be constant, on series and on a ledger written by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, strategies as st

from support.spending import DAYS_OF, USUAL, ledger, rows_of, steady
from tallystick.core.time import DAY
from tallystick.outlook.drift import LEARN, drifts

STEP = date(2026, 7, 20)


def noisy(seed: int, length: int, move: float = 0.0, since: int = 60) -> list[float]:
    """Ratios around 0.9, give or take half a percent, that move from a day on."""
    chance = Random(seed)  # noqa: S311 - repeatable, not secret
    return [0.9 + chance.gauss(0, 0.003) + (move if index >= since else 0.0) for index in range(length)]


def test_a_step_is_told_once() -> None:
    """A ratio that moves by a percent and stays is one drift, since about then, with the medians before and since."""
    for move in (-0.01, 0.01):
        [drift] = drifts(noisy(1, 140, move), 0.002)
        assert abs(drift.start - 60) <= 2
        assert drift.seen - drift.start <= 10
        assert drift.after - drift.before == pytest.approx(move, abs=0.004)


def test_a_slope_is_told_again_and_again() -> None:
    """A ratio that goes on falling is a drift each time that it is sure."""
    falling = [value - max(0, index - 40) * 0.0004 for index, value in enumerate(noisy(2, 240))]
    moves = [*drifts(falling, 0.002)]
    assert len(moves) > 2
    assert all(drift.after < drift.before for drift in moves)


def test_noise_and_single_days_are_none() -> None:
    """What scatters as it always did is no drift, nor is a single day that is far off."""
    assert sum(len([*drifts(noisy(seed, 180), 0.002)]) for seed in range(30)) <= 1
    odd = noisy(3, 120)
    odd[80] = 2.0
    assert not [*drifts(odd, 0.002)]


@given(st.lists(st.floats(0, 1), max_size=LEARN))
def test_few_days_tell_nothing(values: list[float]) -> None:
    """Before there is anything to compare with there is no drift."""
    assert not [*drifts(values, 0.002)]


def test_of_a_ledger(tmp_path: Path) -> None:
    """A discount that shrinks by a percent is a drift of a model's price, in the dollars of a day, and nothing else."""
    rows = [
        row | {"billed": row["billed"] * (Decimal("0.86") if row["day"] >= STEP else Decimal("0.85"))}
        for row in rows_of(USUAL, DAYS_OF)
    ]
    book = ledger(tmp_path, rows)
    [row] = book.drift("2026-07-01").rows
    assert (row["measure"], row["since"]) == ("billed to list price", str(STEP))
    assert (row["before"], row["after"]) == (Decimal("0.85"), Decimal("0.86"))
    spent = sum(row["list"] for row in rows if row["day"] == date(2026, 7, 22))
    assert row["a_day"] == pytest.approx(spent / 100, rel=Decimal("0.1"))
    assert not book.drift("2026-08-01").rows
    assert not book.drift("2026-07-01", where={"organization": "o", "workspace": "w", "model": "CLAUDE-OPUS-5-5"}).rows[
        1:
    ]


def test_status_tells_it(tmp_path: Path) -> None:
    """A drift that was seen in the last week needs attention on the first screen, an older one does not."""
    for since, is_told in ((date(2026, 9, 3), True), (date(2026, 8, 1), False)):
        rows = [
            row | {"billed": row["billed"] * (Decimal("0.86") if row["day"] >= since else Decimal("0.85"))}
            for row in rows_of(USUAL, DAYS_OF)
        ]
        attention = ledger(tmp_path / str(since), rows).status().facts["attention"]
        line = f"Billed to list price of claude-opus-5-5: 85.0 % to 86.0 % since {since}: tallystick drift"
        assert (line in attention) == is_told, attention


def test_tokens_that_are_not_billed(tmp_path: Path) -> None:
    """Where a part of the tokens is no longer billed the share of what is not billed moves."""
    late = rows_of(
        {"key0": lambda _: 9_000_000}, [day for day in DAYS_OF if day >= STEP], billed=None, cause="not billed"
    )
    measures = {row["measure"] for row in ledger(tmp_path, [*rows_of(USUAL, DAYS_OF), *late]).drift("2026-07-01").rows}
    assert measures == {"tokens not billed"}


@pytest.mark.parametrize(
    ("measure", "fields"),
    [
        ("share allocated", {"method": "allocated"}),
        ("share without use", {"cause": "no usage", "quantity": None, "priced": None, "list": None}),
        ("tokens without a price", {"priced": None, "list": None}),
    ],
)
def test_a_share_that_moves(tmp_path: Path, measure: str, fields: dict[str, Any]) -> None:
    """Where a twentieth of the bill or of all tokens changes its kind, the share of that kind moves and no other."""
    small = {"small": steady(1_200_000, "small")}
    before, after = ([day for day in DAYS_OF if (day >= STEP) == is_after] for is_after in (False, True))
    moved = [*rows_of(small, before), *rows_of(small, after, **fields)]
    [row] = ledger(tmp_path, [*rows_of(USUAL, DAYS_OF), *moved]).drift("2026-07-01").rows
    assert (row["measure"], row["since"], row["before"]) == (measure, str(STEP), 0)
    assert row["after"] == pytest.approx(Decimal("0.048"), abs=Decimal("0.01"))
    assert (row["a_day"] is None) == (measure == "tokens without a price")


@pytest.mark.parametrize("cause", ["bill not read", "usage not read", "not billed yet"])
def test_days_of_which_one_half_is_not_known(tmp_path: Path, cause: str) -> None:
    """A day whose bill or use was not read says nothing: no ratio of it moves."""
    unread = [day for day in DAYS_OF if STEP <= day < STEP + 10 * DAY]
    half = {"billed": None} if cause != "usage not read" else {"quantity": None, "priced": None, "list": None}
    rows = [row | half | {"cause": cause} if row["day"] in unread else row for row in rows_of(USUAL, DAYS_OF)]
    assert not ledger(tmp_path, rows).drift("2026-07-01").rows
