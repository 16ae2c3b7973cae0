"""The clock: the real one, or one that is pinned to look at a ledger or simulator as of then."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

from tallystick.core.time import FIRST_DAY, instant
from tallystick.errors import InvalidQuestion

LAST_YEAR = 9000
"""A clock is pinned to an earlier year: what lies ahead of it must still be in the calendar."""


class SystemClock:
    """The real clock; `moment` pins the time of day (TALLYSTICK_NOW, to look at a ledger or simulator as of then)."""

    def __init__(self, moment: datetime | None = None) -> None:
        self._at = moment
        self._waking = threading.Condition()

    @property
    def real(self) -> bool:
        """Whether it is not pinned, so that the API's clock can be held against it."""
        return self._at is None

    def now(self) -> datetime:
        """The time of day, UTC."""
        return self._at or datetime.now(UTC)

    def elapsed(self) -> float:
        """Seconds of a stopwatch."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, until `wake` at the longest."""
        with self._waking:
            self._waking.wait(seconds)

    def wake(self) -> None:
        """End every wait of now."""
        with self._waking:
            self._waking.notify_all()


def pinned_by(written: str | None) -> datetime | None:
    """The instant that TALLYSTICK_NOW pins the clock to; InvalidQuestion where it cannot be read."""
    try:
        return pinned(written) if written else None
    except ValueError as wrong:
        raise InvalidQuestion(f"TALLYSTICK_NOW cannot be read: {wrong}.", "Write 2026-10-01T12:00:00Z.") from None


def pinned(at: str) -> datetime:
    """The instant to pin the clock to; ValueError where no clock shows it."""
    pinned = instant(at)
    if not FIRST_DAY.year <= pinned.year < LAST_YEAR:
        raise ValueError(f"{pinned.year} is no year from {FIRST_DAY.year} to {LAST_YEAR - 1}")
    return pinned
