"""Refresh: the ledger is synced at intervals, in a process beside the readers; whoever listens hears how far it is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from tallystick.core.time import text
from tallystick.web.sync_process import ERROR, RESULT, SyncProcess

if TYPE_CHECKING:
    from tallystick.settings import Settings

NAME = "tallystick-refresh"
"""The name of the thread."""
LEAST = timedelta(minutes=5)
"""The shortest interval: the API's figures are some minutes old in any case (drift 2)."""
GLANCE = 0.5
"""Seconds between two looks of a listener."""
BEAT = 15.0
"""Seconds after which a listener that hears nothing new is sent a sign of life."""


class Phase(StrEnum):
    """What a refresh does."""

    IDLE = "idle"
    WAITING = "waiting"
    READING = "reading"


@dataclass(frozen=True, slots=True)
class State:
    """What a refresh does now, and how the last one ended; `error` is empty where it ended well.

    `done` and `total` count windows, `total` is None while the plan is not made.
    """

    phase: Phase = Phase.IDLE
    subject: str = ""
    done: int = 0
    total: int | None = None
    requests: int = 0
    ended_at: datetime | None = None
    next_at: datetime | None = None
    result: str = ""
    error: str = ""

    def written(self) -> dict[str, str | int | None]:
        """The state as plain data."""
        return {
            "phase": self.phase.value,
            "subject": self.subject,
            "done": self.done,
            "total": self.total,
            "requests": self.requests,
            "ended_at": text(self.ended_at) if self.ended_at else None,
            "next_at": text(self.next_at) if self.next_at else None,
            "result": self.result,
            "error": self.error,
        }


class Refresh:
    """Syncs of the ledger that the settings name, one after the other: every interval, and when asked."""

    def __init__(self, settings: Settings, pause: timedelta | None) -> None:
        self.every = pause
        self.state = State()
        self._settings = settings
        self._clock = settings.clock()
        self._wake = threading.Event()
        self._ended = False
        self._process: SyncProcess | None = None
        self._thread = threading.Thread(target=self._run, name=NAME, daemon=True)

    def start(self) -> None:
        """Begin; the first sync starts at once where there is an interval."""
        if self.every:
            self._wake.set()
        self._thread.start()

    def ask(self) -> None:
        """Sync now, unless one runs."""
        self._wake.set()

    def end(self) -> None:
        """Begin to end: listeners hear nothing more, a sync that runs commits what it has read whole."""
        self._ended = True
        self._wake.set()
        if self._process:
            self._process.stop()

    def stop(self) -> None:
        """End, and wait for the sync that runs."""
        self.end()
        if self._thread.is_alive():
            self._thread.join()

    async def listen(self) -> AsyncIterator[State | None]:
        """Give the state now and each time it changes; None as a sign of life."""
        last: State | None = None
        silent = 0.0
        while not self._ended:
            if self.state != last or silent >= BEAT:
                yield self.state if self.state != last else None
                last, silent = self.state, 0.0
            await asyncio.sleep(GLANCE)
            silent += GLANCE

    def _run(self) -> None:
        while True:
            self._wake.wait(self.every.total_seconds() if self.every else None)
            self._wake.clear()
            if self._ended:
                return
            self._sync()

    def _sync(self) -> None:
        self._tell(phase=Phase.READING, subject="connecting", done=0, total=None, requests=0)
        result = error = ""
        try:
            self._process = SyncProcess(self._settings)
        except OSError as wrong:  # as where Python was replaced, or memory is short: the next one may begin
            error = f"The sync cannot begin: {wrong.strerror}."
        else:
            result, error = self._follow(self._process)
        now = self._clock.now()
        self._tell(
            phase=Phase.IDLE,
            subject="",
            ended_at=now,
            next_at=now + self.every if self.every else None,
            result=result,
            error=error,
        )

    def _follow(self, process: SyncProcess) -> tuple[str, str]:
        """Tell how far a sync is, until it has ended; what it did, and its error."""
        if self._ended:  # meanwhile
            process.stop()
        result = error = ""
        for event in process.events():
            if ERROR in event:
                result, error = event[RESULT], event[ERROR]
            else:
                self._tell(**event | {"phase": Phase(event["phase"])})
        return result, error

    def _tell(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]
