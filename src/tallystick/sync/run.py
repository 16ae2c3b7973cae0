"""Run of a sync: from the API to the ledger, many windows at a time, with progress.

Each page goes into the archive before it is judged; what was billed and used of the same days is one commit, whole or
not at all. An ended day that moved while it was read is read again, twice at most, then left as the ledger had it, with
a data issue. A window that cannot be read is left out, and all others are read; so is a report whose answers are errors
for as long as patience lasts. A second such report, or no answer at all, stops the sync.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Any

from tallystick.api.client import Client, Clock
from tallystick.api.directory import UNKNOWN_KEY
from tallystick.api.page import Page
from tallystick.core.ledger_tables import PAGES
from tallystick.errors import ApiError, Refused, UnexpectedResponse, Unreachable
from tallystick.store.archive import Archive
from tallystick.store.erasure import forgotten
from tallystick.store.tables import Tables
from tallystick.store.writer import Writer
from tallystick.sync import allowances
from tallystick.sync.batch import Batch, BatchCheck, CheckedBatch
from tallystick.sync.commit import Committer
from tallystick.sync.dialects import PROBE, choose_dialect, plan, probe
from tallystick.sync.fetch import TRIES, Fetch
from tallystick.sync.known_days import known_days
from tallystick.sync.label import Label, likely_organization
from tallystick.sync.listing import Listing
from tallystick.sync.options import Choice, Options
from tallystick.sync.outcome import Outcome, Progress
from tallystick.sync.page_checks import Watch
from tallystick.sync.plan import SyncTask, again
from tallystick.sync.readings import Readings
from tallystick.sync.redaction import Mode, People, default_key, key_in
from tallystick.sync.replay import resume
from tallystick.sync.report_reader import ReportReader
from tallystick.sync.source import Source
from tallystick.sync.unread_bills import is_bill
from tallystick.tally.prices_in_force import Prices

COMMIT_ROWS = 50_000
"""Rows read after which they are committed: they stand in memory, and a crash loses them."""
COMMIT_REQUESTS = 100
"""Requests after which what they brought is committed: a crash asks for no more than these again, and what is ahead."""


class Sync:
    """One run from the API to the ledger. `run` raises what stops all of it; what was committed stays."""

    def __init__(
        self,
        client: Client,
        tables: Tables,
        clock: Clock,
        options: Options,
        *,
        progress: Callable[[Progress], None] | None = None,
        waiting: Callable[[str], None] | None = None,
        prices: Prices | None = None,
        people: People | None = None,
        label: Label | None = None,
    ) -> None:
        self._tables = tables
        self._options = options
        self._progress = progress or (lambda _: None)
        self._waiting = waiting
        self._prices = prices or Prices.with_own()
        self._people = people or People(Mode.FULL, key_in(default_key()))
        self._label = label
        self.outcome = Outcome()
        self._client = client
        self._position = Progress()
        self._counting = Lock()
        self._readings: Readings | None = None
        self._watch = Watch(client, clock, self.outcome.warn, self._count)
        reader = ReportReader(self._watch, self.outcome.warn)
        self._fetch = Fetch(reader, Archive(tables.root), self._people, self.outcome, options.accept_loss)
        self._refused: set[Source] = set()
        """The sources that this credential may not read."""
        self._down: dict[str, Unreachable] = {}
        """Why a report is asked for nothing more."""

    def run(self) -> Outcome:
        """Read what is missing or not settled of the UTC days that are wanted, and commit it, many windows at a time.

        Where the API stops it, what was read is committed; where Ctrl-C does, the windows whose bill and use were both
        read. What could not be read is in the outcome's `failures`. Raises Refused where the credential may read
        nothing, Unreachable, LedgerError.
        """
        with self._tables.writing(self._waiting) as writer:
            self._people.forgotten = forgotten(self._tables.root)
            self.outcome.changed |= resume(writer, self._prices, self._people)
            self._fetch.reading, self._fetch.archive = writer.newest_reading(), writer.archive
            try:
                self._run(writer)
            except ApiError as wrong:
                self._stop(writer, wrong)
                raise
        return self.outcome

    def _run(self, writer: Writer) -> None:
        committer = self._begin(writer)
        organization, now, index = committer.organization, self._watch.now(), writer.delta(PAGES)
        known = known_days(committer.days, self._tables, writer.version, organization, now, index)
        allowances.recall(self._tables, committer.organization, self._client)
        try:
            self._read_all(committer, plan(known, self._options, self._watch.now()))
        finally:
            allowances.remember(self._tables, committer.organization, self._client)
        if not self.outcome.failures:
            self._fetch.succeed(committer.organization, writer, self._options.wanted, self._watch.now())
        self._move(total=self._position.done, subject="done")
        self.outcome.version = writer.version.number
        self.outcome.issues = committer.issues
        self.outcome.losses = committer.losses

    def _stop(self, writer: Writer, wrong: ApiError) -> None:
        """Remember in the archive what stopped the sync."""
        organization = self.outcome.organization or likely_organization(self._label, writer)
        self._fetch.stop(organization, writer, wrong.what, self._options.wanted, self._watch.now())

    def _read_all(self, committer: Committer, groups: list[list[SyncTask]]) -> None:
        """Read the windows of a plan and commit what they brought."""
        complete: list[CheckedBatch] = []
        current: list[CheckedBatch] = []
        try:
            with Readings(self._client, partial(self._fetch.read, committer), self._watch.now) as readings:
                self._readings = readings
                readings.plan(task for group in groups for task in group)
                for index, group in enumerate(groups):
                    self._read_group(committer, readings, group, sum(map(len, groups[index + 1 :])), current)
                    complete += current
                    current.clear()
                    self._fetch.complete()
                    if self._is_due(complete):
                        self._keep(committer, complete)
        except ApiError:
            self._keep(committer, complete + current)
            raise
        except KeyboardInterrupt:
            self._fetch.discard()
            self._keep(committer, complete)
            raise
        self._keep(committer, complete)

    def _count(self) -> None:
        """Count one answer, in whichever thread."""
        with self._counting:
            self.outcome.requests += 1
        self._move(requests=self.outcome.requests, ahead=self._readings.ahead if self._readings else 0)

    def _move(self, **changes: Any) -> None:
        """Tell how far the sync is now."""
        with self._counting:
            self._position = replace(self._position, rows=self.outcome.rows, **changes)
            self._progress(self._position)

    def _begin(self, writer: Writer) -> Committer:
        """Read the directory, find out whose it is, and choose the dialect that is read."""
        listing = Listing.read(self._watch)
        now = self._watch.now()
        sample = probe(self._watch, now) if self._options.choice.newer else None
        if isinstance(sample, Unreachable):
            self._leave_out(PROBE.report, sample)
        elif self._options.choice is Choice.ANALYTICS and isinstance(sample, ApiError):
            raise sample
        page = sample if isinstance(sample, Page) else None
        organization = listing.owner(self._watch, page, writer, self._label)
        self._watch.expect(organization, "the organization's own address" if listing.known else "another answer")
        listing.learn(self._people)
        if page:
            listing.ask_children(self._watch, now)
        committer = Committer(writer, organization, self._prices, self._people)
        self.outcome.organization = organization
        listing.keep(committer, self._fetch, self.outcome, self._watch.now())
        self._options = choose_dialect(self._options, sample, committer, self.outcome, now)
        return committer

    def _read_group(
        self, committer: Committer, readings: Readings, tasks: list[SyncTask], later: int, batches: list[CheckedBatch]
    ) -> None:
        """Read the windows that belong together, and those that follow from them, into `batches`."""
        waiting = deque((task, 1) for task in tasks)
        while waiting:
            task, attempt = waiting.popleft()
            if task.source in self._refused:
                continue
            count = self._position.done
            self._move(total=count + 1 + len(waiting) + later, subject=str(task))
            following = self._read(committer, readings, task, attempt, batches)
            readings.go_on(self._is_left_out)
            waiting.extendleft((follower, 1 if task.check else attempt + 1) for follower in reversed(following))
            self._move(done=count + 1, ahead=readings.ahead)

    def _is_due(self, batches: list[CheckedBatch]) -> bool:
        """Whether so much was read since the last commit that a crash should not lose more."""
        rows = sum(batch.check.rows.num_rows for batch in batches)
        return rows >= COMMIT_ROWS or self._fetch.pages >= COMMIT_REQUESTS

    def _keep(self, committer: Committer, batches: list[CheckedBatch]) -> None:
        """Commit what was read as one version, and empty `batches` first: what stops a commit starts no second one."""
        group = [*batches]
        batches.clear()
        self._fetch.index(committer.writer)
        self.outcome.changed |= committer.keep(*group)

    def _is_left_out(self, task: SyncTask) -> bool:
        """Whether nothing more is asked of the source or the report of a task."""
        return task.source in self._refused or task.source.report in self._down

    def _read(
        self, committer: Committer, readings: Readings, task: SyncTask, attempt: int, batches: list[CheckedBatch]
    ) -> list[SyncTask]:
        """Take what was read of one window and add what came back to `batches`; the tasks that follow from it."""
        if down := self._down.get(task.source.report):
            self._fail(committer, task, down, self._watch.now())
            return []
        reading = readings.take(task, attempt)
        self.outcome.warn(*reading.warnings)
        try:
            batch, check = self._fetch.take(committer, reading)
        except Refused as no:
            self._excuse(committer, task, no, reading.read_at)
            return []
        except (Unreachable, UnexpectedResponse) as wrong:
            self._fail(committer, task, wrong, reading.read_at)
            return []
        if check is None:
            return again(task, committer.moved(task, batch.control("check")))
        last = attempt == TRIES
        people = tuple(batch.people.values())
        batches.append(CheckedBatch(task, check, reading.read_at, last, people, self._fetch.accept))
        self._note(batch, check)
        if not last:
            return again(task, check.moved)
        self.outcome.moved |= {f"{task.source} {day}": change for day, change in check.moved.items()}
        return []

    def _note(self, batch: Batch, check: BatchCheck) -> None:
        """Count what was read, and say what was not in it."""
        task = batch.task
        self.outcome.rows += check.rows.num_rows
        self.outcome.gaps |= {f"{task.source} {day}": gap for day, gap in check.gaps.items()}
        self.outcome.warn(*batch.unnamed(check))
        if not task.source.dense:
            return
        today = self._watch.now().date()
        absent = {*task.window.days()} - {*check.days} - {*check.moved}
        if missing := sorted(day for day in absent if day < today):
            self.outcome.missing.setdefault(str(task.source), []).extend(missing)

    def _fail(self, committer: Committer, task: SyncTask, wrong: ApiError, read_at: datetime) -> None:
        """Leave a window out; the sync goes on and says so at its end.

        Raises Unreachable where nothing answers, or nothing but errors from a second report.
        """
        if is_bill(task):
            self._fetch.leave(committer, task, wrong.what, read_at)
        if isinstance(wrong, Unreachable):
            self._leave_out(task.source.report, wrong)
        self.outcome.failures[str(task)] = wrong

    def _leave_out(self, report: str, down: Unreachable) -> None:
        """Ask for a report no more; raise Unreachable where nothing answered at all, or for the second report."""
        if down.status is None:
            raise down
        if report in self._down:
            return
        if self._down:
            [first] = self._down
            words = f"The reports of {first} and of {report} give errors alone, so the sync stopped."
            raise Unreachable(f"{words} {down.what}", down.hint, status=down.status, code=down.code)
        self._down[report] = down

    def _excuse(self, committer: Committer, task: SyncTask, no: Refused, read_at: datetime) -> None:
        """Go on without a window that was refused; one that need not be read is no failure.

        Raises the refusal of a credential that may read nothing at all.
        """
        if no.status == UNKNOWN_KEY:
            raise no
        excuses = task.source.excuses
        excuse = next((excuse for excuse in excuses if excuse.covers(no, newer=self._options.choice.newer)), None)
        if excuse is None:
            self._fail(committer, task, no, read_at)
            return
        if excuse.final:
            self._refused.add(task.source)
        self.outcome.warn(f"{excuse.text.format(task=task)} {no.what}")
