"""The pace: how many requests a minute the reports of each dialect take of the organization."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable

from tallystick.sim.wire.answer import Refusal

MINUTE = 60.0
_ROOT = "/v1/organizations/"
_OLDER = (f"{_ROOT}usage_report/", f"{_ROOT}cost_report")
_NEWER = (f"{_ROOT}analytics/", f"{_ROOT}spend_limit")


class Pace:
    """Refuses what comes above so many requests in any minute; `older` and `newer` are the most, None for any number.

    The newer reports share theirs with spend limits and say when to come again (analytics-api 1.11); the older ones
    refuse without a `retry-after` (reports-api 2.5). What is refused does not count. `elapsed` is a stopwatch.
    ValueError for a pace of less than one.
    """

    def __init__(
        self, older: int | None = None, newer: int | None = None, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        if any(most is not None and most < 1 for most in (older, newer)):
            raise ValueError("a pace is one request a minute at the least")
        self._most = ((_OLDER, older, False), (_NEWER, newer, True))
        self._elapsed = elapsed
        self._admitted: tuple[deque[float], ...] = tuple(deque[float]() for _ in self._most)

    def admit(self, path: str) -> None:
        """Count a request; Refusal where the minute is full."""
        now = self._elapsed()
        for (paths, most, tells_wait), admitted in zip(self._most, self._admitted, strict=True):
            if most is None or not path.startswith(paths):
                continue
            while admitted and admitted[0] <= now - MINUTE:
                admitted.popleft()
            if len(admitted) >= most:
                wait = math.ceil(admitted[0] + MINUTE - now) if tells_wait else None
                raise Refusal(429, f"More than {most} requests a minute.", wait=wait)
            admitted.append(now)
