"""A sync: from the API to the ledger, a month at a time, with progress.

Each page goes into the archive before it is judged; what was billed and used of the same days is one commit, whole or
not at all. An ended day that moved while it was read is read again, twice at most, then left as the ledger had it, with
a data issue. A window that cannot be read is left out, and all others are read; so is a report whose answers are errors
for as long as patience lasts. A second such report, or no answer at all, stops the sync.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from tallystick.api import analytics
from tallystick.api.client import Client, Clock, Page
from tallystick.api.directory import UNKNOWN_KEY
from tallystick.api.limits import REFUSALS
from tallystick.core.records import DAYS
from tallystick.core.time import FIRST_DAY, Grain, Window, text
from tallystick.errors import ApiError, CursorExpired, InvalidQuestion, Refused, UnexpectedResponse, Unreachable
from tallystick.store.archive import Archive
from tallystick.store.erasure import forgotten
from tallystick.store.tables import Tables, Writer
from tallystick.sync.batch import BatchCheck, Reading
from tallystick.sync.commit import Batch, Committer
from tallystick.sync.dialects import Choice, chosen, plan, possible, probe
from tallystick.sync.fetch import TRIES, Fetch
from tallystick.sync.known_days import known_days
from tallystick.sync.listing import Listing
from tallystick.sync.outcome import Outcome, Progress
from tallystick.sync.page_checks import Watch
from tallystick.sync.plan import Source, SyncTask, again, together
from tallystick.sync.redaction import Mode, People, default_key, key_in
from tallystick.sync.requests import BAD_REQUEST, Questions
from tallystick.sync.unread_bills import BILLS
from tallystick.tally.price_lists import Prices

KIND = "organization_type_not_supported"
"""The code of a 400 of what this kind of organization does not have (analytics-api 1.12)."""
NO_DAY = "Invalid date range"
"""How the one known 400 of the cost report begins (reports-api 1.3.4)."""

Sample = Page | ApiError | None


class How(NamedTuple):
    """How a sync goes about it: the dialects, the breakdowns, Claude Code too, settled days too, losses accepted.

    `compare`: of the settled days of the window the control totals are looked at.
    """

    source: str = Choice.AUTO
    cuts: Sequence[str] = ()
    coding: bool = True
    anew: bool = False
    accept_loss: bool = False
    compare: bool = False


class Sync:
    """One run from the API to the ledger. `run` raises what stops all of it; what was committed stays."""

    def __init__(
        self,
        client: Client,
        tables: Tables,
        clock: Clock,
        options: How | None = None,
        *,
        progress: Callable[[Progress], None] | None = None,
        waiting: Callable[[str], None] | None = None,
        prices: Prices | None = None,
        people: People | None = None,
    ) -> None:
        options = options or How()
        if options.source not in set(Choice):
            raise InvalidQuestion(f"There is no source {options.source!r}.", f"Choose among {', '.join(Choice)}.")
        self._tables = tables
        self._choice = Choice(options.source)
        self._cuts = chosen(options.cuts)
        self._coding = options.coding
        self._anew = options.anew
        self._compare = options.compare
        self._progress = progress or (lambda _: None)
        self._waiting = waiting
        self._prices = prices or Prices.with_own()
        self._people = people or People(Mode.FULL, key_in(default_key()))
        self.outcome = Outcome()
        self._watch = Watch(client, clock, self.outcome.warn)
        questions = Questions(self._watch, self.outcome.warn)
        self._fetch = Fetch(questions, Archive(tables.root), self._people, self.outcome, options.accept_loss)
        self._done = 0
        self._down: dict[Source, Unreachable] = {}
        """Why a report is asked for nothing more, by the source that it is read for."""

    def run(self, wanted: Window, grain: Grain) -> Outcome:
        """Read what is missing or not settled of the UTC days of `wanted`, and commit it month by month.

        What could not be read is in the outcome's `failures`. Raises Refused where the credential may read nothing,
        Unreachable, LedgerError.
        """
        with self._tables.writing(self._waiting) as writer:
            self._fetch.reading, self._fetch.archive = writer.newest_reading(), writer.archive
            self._people.forgotten = forgotten(self._tables.root)
            committer = self._begin(writer, wanted)
            known = known_days(self._tables, committer.organization)
            tasks = plan(
                known,
                wanted,
                grain,
                self._watch.now(),
                self._choice,
                self._cuts,
                coding=self._coding,
                anew=self._anew,
                compare=self._compare,
            )
            groups = together(tasks)
            for index, group in enumerate(groups):
                self._commit(committer, group, sum(map(len, groups[index + 1 :])))
            self._progress(Progress(self._done, self._done, self.outcome.rows, None))
            self.outcome.version = writer.version.number
            self.outcome.issues = committer.issues
            self.outcome.losses = committer.losses
        return self.outcome

    def _begin(self, writer: Writer, wanted: Window) -> Committer:
        """Read the directory, find out whose it is, and settle which dialect is read."""
        listing = Listing.read(self._watch)
        now = self._watch.now()
        sample = probe(self._watch, now) if self._choice.newer else None
        if isinstance(sample, Unreachable):
            self._leave_out(Source.ANALYTICS_COST, sample)
        elif self._choice is Choice.ANALYTICS and isinstance(sample, ApiError):
            raise sample
        page = sample if isinstance(sample, Page) else None
        organization = listing.organization(self._watch, now, page, self._organizations(writer))
        self._watch.expect(organization, "the organization's own address" if listing.known else "another answer")
        listing.learn(self._people)
        if page:
            listing.ask_children(self._watch, now)
        committer = Committer(writer, organization, self._prices, self._people)
        self.outcome.organization = organization
        listing.keep(committer, self._fetch, self.outcome, self._watch.now())
        self._choose(committer, wanted, now, sample)
        return committer

    def _organizations(self, writer: Writer) -> set[str]:
        """The organizations that the ledger holds."""
        rows = self._tables.rows(DAYS, writer.version.tables[DAYS.name], columns=["organization"])
        return set(rows["organization"].unique().to_pylist())

    def _choose(self, committer: Committer, wanted: Window, now: datetime, sample: Sample) -> None:
        """Settle for the older dialect where the newer may not be read; say what is read from where."""
        first = analytics.covered(now)
        if possible(wanted) != wanted:
            self.outcome.warn(f"Nothing was used before {FIRST_DAY}, so no earlier day is asked for.")
        if isinstance(sample, UnexpectedResponse) or (isinstance(sample, Unreachable) and self._choice is Choice.AUTO):
            self.outcome.failures["newer dialect"] = sample
            self._choice = Choice.REPORTS
        elif isinstance(sample, Refused):
            if self._choice is Choice.BOTH or not committer.knows(Source.COST):
                self.outcome.warn(f"The newer dialect may not be read, so the older reports are. {sample.what}")
            self._choice = Choice.REPORTS
        elif self._choice is Choice.ANALYTICS and wanted.start < first:
            self.outcome.warn(f"The newer dialect knows nothing before {text(first)}; earlier days are not read.")
        elif self._choice is Choice.AUTO and wanted.start < first and not committer.knows(Source.ANALYTICS_COST):
            self.outcome.warn(
                f"Days from {first:%Y-%m-%d} on are read from the newer dialect, earlier ones from the older reports."
            )
        if self._cuts and not self._choice.newer:
            self.outcome.warn(f"Cuts are of the newer dialect alone, so none is read: {', '.join(self._cuts)}.")

    def _commit(self, committer: Committer, tasks: list[SyncTask], later: int) -> None:
        """Read the windows that belong together, those that follow from them too, and commit them as one version.

        Where one of them stops the sync (no answer, a credential that is refused), what was read of the others is kept.
        """
        waiting = deque((task, 1) for task in tasks)
        batches: list[Batch] = []
        try:
            while waiting:
                task, attempt = waiting.popleft()
                if task.source is Source.CLAUDE_CODE and not self._coding:
                    continue  # it was refused
                total = self._done + 1 + len(waiting) + later
                self._progress(Progress(self._done, total, self.outcome.rows, task))
                following = self._read(committer, task, attempt, batches)
                waiting.extendleft((follower, 1 if task.check else attempt + 1) for follower in reversed(following))
                self._done += 1
        except ApiError:
            self._keep(committer, batches)
            raise
        self._keep(committer, batches)

    def _keep(self, committer: Committer, batches: list[Batch]) -> None:
        self._fetch.index(committer.writer)
        self.outcome.changed |= committer.keep(*batches)

    def _read(self, committer: Committer, task: SyncTask, attempt: int, batches: list[Batch]) -> list[SyncTask]:
        """Read one window and add what came back to `batches`; the tasks that follow from it."""
        read_at = self._watch.now()
        try:
            if task.source.report in self._down:
                raise self._down[task.source.report]
            reading, check = self._fetch.read(committer, task, read_at, attempt)
        except Refused as no:
            self._excuse(committer, task, no, read_at)
            return []
        except (Unreachable, UnexpectedResponse) as wrong:
            self._fail(committer, task, wrong, read_at)
            return []
        if check is None:
            return again(task, committer.moved(task, reading.control("check")))
        last = attempt == TRIES
        people = tuple(reading.people.values())
        batches.append(Batch(task, check, read_at, last, people, self._fetch.accept))
        self._note(task, reading, check)
        if not last:
            return again(task, check.moved)
        self.outcome.moved |= {f"{task.source} {day}": change for day, change in check.moved.items()}
        return []

    def _note(self, task: SyncTask, reading: Reading, check: BatchCheck) -> None:
        """Count what was read, and say what was not in it."""
        self.outcome.rows += check.rows.num_rows
        self.outcome.gaps |= {f"{task.source} {day}": gap for day, gap in check.gaps.items()}
        self.outcome.warn(*reading.unnamed(check))
        if task.source.newer or task.source is Source.CLAUDE_CODE:
            return
        today = self._watch.now().date()
        absent = {*task.window.days()} - {*check.days} - {*check.moved}
        if missing := sorted(day for day in absent if day < today):
            self.outcome.missing.setdefault(str(task.source), []).extend(missing)

    def _fail(self, committer: Committer, task: SyncTask, wrong: ApiError, read_at: datetime) -> None:
        """Leave a window out; the sync goes on and says so at its end.

        Raises Unreachable where nothing answers, or nothing but errors from a second report.
        """
        if task.source in BILLS and not task.check:
            self._fetch.leave(committer, task, wrong.what, read_at)
        if isinstance(wrong, Unreachable):
            self._leave_out(task.source.report, wrong)
        self.outcome.failures[str(task)] = wrong

    def _leave_out(self, report: Source, down: Unreachable) -> None:
        """Ask for a report no more; raise Unreachable where nothing answered at all, or for the second report."""
        if down.status is None:
            raise down
        if report in self._down:
            return
        if self._down:
            [first] = self._down
            words = f"The reports of {_words(first)} and of {_words(report)} give errors alone, so the sync stopped."
            raise Unreachable(f"{words} {down.what}", down.hint, status=down.status, code=down.code)
        self._down[report] = down

    def _excuse(self, committer: Committer, task: SyncTask, no: Refused, read_at: datetime) -> None:
        """Go on without a window that was refused; one that need not be read is no failure.

        Raises the refusal of a credential that may read nothing at all.
        """
        if no.status == UNKNOWN_KEY:
            raise no
        if task.source is Source.COST and no.status == BAD_REQUEST and NO_DAY in no.what:
            # By the API's clock no day of the window has ended yet.
            self.outcome.warn(f"{task}: not published yet, so left out. {no.what}")
        elif task.source is Source.CLAUDE_CODE and no.status in REFUSALS and not isinstance(no, CursorExpired):
            self._coding = False
            self.outcome.warn(f"The Claude Code report may not be read, so there is no activity. {no.what}")
        elif (
            self._choice.newer and not task.source.newer and (no.status in REFUSALS - {BAD_REQUEST} or no.code == KIND)
        ):
            self.outcome.warn(f"The older reports may not be read, so days that only they know are left out. {no.what}")
        else:
            self._fail(committer, task, no, read_at)


def _words(source: Source) -> str:
    return str(source).replace("_", " ")
