"""Visits: which state of the ledger pages are made of, and how readers move on to a newer one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tallystick.api.client import Clock
    from tallystick.store.tables import Tables
    from tallystick.store.version import Version

LOOK = 1.0
"""Seconds between two looks at what the ledger has."""
MINUTES = 10
"""Minutes for which answers are of the same instant: it decides which days have ended, and which bills are late."""
MOVE = 10.0
"""Seconds between two versions that readers are shown: a long sync commits many."""
LATE = 60.0
"""Seconds for which a newer state is kept back at most until it has its answers."""
STAY = 60.0
"""Seconds between two states of one version: while a sync reads, the index of pages grows each second."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What one page is made of: one version of the ledger, None where there is none yet, at one instant.

    `reads` tells when the index of pages grew last: a sync that finds nothing new makes no version.
    """

    version: Version | None
    reads: int
    now: datetime

    @property
    def state(self) -> str:
        """What of the ledger an answer depends on."""
        return f"{self.version.number if self.version else 0}-{self.reads}"


class Visits:
    """The newest state of a ledger, and the one that readers are shown."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock
        self._newest: Visit | None = None
        self._newest_at = self._looked_at = self._outdated_at = 0.0
        self._shown: Visit | None = None

    def visit(self) -> Visit:
        """Return the state that readers are shown; LedgerError where the ledger cannot be read.

        A newer one is shown as soon as `show` is told so, and after `LATE` seconds in any case.
        """
        newest, current = self._look(), self._shown
        late = self._clock.elapsed() >= self._outdated_at + LATE
        if current is None or current.version is None or newest.version is None or late:
            current = self._shown = newest
        return current

    def newer(self) -> Visit | None:
        """Return the newest state where readers are not shown it yet; LedgerError as from `visit`."""
        newest = self._look()
        return newest if newest.version and newest != self._shown else None

    def show(self, visit: Visit) -> None:
        """Show readers a newer state."""
        self._shown, self._outdated_at = visit, self._newest_at

    def _look(self) -> Visit:
        """The newest state; while a sync reads and commits, what it was some seconds ago."""
        now, known = self._clock.elapsed(), self._newest
        if known and known.version and now < self._looked_at + LOOK and self._tables.exists():
            return known
        newest, self._looked_at = self._read(), now
        if known and known.version and newest.version:
            stays = STAY if newest.version.number == known.version.number else MOVE
            if now < self._newest_at + stays:
                return known
        if newest != known:
            if known == self._shown:  # else it has been outdated since an earlier one: a long sync commits many
                self._outdated_at = now
            self._newest, self._newest_at = newest, now
        return newest

    def _read(self) -> Visit:
        now = self._clock.now()
        now -= timedelta(minutes=now.minute % MINUTES, seconds=now.second, microseconds=now.microsecond)
        if not self._tables.exists():
            return Visit(None, 0, now)
        version = self._tables.newest_by_snapshot()
        # 0: a first sync has committed nothing yet
        return Visit(version if version.number else None, self._tables.index_changed(), now)
