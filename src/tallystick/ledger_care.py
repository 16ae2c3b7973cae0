"""Ledger care: what keeps a ledger whole: examined, repaired, backed up, built anew from its pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.ledger_reader import LedgerReader

if TYPE_CHECKING:
    from tallystick.doctor.damage import Examination
    from tallystick.sync.redaction import People


class LedgerCare(LedgerReader):
    """What is done to a ledger as it lies on the disk."""

    def examine(self) -> Examination:
        """Compare every part of the ledger with what was written; nothing is changed."""
        from tallystick.doctor.examination import examine

        return examine(self._tables, self._lists())

    def repair(self, say: Callable[[str], None], *, waiting: Callable[[str], None] | None = None) -> Examination:
        """Mend in place what is damaged; `say` is told each thing that was done. What is damaged afterwards."""
        from tallystick.doctor.repair import Repair

        return Repair(self._tables, self._lists(), self._people(), self._clock.now(), say, waiting).run()

    def rebuild(self, into: str | Path) -> int:
        """Build another ledger from this one's archived pages alone; how many readings were judged."""
        from tallystick.sync.rebuild import rebuild

        return rebuild(self.path, Path(into), self._lists(), self._people())

    def _people(self) -> People:
        return self._settings.people()
