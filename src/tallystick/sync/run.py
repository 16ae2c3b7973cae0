"""Errands to pages to records to a committed version, with progress.

Each page goes into the archive before it is judged; each errand is committed whole or not at all. An ended day that
moved while it was read is read again, twice at most, then left as the ledger had it, with an Issue.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from tallystick.api import analytics, directory
from tallystick.api.client import Client, Clock, Page
from tallystick.api.limits import REFUSALS
from tallystick.core.records import NAMES, PAGES
from tallystick.core.time import Grain, Window, text
from tallystick.errors import AskedWrongly, CursorLost, Refused
from tallystick.ledger.erasure import forgotten
from tallystick.ledger.tables import Tables, Writer, schema
from tallystick.sync.activity import ActivityReading
from tallystick.sync.dense import DenseReading
from tallystick.sync.dialects import Choice, chosen, plan, probe
from tallystick.sync.history import known_days
from tallystick.sync.keep import Keeper
from tallystick.sync.people import OLDER, Mode, People, default_key, key_in
from tallystick.sync.plan import Errand, Source, again
from tallystick.sync.questions import BAD_REQUEST, Questions
from tallystick.sync.reading import Asked, Reading
from tallystick.sync.sparse import SparseReading
from tallystick.tally.prices import Prices

TRIES = 3
"""Times that an ended day which moves is read, and a window whose page tokens are lost: once, and twice again."""
KIND = "organization_type_not_supported"
"""The code of a 400 of what this kind of organization does not have (analytics-api 1.12)."""
NO_DAY = "Invalid date range"
"""How the one known 400 of the cost report begins (reports-api 1.3.4)."""


@dataclass
class Outcome:
    """What a sync did: `days` were committed with new content, `moved` were left as the ledger had them."""

    organization: str = ""
    version: int = 0
    requests: int = 0
    size: int = 0
    rows: int = 0
    days: int = 0
    names: int = 0
    moved: dict[str, str] = field(default_factory=dict)
    gaps: dict[str, str] = field(default_factory=dict)
    issues: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def remark(self, *said: str) -> None:
        """Say something once."""
        self.remarks += [it for it in said if it not in self.remarks]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync is: errands done and in all, rows read, and the errand at hand (None at the end)."""

    done: int
    of: int
    rows: int
    errand: Errand | None


def reading_of(errand: Errand, keeper: Keeper, read_at: datetime) -> Reading:
    """A reading of an errand, of the dialect that it is of."""
    if errand.source is Source.CLAUDE_CODE:
        people, keys = keeper.people.id_of, keeper.key_ids()
        return ActivityReading(errand, keeper.organization, read_at, person=people, key=keys)
    kind = SparseReading if errand.source.newer else DenseReading
    return kind(errand, keeper.organization, read_at, keeper.default)


