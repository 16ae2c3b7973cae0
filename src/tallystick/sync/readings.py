"""Readings of a plan's windows: each in a thread of its own, ahead of the commits, handed over in the plan's order.

The queries of one window follow each other, as its control totals demand; those of several windows overlap. The first
window of a source is read alone until its first rows are there: they show how dense the report is, and that it may be
read at all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Self

from tallystick.api.client import Client
from tallystick.store.interrupt import GLANCE
from tallystick.sync.batch import Batch, BatchCheck
from tallystick.sync.plan import SyncTask
from tallystick.sync.source import Source

AHEAD = 32_000_000
"""Bytes of pages that may be read ahead of the window that is committed next, so that memory stays flat."""
AT_ONCE = 16_000_000
"""Bytes of pages that may be on their way and decoded at once; a decoded page takes twice its bytes more."""
SCOUTING = frozenset({"before", "scout"})
"""The purposes of pages that come before the first rows."""
GRACE = 0.05
"""Seconds between two tries to end what is still being asked."""
LONGEST_END = 15.0
"""Seconds after which a thread that will not end is left to the end of the process."""


class Arrival(NamedTuple):
    """A page that came and was taken: why it was asked for, and its bytes."""

    purpose: str
    size: int


@dataclass
class Reading:
    """One window as it was read: what came back of it, its rows of the archive's index, its warnings, or its error.

    `result` has no check for a look at control totals. `size` is the bytes of its pages so far. `done`: it is read, or
    there is an `error`.
    """

    task: SyncTask
    attempt: int
    read_at: datetime
    result: tuple[Batch, BatchCheck | None] | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: BaseException | None = None
    size: int = 0
    done: bool = False


class Readings:
    """Reads windows ahead by `read`, which fills a reading page by page. As a context manager: no thread outlives it.

    As many windows are being read as `client` may have requests out at once, fewer where their pages are large; where
    that is one, none is read ahead.
    `now` is the time of day.
    """

    def __init__(
        self, client: Client, read: Callable[[Reading], Iterator[Arrival]], now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._read = read
        self._now = now
        self._changed = threading.Condition()
        self._planned: dict[SyncTask, None] = {}
        """What is not begun yet, in order."""
        self._open: dict[SyncTask, Reading] = {}
        """What was begun and not taken yet."""
        self._threads: list[threading.Thread] = []
        self._next: SyncTask | None = None
        """What is to be taken now, and so is not ahead."""
        self._seen: set[Source] = set()
        """The sources of which rows were read."""
        self._largest: dict[Source, int] = {}
        """The bytes of the largest page of a source so far."""
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End what is still being asked."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        patience = time.monotonic() + LONGEST_END
        while (running := [thread for thread in self._threads if thread.is_alive()]) and time.monotonic() < patience:
            self._client.halt()
            running[0].join(GRACE)
        self._client.resume()

    @property
    def ahead(self) -> int:
        """How many windows are read and not taken yet."""
        with self._changed:
            return sum(reading.done for reading in self._open.values())

    def plan(self, tasks: Iterable[SyncTask]) -> None:
        """Read these windows, the first of them first."""
        with self._changed:
            self._planned = dict.fromkeys(tasks if self._client.most_at_once > 1 else ())
            self._begin_more()

    def take(self, task: SyncTask, attempt: int) -> Reading:
        """Wait for a window, read it now where it was not planned, and hand it over."""
        with self._changed:
            if task not in self._open:
                self._planned.pop(task, None)
                self._begin(task, attempt)
            reading, self._next = self._open[task], task
            self._changed.notify_all()
            while not reading.done:
                self._changed.wait(GLANCE)
            del self._open[task]
            self._changed.notify_all()
        return reading

    def go_on(self, unwanted: Callable[[SyncTask], bool]) -> None:
        """Read further windows, and none of those that are not wanted any more."""
        with self._changed:
            self._planned = {task: None for task in self._planned if not unwanted(task)}
            self._open = {task: reading for task, reading in self._open.items() if not unwanted(task)}
            self._begin_more()
            self._changed.notify_all()

    def _begin_more(self) -> None:
        """Begin the windows that may be read now."""
        for task in [*self._planned]:
            running = [reading.task.source for reading in self._open.values() if not reading.done]
            if self._ended or len(running) >= self._client.most_at_once or self._is_far_ahead():
                return
            if sum(self._largest.get(source, 0) for source in running) > AT_ONCE:
                return
            if task.source in self._seen or not any(opened.source is task.source for opened in self._open):
                del self._planned[task]
                self._begin(task, 1)

    def _is_far_ahead(self) -> bool:
        return sum(reading.size for task, reading in self._open.items() if task != self._next) > AHEAD

    def _begin(self, task: SyncTask, attempt: int) -> None:
        reading = self._open[task] = Reading(task, attempt, self._now())
        thread = threading.Thread(target=self._run, args=(reading,), name=str(task), daemon=True)
        self._threads = [*(known for known in self._threads if known.is_alive()), thread]
        thread.start()

    def _run(self, reading: Reading) -> None:
        try:
            for arrival in self._read(reading):
                self._let_in(reading, arrival)
        except BaseException as wrong:  # noqa: BLE001 - it is raised where the window is taken
            reading.error = wrong
        with self._changed:
            reading.done = True
            if reading.error is None:
                self._seen.add(reading.task.source)
                self._begin_more()
            self._changed.notify_all()

    def _let_in(self, reading: Reading, arrival: Arrival) -> None:
        """Count a page, and wait with the next one while too much is read ahead."""
        with self._changed:
            reading.size += arrival.size
            source = reading.task.source
            self._largest[source] = max(self._largest.get(source, 0), arrival.size)
            if arrival.purpose not in SCOUTING and source not in self._seen:
                self._seen.add(source)
                self._begin_more()
            while self._is_far_ahead() and reading.task != self._next and not self._ended:
                self._changed.wait()
