"""Reading copy: what questions need of a ledger in a bucket, in a folder here: logs, and rows as they are asked for.

The folder is read as one on a disk to which a writer commits: what names others comes last, so a question that is
under way goes on with what its version names. Rows and pages are fetched when they are first opened, held to their
SHA-256, and those that were not opened for longest go where they are more than the bound.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

from filelock import FileLock

from tallystick.errors import LedgerError
from tallystick.store.disk import private
from tallystick.store.faults import REPAIR
from tallystick.store.remote import head as heads
from tallystick.store.remote.files import Fetcher, clear, missing, walk
from tallystick.store.remote.head import State, state_of
from tallystick.store.remote.manifest import LEDGER, PAGES, Entry, Segments, family, is_rows
from tallystick.store.remote.objects import Objects, Unchanged
from tallystick.store.remote.working_copy import unnamed_objects

LOOK = 1.0
"""Seconds between two looks at the head."""
_TRIES = 3
"""Times that a state is fetched that moves meanwhile."""
_SLACK = 16
"""The part of the bound by which what is fetched may pass it before some of it goes."""


class ReadingCopy:
    """The copy for questions. Safe to share between threads; processes of this machine share the folder."""

    def __init__(self, objects: Objects, segments: Segments) -> None:
        folder = objects.bucket.folder
        self.folder = objects.bucket.reading
        self._state_file = folder / "reading.json"
        self._objects = objects
        self._segments = segments
        self._arriving = folder / "arriving"
        self._writers = objects.bucket.working
        self._fetcher = Fetcher(objects, self.folder, self._writers)
        self._file_lock = FileLock(folder / "reading.lock")
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._state: State | None = None
        self._fetched = objects.bucket.most_bytes

    def refresh(self, *, now: bool = False) -> None:
        """Bring the folder to the state that the bucket has, at most once a second unless it is to be `now`."""
        with self._lock:
            if not now and time.monotonic() < self._looked_at + LOOK:
                return
            for _ in range(_TRIES):
                if self._follow():
                    self._looked_at = time.monotonic()
                    return
            raise LedgerError(
                f"The ledger {self._objects.bucket} moves faster than it can be read, or lacks an object.",
                "Run the same again; `tallystick doctor` says whether it is damaged.",
            )

    def fetch(self, paths: Iterable[str]) -> None:
        """Bring files that are not there; LedgerError where the ledger moved on and has one no more."""
        absent = [path for path in paths if not (self.folder / path).exists()]
        for _ in range(_TRIES):
            if not absent:
                return
            files = {path: entry for path in absent if (entry := self.entry(path))}
            lost = self._fetcher.fetch(files) if len(files) == len(absent) else absent
            if not lost:
                self._bound(sum(entry.size for entry in files.values()))
                return
            absent = lost
            self.refresh(now=True)
        raise LedgerError(
            f"The ledger {self._objects.bucket} has moved on: {absent[0]} is gone.",
            "Ask again. If it stays so, `tallystick doctor` says whether it is damaged.",
        )

    def fetch_all(self) -> None:
        """Bring everything, also what no question needs; what the bucket has lost is not here afterwards."""
        self.refresh(now=True)
        files = self._segments.all(self._state.head) if self._state else {}
        clear(self.folder, missing(self._objects, files))
        self._fetcher.fetch({path: entry for path, entry in files.items() if not (self.folder / path).exists()})

    @contextmanager
    def still(self) -> Iterator[Path]:
        """The folder with every file of the newest state, which nobody moves on; LedgerError where one is lost."""
        self.fetch_all()
        with self._file_lock:
            disk_state = State.read(self._state_file)
            if disk_state is None or self._state is None or disk_state.tag != self._state.tag:
                raise LedgerError(f"The ledger {self._objects.bucket} has moved on.", "Run the same again.")
            lost = [path for path in self._segments.all(disk_state.head) if not (self.folder / path).exists()]
            if lost:
                raise LedgerError(f"The ledger {self._objects.bucket} has lost {lost[0]}.", REPAIR)
            yield self.folder

    def entry(self, path: str) -> Entry | None:
        """What the bucket has of a file; None where it has none."""
        return self._segments.files(self._state.head.segments[family(path)]).get(path) if self._state else None

    def leftovers(self) -> dict[str, int]:
        """The objects that no state names, and their sizes: what dead writers put, and a writer that is at it."""
        if self._state is None:
            return {}
        unnamed = unnamed_objects(self._objects, self._segments, self._state.head)
        return {key: size for key, size in unnamed.items() if key not in self._state.head.gone}

    def opened(self, path: str) -> None:
        """Remember that a file was opened now."""
        file = self.folder / path
        with suppress(OSError):
            os.utime(file, ns=(time.time_ns(), file.stat().st_mtime_ns))

    def _follow(self) -> bool:
        """Bring the folder to the head; False where that moved meanwhile."""
        try:
            content = self._objects.newer(heads.NAME, self._state.tag if self._state else None)
        except Unchanged:
            return True
        if content is None and self._state is None:
            return True
        with private(self._objects.bucket.folder), self._file_lock:
            disk_state = State.read(self._state_file)
            try:
                content = self._objects.newer(heads.NAME, disk_state.tag if disk_state else None)
            except Unchanged:
                self._state = disk_state
                return True
            if content is None:
                raise LedgerError(f"There is no ledger at {self._objects.bucket} any more.", "Name another: --ledger.")
            state = state_of(content, self._objects.bucket)
            if not self._apply(disk_state, state):
                return False
            state.write(self._state_file)
            self._state = state
            return True

    def _apply(self, disk_state: State | None, state: State) -> bool:
        """Bring the folder from one state to another; False where an object of it is gone, for the head moved."""
        before = self._segments.files(disk_state.head.segments[LEDGER]) if disk_state else {}
        files = self._segments.files(state.head.segments[LEDGER])
        here = {path for path, _ in walk(self.folder)}
        changed = {path for path, entry in files.items() if path not in before or before[path].hash != entry.hash}
        needed = {path: files[path] for path in files if _is_needed(path) and (path in changed or path not in here)}
        rmtree(self._arriving, ignore_errors=True)
        if Fetcher(self._objects, self._arriving, self._writers).fetch(needed):
            return False
        clear(self.folder, (path for path in changed & here if not _is_needed(path)))
        for path in sorted(needed, key=_rank):
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self._arriving / path).replace(self.folder / path)
        rmtree(self._arriving, ignore_errors=True)
        clear(self.folder, here - files.keys() - {path for path in here if family(path) == PAGES})
        self._segments.keep(state.head)
        return True

    def _bound(self, size: int) -> None:
        """Delete what was not opened for longest, where all that was fetched is more than the bound."""
        most = self._objects.bucket.most_bytes
        self._fetched += size
        if self._fetched <= most // _SLACK:
            return
        self._fetched = 0
        fetched = [
            (status.st_atime_ns, status.st_size, path) for path, status in walk(self.folder) if not _is_needed(path)
        ]
        total = sum(size for _, size, _ in fetched)
        for _, size, path in sorted(fetched):  # noqa: PLR1704
            if total <= most:
                return
            (self.folder / path).unlink(missing_ok=True)
            total -= size


def _is_needed(path: str) -> bool:
    """Whether a question may need a file whatever it asks."""
    return not is_rows(path) and family(path) == LEDGER


def _rank(path: str) -> tuple[int, str]:
    """The order in which files come into place: what names others last."""
    last = ("versions/", "newest", "snapshot")
    return next((index for index, name in enumerate(last, 1) if path.startswith(name)), 0), path
