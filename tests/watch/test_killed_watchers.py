"""Watchers that are killed: what they were about to tell is told, once or twice, under one key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.killed_watchers import MOMENTS, deliveries, findings, trials


@pytest.mark.parametrize("settings", [findings, deliveries])
@pytest.mark.parametrize("count", [3, pytest.param(100, marks=pytest.mark.long)])
def test_a_kill_loses_nothing_and_tells_nothing_thrice(
    tmp_path: Path, count: int, settings: Callable[[int, str], str]
) -> None:
    """Of three watchers one is shot while it sends: each message is delivered once or twice, under one key."""
    tally = trials(tmp_path, count, settings)
    assert sum(tally.shots.values()) == count
    assert {*tally.shots} == {*MOMENTS}
    assert {*tally.times} <= {1, 2}
    assert tally.times[2] > 0
    assert tally.two_keys == 0
