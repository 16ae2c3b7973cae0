"""Fetch: one window after another from the API into the archive, each judged once it is read whole.

A window is read from its start again where a page token was lost, and a day that moved while it was read is read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

import pyarrow as pa

from tallystick.api.page import AGAIN, Page
from tallystick.core.ledger_tables import PAGES, STOP, SUCCESS, UNREAD
from tallystick.core.time import Grain, Window
from tallystick.errors import CursorExpired, UnexpectedResponse
from tallystick.store import memory
from tallystick.store.archive import Archive
from tallystick.store.columns import schema
from tallystick.store.writer import Writer
from tallystick.sync.batch import GAP, Batch, BatchCheck, FetchedPage
from tallystick.sync.commit import Committer
from tallystick.sync.outcome import Outcome
from tallystick.sync.pending_losses import ACCEPTED
from tallystick.sync.plan import SyncTask
from tallystick.sync.readings import Arrival, Reading
from tallystick.sync.redaction import People
from tallystick.sync.report_reader import ReportReader
from tallystick.sync.sources import NAMES

TRIES = 3
"""Times that an ended day which moves is read, and a window whose page tokens are lost: once, and twice again."""
IMPOSSIBLE = (ArithmeticError, RecursionError, pa.ArrowException)
"""What an answer raises that holds more than figures of the ledger can: a count beyond 64 bits, or the like."""


@dataclass
class Fetch:
    """Reads windows for one sync and counts what that took in `outcome`; `accept`: losses are committed at once."""

    reader: ReportReader
    archive: Archive
    people: People
    outcome: Outcome
    accept: bool = False
    reading: int = 0
    """The number of the newest reading in the archive's index."""
    _rows: list[dict[str, Any]] = field(default_factory=list)
    _complete: int = 0
    """How many of these rows are of windows that are read with all that belongs to them."""
    _turn: Lock = field(default_factory=Lock)
    """Threads take pages one after another: what persons are called, and the archive, are for all of them."""

    def read(self, committer: Committer, reading: Reading) -> Iterator[Arrival]:
        """Read a window whole, page by page, and judge it (not a look at its control totals), in whichever thread.

        UnexpectedResponse where an answer holds what cannot be; nothing of the window is to be indexed then.
        """
        reader = self.reader.warning(reading.warnings.append)
        for last in (*(False,) * (TRIES - 1), True):
            try:
                yield from self._once(committer, reader, reading)
            except CursorExpired:
                if last:
                    raise
            else:
                return

    def _once(self, committer: Committer, reader: ReportReader, reading: Reading) -> Iterator[Arrival]:
        task, rows, reading.size = reading.task, list[dict[str, Any]](), 0
        with self._turn:
            batch = task.source.batch(task, committer.organization, reading.read_at, committer)
        try:
            for answer in reader.pages(batch):
                with self._turn:
                    page = self.people.redact(answer, task.source.persons)
                    rows.append(self._archived(page, len(rows)))
                    batch.add(page)
                    reader.learn(batch)
                arrival = Arrival(page.purpose, len(page.page.body))
                del answer, page  # this may wait long for its turn to go on, and a page is large
                yield arrival
            with self._turn:
                check = None if task.check else batch.check()
                memory.release()
        except IMPOSSIBLE as wrong:
            raise UnexpectedResponse(f"{task}: an answer holds what cannot be: {_first_line(wrong)}", AGAIN) from None
        reading.result, reading.rows = (batch, check), rows

    @property
    def pages(self) -> int:
        """How many pages are not indexed yet."""
        return len(self._rows)

    def take(self, committer: Committer, reading: Reading) -> tuple[Batch, BatchCheck | None]:
        """Number what was read of a window, whose pages wait for `index`; what came back, or raise why nothing did."""
        if reading.result is None:
            raise reading.error or AssertionError
        task = reading.task
        if self.accept and not task.check:
            reading.rows.append(self._note(ACCEPTED, index=len(reading.rows)))
        if (check := reading.result[1]) and check.gaps:
            reading.rows.append(self._note(GAP, index=len(reading.rows)))
        self._wait(
            committer.organization,
            reading.rows,
            task.source.name,
            task.grain,
            task.window,
            reading.read_at,
            reading.attempt,
        )
        return reading.result

    def leave(self, committer: Committer, task: SyncTask, reason: str, read_at: datetime) -> None:
        """Remember in the archive, and in what is committed next, that a window could not be read, and why."""
        rows = [self._note(UNREAD, reason)]
        self._wait(committer.organization, rows, task.source.name, task.grain, task.window, read_at)
        committer.leave(task, reason, read_at)

    def succeed(self, organization: str, writer: Writer, window: Window, when: datetime) -> None:
        """Remember in the archive that all that was wanted could be read, though nothing may have changed."""
        self._wait(organization, [self._note(SUCCESS)], SUCCESS, Grain.DAY, window, when)
        self.index(writer)

    def stop(self, organization: str, writer: Writer, reason: str, window: Window, when: datetime) -> None:
        """Remember in the archive that a sync was stopped, and why."""
        self._wait(organization, [self._note(STOP, reason)], STOP, Grain.DAY, window, when)
        self.index(writer)

    def _note(self, purpose: str, text: str = "", index: int = 0) -> dict[str, Any]:
        """Put what a sync has to say of itself into the archive as a page; its row of the index."""
        page = FetchedPage(purpose, {}, Page("tallystick sync", (text or purpose).encode()))
        with self._turn:
            return self._archived(page, index)

    def _archived(self, answer: FetchedPage, index: int) -> dict[str, Any]:
        """Put a page into the archive; its row of the index."""
        return {
            "purpose": answer.purpose,
            "place": index,
            "request": answer.page.request,
            "fixed": json.dumps(dict(answer.fixed), sort_keys=True),
            "refreshed_at": answer.refreshed_at,
            "hash": self.archive.keep(answer.page.body),
            "size": len(answer.page.body),
            "original": answer.original,
            "redacted": answer.redacted,
        }

    def names(self, committer: Committer, pages: list[FetchedPage], read_at: datetime) -> None:
        """Archive and index the pages of the directory."""
        rows = [self._archived(answer, index) for index, answer in enumerate(pages)]
        self._wait(committer.organization, rows, NAMES, Grain.DAY, Window(read_at, read_at), read_at)
        self.index(committer.writer)

    def _wait(
        self,
        organization: str,
        rows: list[dict[str, Any]],
        source: str,
        grain: Grain,
        window: Window,
        read_at: datetime,
        attempt: int = 1,
    ) -> None:
        """Number a reading; its pages are indexed just before what is made of them is committed."""
        self.reading += 1
        self.outcome.size += sum(row["size"] for row in rows)
        common = {
            "organization": organization,
            "reading": self.reading,
            "attempt": attempt,
            "source": source,
            "grain": str(grain),
            "window_start": window.start,
            "window_end": window.end,
            "read_at": read_at,
        }
        self._rows += [common | row for row in rows]

    def complete(self) -> None:
        """Take what was read so far for read with all that belongs to it."""
        self._complete = len(self._rows)

    def discard(self) -> None:
        """Leave out of the index what was read since then: nothing made of it is committed."""
        del self._rows[self._complete :]

    def index(self, writer: Writer) -> None:
        """Put the pages of the readings so far into the index, before anything made of them is committed."""
        rows, self._rows, self._complete = self._rows, [], 0  # first: what stops it must not index them twice
        writer.append(PAGES, pa.Table.from_pylist(rows, schema(PAGES)))
        writer.reading = self.reading


def _first_line(wrong: Exception) -> str:
    return str(wrong).partition("\n")[0][:200] or type(wrong).__name__
