"""Remote: a ledger in a bucket, as the tables of it need it: read in one copy here, written in another, in turns."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tallystick.errors import LedgerError, LedgerUnreachable
from tallystick.store import faults, lock
from tallystick.store.bucket import SCHEME, Bucket
from tallystick.store.disk import private, put
from tallystick.store.remote import conditions, head as heads
from tallystick.store.remote.head import Head, State, commit, state_of
from tallystick.store.remote.lease import Lease
from tallystick.store.remote.manifest import Segments
from tallystick.store.remote.objects import Objects
from tallystick.store.remote.reading_copy import ReadingCopy
from tallystick.store.remote.working_copy import WorkingCopy

if TYPE_CHECKING:
    from tallystick.store.remote.opener import Opener


class Remote:
    """The copies of one ledger in a bucket. Nothing is asked of the store before the first question or turn."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._turn: tuple[WorkingCopy, Lease] | None = None

    @cached_property
    def objects(self) -> Objects:
        """The objects of the bucket."""
        return Objects(self.bucket)

    @cached_property
    def _segments(self) -> Segments:
        return Segments(self.objects, self.bucket.folder)

    @cached_property
    def reading(self) -> ReadingCopy:
        """The copy for questions."""
        return ReadingCopy(self.objects, self._segments)

    @cached_property
    def opener(self) -> Opener:
        """How DuckDB opens files of the ledger."""
        from tallystick.store.remote.opener import Opener

        return Opener(self.reading)

    @property
    def working(self) -> bool:
        """Whether a turn goes on."""
        return self._turn is not None

    @property
    def folders(self) -> tuple[Path, Path]:
        """The folders of both copies."""
        return self.bucket.reading.resolve(), self.bucket.working.resolve()

    def path(self, file: str | Path) -> str:
        """The path of a file of a copy in the ledger."""
        own = Path(file).resolve()
        return next(own.relative_to(folder).as_posix() for folder in self.folders if own.is_relative_to(folder))

    def address(self, file: str | Path) -> str:
        """The address of a file of the reading copy, for DuckDB."""
        return f"{SCHEME}://{self.path(file)}"

    @contextmanager
    def turn(
        self, waiting: Callable[[str], None] | None, patience: float, reminder: float, *, lenient: bool = False
    ) -> Iterator[Path]:
        """The only writer, in its working copy, which is published at the end.

        Where work in it raises, what it leaves is published too, as a folder would have it.
        """
        with self._leased(waiting, patience, reminder) as (lease, state):
            working = WorkingCopy(self.objects, self._segments)
            working.pull(state, lenient=lenient)
            self._turn = working, lease
            try:
                yield working.folder
            except LedgerUnreachable:
                raise
            except BaseException:
                with suppress(LedgerError):
                    working.publish(lease)
                raise
            else:
                working.publish(lease)
            finally:
                self._turn = None
        self.reading.refresh(now=True)

    def mirror(
        self,
        root: Path,
        check: Callable[[], None],
        waiting: Callable[[str], None] | None,
        patience: float,
        reminder: float,
    ) -> None:
        """Let the bucket have exactly what a folder has, in one commit; nothing where `check` raises."""
        with self._leased(waiting, patience, reminder) as (lease, state):
            self.reading.refresh(now=True)
            check()
            WorkingCopy(self.objects, self._segments, root).adopt(state).publish(lease)
        self.reading.refresh(now=True)

    @contextmanager
    def _leased(
        self, waiting: Callable[[str], None] | None, patience: float, reminder: float
    ) -> Iterator[tuple[Lease, State]]:
        """The turn of one writer, and the head that it begins from."""
        folder = self.bucket.folder
        with faults.writing(folder), private(folder), lock.turn(folder, waiting, patience, reminder, str(self.bucket)):
            conditions.check(self.objects, folder)
            lease = Lease(self.objects, f"{self._copy_id()}@{socket.gethostname()}")
            lease.take(waiting, patience, reminder)
            reached = True
            try:
                yield lease, self._claimed(lease)
            except LedgerUnreachable:
                reached = False
                raise
            finally:
                lease.end(tell=reached)

    def publish(self, *, erasing: bool = False) -> None:
        """Commit what the turn has written so far; LedgerError where it was lost."""
        if self._turn:
            working, lease = self._turn
            working.publish(lease, erasing=erasing)

    def fetch(self, files: Iterable[str | Path]) -> None:
        """Bring files of the reading copy that are not there."""
        self.reading.fetch([*map(self.path, files)])

    def _claimed(self, lease: Lease) -> State:
        """The head; put anew in the epoch of this turn where a commit of the turn before may still be under way."""
        content = self.objects.get(heads.NAME)
        state = state_of(content, self.bucket) if content else None
        if state and lease.was_over:
            return state
        head = state.head if state else Head(0, 0, "")
        claim = msgspec.structs.replace(head, epoch=lease.epoch, token=secrets.token_hex(16))
        return commit(self.objects, lease, claim, state)

    def _copy_id(self) -> str:
        """The name of the copies on this machine."""
        path = self.bucket.folder / "id"
        if not path.exists():
            put(path, secrets.token_hex(16).encode())
        return path.read_text(encoding="utf-8")
