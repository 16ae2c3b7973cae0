"""Commit: checks and names become rows, and rows that changed become a version.

Used by the sync and by the rebuilding of a ledger alike, so that both give the same tables. A batch that changes
nothing writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

import pyarrow as pa

from tallystick.api import directory
from tallystick.api.leniency import Oddity
from tallystick.api.page import Page
from tallystick.core import repeated
from tallystick.core.ledger_tables import DAYS, NOTICES, TALLIED_BY
from tallystick.core.money import plain
from tallystick.core.records import State
from tallystick.core.table import Type
from tallystick.core.time import Grain
from tallystick.core.uncounted import KIND, text_of
from tallystick.store.columns import schema
from tallystick.store.digests import count_of, digests
from tallystick.store.writer import Writer
from tallystick.sync.batch import BatchCheck, CheckedBatch, Figures, added
from tallystick.sync.charging import Charging, rows_of
from tallystick.sync.day_marks import DayMarks, key_of
from tallystick.sync.names import CHILDREN, Naming
from tallystick.sync.pending_losses import PendingLosses
from tallystick.sync.plan import SyncTask, merged
from tallystick.sync.redaction import Mode, People, default_key, key_in
from tallystick.sync.rehome import rehome
from tallystick.sync.source import Source
from tallystick.sync.unread_bills import UnreadBills
from tallystick.tally.prices_in_force import Prices

LOSS = "loss"
"""The kind of a notice of a day that an answer would have emptied or halved."""


class Committer:
    """Commits the batches of one organization through one writer.

    `issues` is what it noticed that is new, `losses` the days that stay as they were, by source and day, and why.
    """

    def __init__(self, writer: Writer, organization: str, prices: Prices, people: People | None = None) -> None:
        self.writer = writer
        self.prices = prices
        self._people = people or People(Mode.FULL, key_in(default_key()))
        self.organization = organization
        self._known = DayMarks(writer.rows(DAYS, organization))
        self._losses = PendingLosses(writer, organization)
        self._naming = Naming(writer, organization)
        notices = writer.rows(NOTICES, organization).to_pylist()
        self._noticed: set[tuple[str, str, str]] = set()
        self._newest: dict[tuple[str, str], str] = {}
        self._take(sorted(notices, key=lambda row: row["noticed_at"]))
        self._unread = UnreadBills(writer, organization, notices)
        self._charging = Charging(writer, organization, prices, self._known, self._naming.profiles, self._unread.days)
        self._tallied_by = TALLIED_BY + organization
        self._committed_at = datetime.min.replace(tzinfo=UTC)
        self.issues: list[str] = []
        self.losses: dict[str, str] = {}

    def keep(self, *batches: CheckedBatch) -> set[date]:
        """Commit what batches change, all of them in one version; return the days that did."""
        changed: set[date] = set()
        when = max([self._unread.when, *(batch.read_at for batch in batches)])
        charged = self._unread.write((batch.task for batch in batches), when)
        news = bool(charged)
        for batch in batches:
            days, noticed = self._write(batch)
            changed |= days
            news = news or noticed or bool(days)
            if batch.task.source.half:
                charged |= days
        if not news:
            return set()
        if charged:
            self._charging.charge(sorted(charged))
        totals: dict[str, str] = {}
        for source in dict.fromkeys(batch.task.source for batch in batches):
            totals |= _totals(
                control for batch in batches if batch.task.source == source for control in batch.check.days.values()
            )
        message = "; ".join(map(str, merged(batch.task for batch in batches))) or "a bill that could not be read"
        self._commit(message, when, totals)
        return changed

    def leave(self, task: SyncTask, reason: str, read_at: datetime) -> None:
        """Note that a window could not be read; written with what is kept next."""
        self._unread.leave(task, reason, read_at)

    def _write(self, batch: CheckedBatch) -> tuple[set[date], bool]:
        """Write what a batch changes, not yet committed; the days that did, and whether there is other news."""
        task, check, read_at = batch.task, batch.check, batch.read_at
        table = task.source.tables[task.grain]
        days, digest = sorted(check.days), digests(check.rows)
        changed = [day for day in days if digest.get(day, "") != self._digest(task, day)]
        lost = self._losses.sift(task, check, changed, read_at, accept=batch.accept)
        for day in days:
            self.losses.pop(f"{task.source} {day}", None)
        if lost:
            self.losses |= {f"{task.source} {day}": words for day, words in lost.items()}
            days = [day for day in days if day not in lost]
            changed = [day for day in changed if day not in lost]
            check = replace(check, days={day: check.days[day] for day in days})
        marks = self._marks(task, check, digest)
        issues = [*_issues(task, check, lost, last=batch.last), *self._states(task, check)]
        noticed = self._notice(issues, read_at)
        met = self._naming.meet(batch.people, read_at)
        news = self._losses.take_news() or met or noticed
        if changed:
            self.writer.replace(table, self.organization, changed, rows_of(changed, check.rows, digest))
        if marks:
            self._mark(task.source, task.grain, marks)
        return {*changed, *(mark["day"] for mark in marks)}, news

    def _digest(self, task: SyncTask, day: date) -> str:
        """The digest of the rows that the ledger has of a day."""
        row = self._known.get((task.source.name, task.grain, day))
        return str(row["digest"]) if row else ""

    @property
    def days(self) -> pa.Table:
        """The organization's rows of `days` as they were when this began."""
        return self._known.rows

    def knows(self, source: Source) -> bool:
        """Whether any day of a source was kept."""
        return self._known.knows(source.name)

    def moved(self, task: SyncTask, control: Mapping[date, Figures]) -> list[date]:
        """The days whose control total is no longer what the ledger has, or is missing where it must not be."""
        days = task.window.days() if task.source.dense else control
        known = {day: self._known.get((task.source.name, task.grain, day)) for day in days}
        return [
            day
            for day, row in known.items()
            if row is None or day not in control or any(row[name] != figure for name, figure in control[day].items())
        ]

    @property
    def default(self) -> str | None:
        """The real id of the default workspace; None where the directory has not told it."""
        return self._naming.default

    @property
    def short(self) -> Mapping[str, str]:
        """The lists of the directory that lost most of their names, so that nobody is marked gone, and how many."""
        return self._naming.short

    @property
    def people(self) -> People:
        """How people are called, as far as their names are known now."""
        self._people.emails |= self._naming.emails()
        return self._people

    def person_ids(self) -> Callable[[str], str]:
        """Give the ids of persons by e-mail, as far as they are known now."""
        return self.people.id_of

    def key_ids(self) -> Callable[[str], str]:
        """Give the ids of keys by name, as far as their names are known now."""
        return self._naming.key_ids()

    def keep_names(self, pages: Iterable[tuple[str, Page]], read_at: datetime) -> int:
        """Commit names that are new, changed or gone; how many. A list that was not read makes nobody gone.

        Nor does one that lost most of its names, until a later one is as short.
        """
        pages, odd = list(pages), set[Oddity]()
        directory.names([(purpose, page) for purpose, page in pages if purpose != CHILDREN], odd)
        before = self.default
        news = self._naming.take(pages, read_at, self._losses)
        if self.default and self.default != before:
            self._rehome(self.default)
        if (
            self._notice([("odd value", oddity.field, oddity.text) for oddity in sorted(odd)], read_at)
            or self._naming.written
        ):
            self._commit("names", read_at, {})
        return news

    def _rehome(self, default: str) -> None:
        """Move the rows of the default workspace's real id to `default`, and charge their days anew."""
        charged: set[date] = set()
        for source, digest in rehome(self.writer, self.organization, default).items():
            marks = [self._known[source.name, Grain.DAY, day] | {"digest": text} for day, text in digest.items()]
            self._mark(source, Grain.DAY, marks)
            charged |= {*digest} if source.half else set()
        self._charging.charge(sorted(charged))

    def _mark(self, source: Source, grain: Grain, marks: list[dict[str, Any]]) -> None:
        """Write rows of `days`."""
        rows = pa.Table.from_pylist(marks, schema(DAYS))
        fixed = {"source": source.name, "grain": str(grain)}
        self.writer.replace(DAYS, self.organization, [mark["day"] for mark in marks], rows, **fixed)
        self._known.take(marks)

    def _notice(self, issues: Iterable[tuple[str, str, str]], read_at: datetime) -> bool:
        """Write down issues, each a kind, a subject and a text, that were not noticed before; whether there are any."""
        rows = [
            {"organization": self.organization, "noticed_at": read_at, "kind": kind, "subject": subject, "text": note}
            for kind, subject, note in issues
            if (kind, subject, note) not in self._noticed or self._newest.get((kind, subject), note) != note
        ]
        if rows:
            self._take(rows)
            self.issues += [f"{row['subject']}: {row['text']}" for row in rows if row["kind"] != LOSS]
            self.writer.append(NOTICES, pa.Table.from_pylist(rows, schema(NOTICES)))
        return bool(rows)

    def keep_prices(self, when: datetime) -> int:
        """Tally every day once more if it was tallied by other price lists, and sum what has no sums; how many days."""
        is_current = self.writer.version.totals.get(self._tallied_by) == self.prices.digest
        days = [] if is_current else sorted({day for _, _, day in self._known})
        for _, month in groupby(days, key=lambda day: (day.year, day.month)):
            self._charging.charge(list(month))
        if self._charging.complete_sums() or days:
            self._commit("charges by other price lists" if days else "sums of charges", when, {})
        return len(days)

    def _commit(self, message: str, when: datetime, totals: dict[str, str]) -> None:
        """Commit, not before the commit before: what is read ahead of a day that moved was asked for earlier."""
        self._committed_at = max(self._committed_at, when)
        totals |= {self._tallied_by: self.prices.digest}
        self.writer.commit(self.organization, message, self._committed_at, totals)

    def _marks(self, task: SyncTask, check: BatchCheck, digest: Mapping[date, str]) -> list[dict[str, Any]]:
        """The rows of `days` that this check makes new or other."""
        marks = []
        nothing = dict.fromkeys(column.name for column in DAYS.columns if column.type in {Type.COUNT, Type.MONEY})
        for day, (day_state, control) in sorted(check.days.items()):
            mark = {
                "organization": self.organization,
                "source": str(task.source),
                "grain": str(task.grain),
                "day": day,
                "state": str(day_state),
                **nothing,
                **control,
                "rows": count_of(digest.get(day, "")),
                "digest": digest.get(day, ""),
            }
            if mark != self._known.get(key_of(mark)):
                marks.append(mark)
        return marks

    def _take(self, rows: Iterable[dict[str, Any]]) -> None:
        """Remember notices; of those that say how a day is, the newest of each subject."""
        for row in rows:
            self._noticed.add(_issue(row))
            if row["kind"] in {KIND, repeated.KIND}:
                self._newest[row["kind"], row["subject"]] = row["text"]

    def _states(self, task: SyncTask, check: BatchCheck) -> Iterator[tuple[str, str, str]]:
        """The notices of days with tokens of unknown kinds or repeated rows, and of days that had some."""
        for day, fields in sorted(check.uncounted.items()):
            if fields.get("") or (KIND, f"{task.source} {day}") in self._newest:
                yield KIND, f"{task.source} {day}", text_of(fields.get("", 0), [name for name in fields if name])
        for day, count in sorted(check.repeated.items()):
            if count or (repeated.KIND, f"{task.source} {day}") in self._newest:
                yield repeated.KIND, f"{task.source} {day}", repeated.text_of(count)


def _issues(task: SyncTask, check: BatchCheck, lost: Mapping[date, str], *, last: bool) -> list[tuple[str, str, str]]:
    """The issues of a batch: a kind, a subject and a text each."""
    day_of = f"{task.source} {task.grain}"
    remedy = "left as the ledger had it, to be read again"
    moved = check.moved.items() if last else ()
    unknown = "a field tallystick does not know; the archive keeps it as sent"
    return [
        *((LOSS, f"{day_of} {day}", f"{words}; left as it was") for day, words in lost.items()),
        *(("moved", f"{day_of} {day}", f"{change}; {remedy}") for day, change in moved),
        *(("new field", f"{task.source} {name}", unknown) for name in sorted(check.new_fields)),
        *(("odd value", f"{task.source} {oddity.field}", oddity.text) for oddity in sorted(check.odd)),
    ]


def _issue(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["kind"], row["subject"], row["text"]


def _totals(days: Iterable[tuple[State, Figures]]) -> dict[str, str]:
    """The control totals of a commit, as its version states them."""
    totals = added(control for _, control in days)
    return {
        name: plain(total) if isinstance(total, Decimal) else str(total)
        for name, total in totals.items()
        if total is not None
    }
