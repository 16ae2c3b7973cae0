"""Unread bills of a sync: windows of a bill that could not be read, and those that can be again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from tallystick.core.ledger_tables import NOTICES
from tallystick.store.columns import schema
from tallystick.store.writer import Writer
from tallystick.sync.plan import SyncTask
from tallystick.sync.source import Source

KIND = "unread bill"
"""The kind of the notice of a source and day; the newest one of them holds."""
READ = "an answer could be read"
"""The text of the newest notice once an answer could be read; any other is why none could."""


def is_bill(task: SyncTask) -> bool:
    """Whether a task reads a bill, and not its control totals alone."""
    return task.source.half == "bill" and not task.check


class UnreadBills:
    """The days of one organization whose bill could not be read when it was last asked for, by source.

    `notices` are those that the ledger has, `when` is the time of the newest failure.
    """

    def __init__(self, writer: Writer, organization: str, notices: Sequence[Mapping[str, Any]]) -> None:
        self._writer = writer
        self._organization = organization
        ours = [row for row in notices if row["kind"] == KIND]
        self._texts = {row["subject"]: row["text"] for row in sorted(ours, key=lambda row: row["noticed_at"])}
        self._failures: dict[str, tuple[str, datetime]] = {}
        self.when = datetime.min.replace(tzinfo=UTC)

    def days(self, source: Source) -> set[date]:
        """The days whose bill of a source could not be read."""
        prefix = f"{source} "
        unread = (subject for subject, text in self._texts.items() if text != READ and subject.startswith(prefix))
        return {date.fromisoformat(subject.removeprefix(prefix)) for subject in unread}

    def leave(self, task: SyncTask, reason: str, read_at: datetime) -> None:
        """Take a window whose bill could not be read; of others nothing."""
        if is_bill(task):
            self._failures |= {f"{task.source} {day}": (reason, read_at) for day in task.window.days()}
            self.when = max(self.when, read_at)

    def write(self, tasks: Iterable[SyncTask], read_at: datetime) -> set[date]:
        """Write down what was left and what `tasks` have read again; return the days whose notice is new."""
        new = {
            subject: (READ, read_at)
            for task in tasks
            if task.source.half == "bill"
            for day in task.window.days()
            if self._texts.get(subject := f"{task.source} {day}", READ) != READ
        }
        new |= {
            subject: failure for subject, failure in self._failures.items() if self._texts.get(subject) != failure[0]
        }
        self._failures = {}
        rows = [
            {"organization": self._organization, "noticed_at": when, "kind": KIND, "subject": subject, "text": text}
            for subject, (text, when) in new.items()
        ]
        if rows:
            self._writer.append(NOTICES, pa.Table.from_pylist(rows, schema(NOTICES)))
        self._texts |= {subject: text for subject, (text, _) in new.items()}
        return {date.fromisoformat(subject.rpartition(" ")[2]) for subject in new}
