"""Ledger care: what keeps a ledger whole: examined, repaired, backed up, built anew from its pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.ledger_reader import LedgerReader
from tallystick.store.tables import Tables

if TYPE_CHECKING:
    from tallystick.doctor.damage import Examination
    from tallystick.store.backup import Backup
    from tallystick.store.bucket import Bucket
    from tallystick.store.duplicate import Duplicate
    from tallystick.store.retention import Retained
    from tallystick.sync.redaction import People


class LedgerCare(LedgerReader):
    """What is done to a ledger as it lies on the disk."""

    def examine(self) -> Examination:
        """Compare every part of the ledger with what was written; nothing is changed."""
        from tallystick.doctor.examination import examine

        examination = examine(self._all(), self._lists())
        if self._tables.remote and (leftovers := self._tables.remote.reading.leftovers()):
            size = sum(leftovers.values()) / 1_000_000
            examination.notes.append(
                f"{len(leftovers):,} objects of {size:,.1f} MB that no state names, of dead writers or of one that "
                "writes now: `tallystick doctor --repair` deletes them in its turn."
            )
        return examination

    def repair(self, say: Callable[[str], None], *, waiting: Callable[[str], None] | None = None) -> Examination:
        """Mend in place what is damaged; `say` is told each thing that was done. What is damaged afterwards."""
        from tallystick.doctor.repair import Repair

        with self._tables.turn(waiting, lenient=True):
            examination = Repair(self._tables, self._lists(), self._people(), self._clock.now(), say, waiting).run()
            self._tables.publish(erasing=True)
            return examination

    def back_up(self, folder: str | Path) -> Backup:
        """Copy the newest version into a folder, what it lacks of it, while syncs go on; what was copied."""
        from tallystick.store.backup import back_up

        return back_up(self._all(), Path(folder), self._people_key())

    def copy(self, into: Path | Bucket, *, waiting: Callable[[str], None] | None = None) -> Duplicate:
        """Copy the ledger into another folder or bucket, each file held to its hash; what was copied."""
        from tallystick.store.duplicate import duplicate

        return duplicate(self._tables, into, waiting)

    def restore(self, folder: str | Path) -> int:
        """Bring a backup back as this ledger, which must not be there; its newest version."""
        from tallystick.store.restore import restore

        if not isinstance(self.path, Path):
            raise InvalidQuestion(
                f"A backup is restored into a folder, and {self.path} is a bucket.",
                "Name a folder, then: tallystick copy FOLDER URL.",
            )
        return restore(Path(folder), self.path, self._people_key())

    def rebuild(self, into: str | Path) -> int:
        """Build another ledger from this one's archived pages alone; how many readings were judged."""
        from tallystick.sync.rebuild import rebuild

        return rebuild(self._all().root, Path(into), self._lists(), self._people())

    def _all(self) -> Tables:
        """The tables in a folder that has every file: those of a bucket are fetched."""
        if self._tables.source is None:
            return self._tables
        self._tables.fetch_all()
        tables = Tables(self._tables.root)
        tables.name = self._tables.name
        return tables

    def vacuum(self, keep: timedelta | None = None, *, waiting: Callable[[str], None] | None = None) -> Retained:
        """Drop versions that were not the newest within `keep`, the setting where it is None; delete what none has.

        Versions of closed months stay, and all without such a time. Files of what is dropped are deleted by the next
        call after an hour. Raises InvalidQuestion where the setting is no time, LedgerError where nothing is to vacuum.
        """
        from tallystick.store.retention import retain

        keep = keep or self._settings.keep
        if not self._tables.newest().number:
            raise LedgerError(f"There is nothing to vacuum at {self.path}.", "Run `tallystick sync` first.")
        needed = self._closing_versions()
        with self._tables.writing(waiting) as writer:
            return retain(writer, keep, needed, self._clock.now())

    def _closing_versions(self) -> set[int]:
        """The versions that closed months need, by the newest version."""
        from tallystick.query.closings import closing_versions
        from tallystick.store.engine import Engine

        return closing_versions(Engine(self._tables, self._tables.newest()))

    def _people(self) -> People:
        return self._settings.people()

    def _people_key(self) -> Path | None:
        """The file of the key that hides people."""
        from tallystick.sync.redaction import default_key

        return self._settings.people_key or default_key()
