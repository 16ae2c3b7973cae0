"""Settled days: read again on demand, and looked at once a month."""

from __future__ import annotations

from datetime import datetime

import pytest

from support.case import Case

SCENARIO = "06-late-restatement/scenario.py"
OCTOBER = ("spend", "--by", "", "--since", "2026-10", "--until", "2026-10", "--format", "csv")
SYNC = ("sync", "--without-claude-code", "--source", "reports")


@pytest.fixture
def settled(case: Case) -> Case:
    """A ledger in which the first weeks of October are settled, before the API restates one of its days."""
    with case.serve(SCENARIO):
        assert case(*SYNC, "--since", "2026-10-01").code == 0
    return case


@pytest.mark.long
def test_a_settled_day_is_read_again_where_it_is_asked_for(settled: Case) -> None:
    """`--again` with a window reads settled days once more, and is counted by `--plan`; without a window none is."""
    window = ("--since", "2026-10-05", "--until", "2026-10-05")
    with settled.serve(SCENARIO, LATE="1"):
        assert settled(*SYNC).code == 0
        assert settled(*OCTOBER).out.split()[-1] == "93.00"
        assert "cost by day, 2026-10-05" in settled("sync", *window, "--again", "--plan", "--source", "reports").out
        done = settled(*SYNC, *window, "--again")
        assert done.code == 0
        assert "1 day changed" in done.err
        assert settled(*OCTOBER).out.split()[-1] == "143.00"
        assert settled("verify").code == 0


@pytest.mark.long
def test_settled_days_of_a_window_are_compared(settled: Case) -> None:
    """A sync of days that are named from first to last compares their control totals, and reads those that differ."""
    window = ("--since", "2026-10-05", "--until", "2026-10-07")
    with settled.serve(SCENARIO, LATE="1"):
        done = settled(*SYNC, *window)
        assert (done.code, "1 day changed" in done.err) == (0, True)
        assert settled(*OCTOBER).out.split()[-1] == "143.00"
        assert "0 days changed" in settled(*SYNC, *window).err


def test_again_needs_a_window(settled: Case) -> None:
    """`--again` without both ends of its window is asked wrongly, and says what is missing."""
    run = settled(*SYNC, "--again", "--since", "2026-10-05")
    assert run.code == 2
    assert "--until" in run.err


@pytest.mark.long
def test_a_settled_month_is_looked_at_once_a_month(settled: Case) -> None:
    """A month after a settled day was last seen its control total is compared, unasked, and a changed day is read."""
    later, after = "2026-12-29T09:30:00Z", "2026-12-30T09:30:00Z"
    with settled.serve(SCENARIO, LATE="1") as world:
        world.now = datetime.fromisoformat(later)
        plan = settled("sync", "--source", "reports", "--plan", now=later).out
        assert "cost by day, 2026-10-01 to 2026-10-23, control totals" in plan
        assert settled(*SYNC, now=later).code == 0
        assert settled(*OCTOBER, now=later).out.split()[-1] == "143.00"
        assert "2026-10" not in settled(*SYNC, "--plan", now=after).out
