"""Fetching: one window after another from the API into the archive, each judged once it is read whole.

A window is read from its start again where a page token was lost, and a day that moved while it was read is read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from tallystick.api.client import Page
from tallystick.core.records import PAGES
from tallystick.core.time import Grain, Window
from tallystick.errors import CursorLost, StrangeAnswer
from tallystick.ledger.archive import Archive
from tallystick.ledger.tables import Writer, schema
from tallystick.sync.activity import ActivityReading
from tallystick.sync.dense import DenseReading
from tallystick.sync.keep import Keeper
from tallystick.sync.loss import ACCEPTANCE, ACCEPTED
from tallystick.sync.outcome import Outcome
from tallystick.sync.people import People
from tallystick.sync.plan import Errand, Source
from tallystick.sync.questions import Questions
from tallystick.sync.reading import Asked, Reading, Verdict
from tallystick.sync.sparse import SparseReading
from tallystick.sync.watch import AGAIN

TRIES = 3
"""Times that an ended day which moves is read, and a window whose page tokens are lost: once, and twice again."""
IMPOSSIBLE = (ArithmeticError, RecursionError, pa.ArrowException)
"""What an answer raises that holds more than figures of the ledger can: a count beyond 64 bits, or the like."""


def reading_of(errand: Errand, keeper: Keeper, read_at: datetime) -> Reading:
    """A reading of an errand, of the dialect that it is of."""
    if errand.source is Source.CLAUDE_CODE:
        people, keys = keeper.people.id_of, keeper.key_ids()
        return ActivityReading(errand, keeper.organization, read_at, person=people, key=keys)
    kind = SparseReading if errand.source.newer else DenseReading
    return kind(errand, keeper.organization, read_at, keeper.default)


@dataclass
class Fetch:
    """Reads windows for one sync and counts what that took in `outcome`; `accept`: losses are committed at once."""

    questions: Questions
    archive: Archive
    people: People
    outcome: Outcome
    accept: bool = False
    reading: int = 0
    """The number of the newest reading in the archive's index."""
    _rows: list[dict[str, Any]] = field(default_factory=list)

    def read(self, keeper: Keeper, errand: Errand, read_at: datetime, attempt: int) -> tuple[Reading, Verdict | None]:
        """Read a window whole and judge it (None for a look at its control totals); its pages wait for `index`.

        StrangeAnswer where an answer holds what cannot be; nothing of the window is indexed then.
        """
        for last in (*(False,) * (TRIES - 1), True):
            try:
                return self._once(keeper, errand, read_at, attempt)
            except CursorLost:
                if last:
                    raise
        raise AssertionError  # the last try returns or raises

    def _once(self, keeper: Keeper, errand: Errand, read_at: datetime, attempt: int) -> tuple[Reading, Verdict | None]:
        reading = reading_of(errand, keeper, read_at)
        rows: list[dict[str, Any]] = []
        try:
            for answer in self._pages(errand, reading, read_at):
                rows.append(self.archived(answer, len(rows)))
                reading.add(answer)
                if errand.source is Source.USAGE:
                    self.questions.densest = max(self.questions.densest, reading.densest)
            verdict = None if errand.check else reading.verdict()
        except IMPOSSIBLE as wrong:
            raise StrangeAnswer(f"{errand}: an answer holds what cannot be: {_first_line(wrong)}", AGAIN) from None
        if self.accept and not errand.check:
            page = Page("tallystick sync --accept-loss", ACCEPTANCE)
            rows.append(self.archived(Asked(ACCEPTED, {}, page), len(rows)))
        self._wait(keeper, rows, errand.source, errand.grain, errand.window, read_at, attempt)
        return reading, verdict

    def _pages(self, errand: Errand, reading: Reading, read_at: datetime) -> Iterator[Asked]:
        for answered in self.questions.pages(errand, reading, read_at):
            self.outcome.requests += 1
            yield self.people.taken(answered, errand.source)

    def archived(self, answer: Asked, index: int) -> dict[str, Any]:
        """Put a page into the archive; its row of the index."""
        self.outcome.size += len(answer.page.body)
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

    def names(self, keeper: Keeper, pages: list[Asked], read_at: datetime) -> None:
        """Archive and index the pages of the directory."""
        self.outcome.requests += len(pages)
        rows = [self.archived(answer, index) for index, answer in enumerate(pages)]
        self._wait(keeper, rows, "names", Grain.DAY, Window(read_at, read_at), read_at, attempt=1)
        self.index(keeper.writer)

    def _wait(
        self,
        keeper: Keeper,
        rows: list[dict[str, Any]],
        source: str,
        grain: Grain,
        window: Window,
        read_at: datetime,
        attempt: int,
    ) -> None:
        """Number a reading; its pages are indexed just before what is made of them is committed."""
        self.reading += 1
        common = {
            "organization": keeper.organization,
            "reading": self.reading,
            "attempt": attempt,
            "source": str(source),
            "grain": str(grain),
            "window_start": window.start,
            "window_end": window.end,
            "read_at": read_at,
        }
        self._rows += [common | row for row in rows]

    def index(self, writer: Writer) -> None:
        """Put the pages of the readings so far into the index, before anything made of them is committed."""
        writer.append(PAGES, pa.Table.from_pylist(self._rows, schema(PAGES)))
        self._rows = []


def _first_line(wrong: Exception) -> str:
    return str(wrong).partition("\n")[0][:200] or type(wrong).__name__
