"""Client of a measured sync: answers from memory or from a server, a pinned clock that never really sleeps."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from canned import NOW

if TYPE_CHECKING:
    import httpx2

    from tallystick.sync.outcome import Outcome

KEY = "sk-ant-admin01-simulated"


class _NoPandas:
    """Hides pandas and numpy, which only tests install: pyarrow would import them, in 0.3 s and 90 MB."""

    def find_spec(self, name: str, *_: object) -> None:
        if name in {"numpy", "pandas"}:
            raise ModuleNotFoundError(name=name)


sys.meta_path.insert(0, _NoPandas())


class Clock:
    """A pinned present, and a stopwatch that jumps ahead by each sleep: no pace of the API costs time of the wall."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now
        self._slept = 0.0

    def now(self) -> datetime:
        """The pinned present."""
        return self._now

    def elapsed(self) -> float:
        """Seconds of the stopwatch."""
        return time.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        """Jump ahead."""
        self._slept += seconds


def in_memory(answer: Callable[[str], bytes]) -> httpx2.MockTransport:
    """A transport that gives the answer to a path and query without a socket."""
    import httpx2

    return httpx2.MockTransport(
        lambda request: httpx2.Response(200, content=answer(request.url.raw_path.decode("ascii")))
    )


def sync(
    folder: Path,
    since: str | None,
    source: str,
    *,
    url: str = "http://127.0.0.1",
    transport: httpx2.BaseTransport | None = None,
    now: datetime = NOW,
) -> Outcome:
    """Sync the ledger in a folder, from a server or through a transport."""
    from tallystick.api.client import Client
    from tallystick.api.credential import Credential
    from tallystick.ledger import Ledger

    clock = Clock(now)
    with Client(Credential(KEY), clock=clock, base_url=url, transport=transport) as client:
        return Ledger(folder, clock).sync(since, source=source, claude_code=False, client=client)
