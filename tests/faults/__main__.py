"""Run the matrix with pauses that pass at once: `python -m faults`, from the folder tests."""

from __future__ import annotations

import time

_real_sleep, _real_monotonic = time.sleep, time.monotonic
_skipped: list[float] = []


def _sleep(seconds: float) -> None:
    """Let the time pass at once: how long the client waits between attempts is its own affair."""
    _skipped.append(seconds)
    _real_sleep(0)


if __name__ == "__main__":
    time.sleep = _sleep
    time.monotonic = lambda: _real_monotonic() + sum(_skipped)
    from faults.matrix import main  # after the clock, which its imports would bind
    from tallystick.clock import SystemClock

    SystemClock.sleep = lambda _, seconds: _sleep(seconds)  # type: ignore[method-assign]
    main()