class Sync:
    """One run from the API to the ledger. `run` raises what the client raises; what was committed stays."""

    def __init__(
        self,
        client: Client,
        tables: Tables,
        clock: Clock,
        *,
        source: str = Choice.AUTO,
        cuts: Sequence[str] = (),
        progress: Callable[[Progress], None] | None = None,
        waiting: Callable[[str], None] | None = None,
        prices: Prices | None = None,
        coding: bool = True,
        people: People | None = None,
    ) -> None:
        if source not in set(Choice):
            raise AskedWrongly(f"There is no source {source!r}.", f"Choose among {', '.join(Choice)}.")
        self._client = client
        self._tables = tables
        self._clock = clock
        self._choice = Choice(source)
        self._cuts = chosen(cuts)
        self._progress = progress or (lambda _: None)
        self._waiting = waiting
        self._prices = prices or Prices.with_own()
        self._coding = coding
        self._people = people or People(Mode.FULL, key_in(default_key()))
        self._reading = 0
        self.outcome = Outcome()
        self._questions = Questions(client, self.outcome.remark)

    def run(self, wanted: Window, grain: Grain) -> Outcome:
        """Read what is missing or not settled of the UTC days of `wanted`, and commit it errand by errand."""
        with self._tables.writing(self._waiting) as writer:
            self._reading, self._archive = writer.newest_reading(), writer.archive
            self._people.forgotten = forgotten(self._tables.root)
            now = self._clock.now()
            sample = probe(self._client, now) if self._choice.newer else None
            if self._choice is Choice.ANALYTICS and isinstance(sample, Refused):
                raise sample
            keeper = self._names(writer, sample if isinstance(sample, Page) else None)
            self._choose(keeper, wanted, now, sample)
            known = known_days(self._tables, keeper.organization)
            errands = plan(known, wanted, grain, now, self._choice, self._cuts, coding=self._coding)
            waiting = deque((errand, 1) for errand in errands)
            done = 0
            while waiting:
                errand, attempt = waiting.popleft()
                if errand.source is Source.CLAUDE_CODE and not self._coding:
                    continue  # it was refused
                self._progress(Progress(done, done + 1 + len(waiting), self.outcome.rows, errand))
                following = self._errand(keeper, errand, attempt)
                waiting.extendleft((more, 1 if errand.check else attempt + 1) for more in reversed(following))
                done += 1
            self._progress(Progress(done, done, self.outcome.rows, None))
            self.outcome.version = writer.version.number
            self.outcome.issues = keeper.issues
        return self.outcome

    def _choose(self, keeper: Keeper, wanted: Window, now: datetime, sample: Page | Refused | None) -> None:
        """Settle for the older dialect where the newer may not be read; say what is read from where."""
        first = analytics.covered(now)
        if isinstance(sample, Refused):
            if self._choice is Choice.BOTH or not keeper.knows(Source.COST):
                self.outcome.remark(f"The newer dialect may not be read, so the older reports are. {sample.what}")
            self._choice = Choice.REPORTS
        elif self._choice is Choice.ANALYTICS and wanted.start < first:
            self.outcome.remark(f"The newer dialect knows nothing before {text(first)}; earlier days are not read.")
        elif self._choice is Choice.AUTO and wanted.start < first and not keeper.knows(Source.ANALYTICS_COST):
            self.outcome.remark(
                f"Days from {first:%Y-%m-%d} on are read from the newer dialect, earlier ones from the older reports."
            )
        if self._cuts and not self._choice.newer:
            self.outcome.remark(f"Cuts are of the newer dialect alone, so none is read: {', '.join(self._cuts)}.")

    def _names(self, writer: Writer, sample: Page | None) -> Keeper:
        """Read the directory. A credential that may not read who it belongs to is told by an answer it may read."""
        at = self._clock.now()
        refusals: dict[str, Refused] = {}
        pages = list(directory.read(self._client, refusals.__setitem__))
        for purpose, page in pages:
            if purpose == "users":
                self._people.learn(page.body)
        listed = [self._people.taken(Asked(purpose, {}, page), purpose) for purpose, page in pages]
        pages = [(asked.purpose, asked.page) for asked in listed]
        if "organization" in refusals:
            organization = analytics.organization(sample) if sample else None
            if organization is None:
                raise refusals["organization"]
        else:
            organization = directory.organization(pages[0][1]).id
        if refusals:
            lists = ", ".join(purpose.replace("_", " ") for purpose in refusals)
            first = next(iter(refusals.values()))
            self.outcome.remark(f"Not everything could be read, so ids stand for names: {lists}. {first.what}")
        keeper = Keeper(writer, organization, self._prices, self._people)
        if self._people.named_in(writer.rows(NAMES, organization).to_pylist()):
            self.outcome.remark(OLDER.format(mode=self._people.mode))
        self.outcome.organization = keeper.organization
        here = Window(at, at)
        rows = [self._archived(asked, place) for place, asked in enumerate(listed)]
        self._index(keeper, rows, "names", Grain.DAY, here, at, attempt=1)
        keeper.keep_prices(at)
        self.outcome.names = keeper.keep_names(pages, at)
        return keeper

    def _errand(self, keeper: Keeper, errand: Errand, attempt: int) -> list[Errand]:
        """Do one errand; the errands that follow from it."""
        read_at = self._clock.now()
        try:
            reading, rows = self._read(keeper, errand, read_at)
        except Refused as no:
            self._excuse(errand, no)
            return []
        self._index(keeper, rows, errand.source, errand.grain, errand.window, read_at, attempt)
        if errand.check:
            return again(errand, keeper.moved(errand, reading.control("check")))
        verdict = reading.verdict()
        last = attempt == TRIES
        self.outcome.days += keeper.keep(errand, verdict, read_at, last=last, people=reading.people.values())
        self.outcome.rows += verdict.rows.num_rows
        self.outcome.gaps |= {f"{errand.source} {day}": gap for day, gap in verdict.gaps.items()}
        if attempt < TRIES:
            return again(errand, verdict.moved)
        self.outcome.moved |= {f"{errand.source} {day}": how for day, how in verdict.moved.items()}
        return []

    def _excuse(self, errand: Errand, no: Refused) -> None:
        """Go on without a window that need not be read: not published yet, or of a dialect that auto can do without."""
        if isinstance(no, CursorLost):
            raise no
        if errand.source is Source.COST and no.status == BAD_REQUEST and NO_DAY in no.what:
            # By the API's clock no day of the window has ended yet.
            self.outcome.remark(f"{errand}: not published yet, so left out. {no.what}")
        elif errand.source is Source.CLAUDE_CODE and no.status in REFUSALS:
            self._coding = False
            self.outcome.remark(f"The Claude Code report may not be read, so there is no activity. {no.what}")
        elif (
            self._choice.newer
            and not errand.source.newer
            and (no.status in REFUSALS - {BAD_REQUEST} or no.code == KIND)
        ):
            self.outcome.remark(
                f"The older reports may not be read, so days that only they know are left out. {no.what}"
            )
        else:
            raise no

    def _read(self, keeper: Keeper, errand: Errand, read_at: datetime) -> tuple[Reading, list[dict[str, Any]]]:
        """Read a window whole, from its start again where a page token was lost, which discards what was read."""
        for _ in range(TRIES - 1):
            try:
                return self._once(keeper, errand, read_at)
            except CursorLost:
                continue
        return self._once(keeper, errand, read_at)

    def _once(self, keeper: Keeper, errand: Errand, read_at: datetime) -> tuple[Reading, list[dict[str, Any]]]:
        reading = reading_of(errand, keeper, read_at)
        rows: list[dict[str, Any]] = []
        for answered in self._questions.pages(errand, reading, read_at):
            asked = self._people.taken(answered, errand.source)
            rows.append(self._archived(asked, len(rows)))
            reading.add(asked)
            if errand.source is Source.USAGE:
                self._questions.densest = max(self._questions.densest, reading.densest)
        return reading, rows

    def _archived(self, asked: Asked, place: int) -> dict[str, Any]:
        """Put a page into the archive; its row of the index."""
        self.outcome.requests += 1
        self.outcome.size += len(asked.page.body)
        return {
            "purpose": asked.purpose,
            "place": place,
            "request": asked.page.request,
            "fixed": json.dumps(dict(asked.fixed), sort_keys=True),
            "refreshed_at": asked.refreshed_at,
            "hash": self._archive.keep(asked.page.body),
            "size": len(asked.page.body),
            "original": asked.original,
            "redacted": asked.redacted,
        }

    def _index(
        self,
        keeper: Keeper,
        rows: list[dict[str, Any]],
        source: str,
        grain: Grain,
        window: Window,
        at: datetime,
        attempt: int,
    ) -> None:
        """Put a reading's pages into the index, before anything made of them is committed."""
        self._reading += 1
        common = {
            "organization": keeper.organization,
            "reading": self._reading,
            "attempt": attempt,
            "source": str(source),
            "grain": str(grain),
            "window_start": window.start,
            "window_end": window.end,
            "read_at": at,
        }
        keeper.writer.append(PAGES, pa.Table.from_pylist([common | row for row in rows], schema(PAGES)))
