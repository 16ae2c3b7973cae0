"""What a sync says fits the terminal."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, strategies as st

from tallystick.cli.sync import total
from tallystick.sync.outcome import Outcome


@given(st.integers(0, 1_095), st.integers(0, 9_999_999), st.integers(0, 9_999), st.integers(0, 9_999_900_000))
def test_what_a_sync_did_is_a_line_of_80_letters(days: int, rows: int, requests: int, size: int) -> None:
    """Days, rows, requests, megabytes and the version of three years stand in one line of 80 letters."""
    changed = {date(2026, 1, 1) + timedelta(index) for index in range(days)}
    line = total(Outcome(version=9_999, rows=rows, requests=requests, size=size, changed=changed))
    assert len(line) <= 80
    assert all(word in line for word in (f"{days:,} day", f"{rows:,} rows", f"{requests:,} requests", "version 9999."))
