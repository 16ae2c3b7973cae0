"""Options of a sync: which days it reads where nobody says since when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tallystick.core.time_words import EXAMPLES
from tallystick.sync.options import Options, Wanted

DECEMBER = datetime(2026, 12, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (None, ("2026-10-01", "2026-12-06")),
        ("yesterday", ("2026-10-01", "2026-12-05")),
        ("2026", ("2026-10-01", "2026-12-06")),
        ("2026-Q3", ("2026-07-01", "2026-10-01")),
        ("2026-10-01", ("2026-08-01", "2026-10-02")),
        ("0001-01-01", ("0001-01-01", "0001-01-02")),
    ],
)
def test_without_since_two_months_before_the_last_are_read(until: str | None, expected: tuple[str, str]) -> None:
    """A sync reads the month of the last day that it is asked for and the two before, whenever it is asked."""
    wanted = Options.of(None, until, Wanted(), DECEMBER).wanted
    assert (f"{wanted.start.date()}", f"{wanted.end.date()}") == expected


@pytest.mark.parametrize("until", EXAMPLES)
def test_until_needs_no_since(until: str) -> None:
    """Each word for time is enough for `--until`."""
    assert Options.of(None, until, Wanted(), DECEMBER).wanted
