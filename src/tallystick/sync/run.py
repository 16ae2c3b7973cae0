"""Errands to pages to records to a committed version, with progress.

Each page goes into the archive before it is judged; each errand is committed whole or not at all. An ended day that
moved while it was read is read again, twice at most, then left as the ledger had it, with an Issue.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from tallystick.api import directory
from tallystick.api.client import Client, Clock, Query
from tallystick.api.endpoints import USAGE_REPORT, WIDTHS
from tallystick.api.reports import cost_query, usage_query
from tallystick.core.records import DAYS, PAGES, State
from tallystick.core.time import Grain, Window, midnight
from tallystick.errors import CursorLost, Refused
from tallystick.ledger.archive import Archive
from tallystick.ledger.tables import Tables, Writer, schema
from tallystick.sync.cube import SCOUTS, cuts
from tallystick.sync.keep import Keeper
from tallystick.sync.plan import Errand, Habit, Known, Source, again, errands
from tallystick.sync.reading import Asked, Reading
from tallystick.tally.prices import Prices

TRIES = 3
"""Times that an ended day which moves is read: once, and twice again."""
ROWS_A_PAGE = 40_000
"""Rows that a page should hold at most, so that memory stays flat: `limit` counts buckets, not rows."""
FIRST_BUCKETS = 7
"""Buckets of the first page of a cube, before it is known how dense they are."""
LIMITS = {grain: USAGE_REPORT.limits[WIDTHS[grain]] for grain in (Grain.DAY, Grain.HOUR)}
BAD_REQUEST = 400
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


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync is: errands done and in all, rows read, and the errand at hand (None at the end)."""

    done: int
    of: int
    rows: int
    errand: Errand | None


def known_days(tables: Tables, organization: str, source: Source, grain: Grain) -> dict[date, Known]:
    """What the ledger knows of each day of a source: its state, and when it was last read whole."""
    if not tables.exists():
        return {}
    pinned = tables.newest().tables[DAYS.name]
    mine = [("organization", "=", organization)]
    states = tables.rows(DAYS, pinned, filters=mine).to_pylist()
    index = tables.rows(
        PAGES,
        filters=[*mine, ("source", "=", str(source)), ("grain", "=", str(grain)), ("purpose", "=", "after")],
        columns=["window_start", "window_end", "read_at"],
    )
    read: dict[date, datetime] = {}
    for row in sorted(index.to_pylist(), key=lambda row: row["read_at"]):
        for day in Window(row["window_start"], row["window_end"]).days():
            read[day] = row["read_at"]
    return {
        row["day"]: Known(State(row["state"]), read.get(row["day"], midnight(row["day"])))
        for row in states
        if row["source"] == source and row["grain"] == grain
    }


def habits(tables: Tables) -> dict[tuple[Source, Grain], Habit]:
    """What reading one day of each source and grain has cost so far, from the archive's index."""
    if not tables.exists():
        return {}
    index = tables.rows(PAGES, columns=["reading", "source", "grain", "window_start", "window_end", "purpose", "size"])
    costs: dict[tuple[Source, Grain], list[float]] = {}
    for row in index.to_pylist():
        if row["source"] in set(Source) and row["purpose"] != "check":
            cost = costs.setdefault((Source(row["source"]), Grain(row["grain"])), [0, 0, 0])
            cost[0] += 1
            cost[1] += row["size"]
            if row["purpose"] == "after":
                cost[2] += (row["window_end"] - row["window_start"]).days
    return {key: Habit(count / days, size / days, measured=True) for key, (count, size, days) in costs.items() if days}


def plan(tables: Tables, organization: str, wanted: Window, grain: Grain, now: datetime) -> list[Errand]:
    """What a sync would read now: cost by day, usage by `grain`."""
    return [
        errand
        for source, by in ((Source.COST, Grain.DAY), (Source.USAGE, grain))
        for errand in errands(source, by, wanted, known_days(tables, organization, source, by), now)
    ]


class Sync:
    """One run from the API to the ledger. `run` raises what the client raises; what was committed stays."""

    def __init__(
        self,
        client: Client,
        tables: Tables,
        clock: Clock,
        *,
        progress: Callable[[Progress], None] | None = None,
        waiting: Callable[[str], None] | None = None,
        prices: Prices | None = None,
    ) -> None:
        self._client = client
        self._tables = tables
        self._clock = clock
        self._archive = Archive(tables.root)
        self._progress = progress or (lambda _: None)
        self._waiting = waiting
        self._prices = prices or Prices.with_own()
        self._speed = True
        self._densest = 0
        self._reading = 0
        self.outcome = Outcome()

    def run(self, wanted: Window, grain: Grain) -> Outcome:
        """Read what is missing or not settled of the UTC days of `wanted`, and commit it errand by errand."""
        with self._tables.writing(self._waiting) as writer:
            self._reading = writer.newest_reading()
            keeper = self._names(writer)
            now = self._clock.now()
            waiting = deque((errand, 1) for errand in plan(self._tables, keeper.organization, wanted, grain, now))
            done = 0
            while waiting:
                errand, attempt = waiting.popleft()
                self._progress(Progress(done, done + 1 + len(waiting), self.outcome.rows, errand))
                following = self._errand(keeper, errand, attempt)
                waiting.extendleft((more, 1 if errand.check else attempt + 1) for more in reversed(following))
                done += 1
            self._progress(Progress(done, done, self.outcome.rows, None))
            self.outcome.version = writer.version.number
            self.outcome.issues = keeper.issues
        return self.outcome

    def _names(self, writer: Writer) -> Keeper:
        at = self._clock.now()
        pages = list(directory.read(self._client, self._unnamed))
        keeper = Keeper(writer, directory.organization(pages[0][1]).id, self._prices)
        self.outcome.organization = keeper.organization
        here = Window(at, at)
        rows = [self._archived(Asked(purpose, {}, page), place) for place, (purpose, page) in enumerate(pages)]
        self._index(keeper, rows, "names", Grain.DAY, here, at, attempt=1)
        keeper.keep_prices(at)
        self.outcome.names = keeper.keep_names(pages, at)
        return keeper

    def _unnamed(self, purpose: str, no: Refused) -> None:
        self.outcome.remarks.append(f"The list of {purpose.replace('_', ' ')} could not be read. {no.what}")

    def _errand(self, keeper: Keeper, errand: Errand, attempt: int) -> list[Errand]:
        """Do one errand; the errands that follow from it."""
        read_at = self._clock.now()
        try:
            reading, rows = self._read(keeper.organization, errand, read_at)
        except CursorLost:
            reading, rows = self._read(keeper.organization, errand, read_at)
        except Refused as no:
            # By the API's clock no day of the window has ended yet.
            if errand.source is not Source.COST or no.status != BAD_REQUEST or NO_DAY not in no.what:
                raise
            self._remark(f"{errand}: not published yet, so left out. {no.what}")
            return []
        self._index(keeper, rows, errand.source, errand.grain, errand.window, read_at, attempt)
        if errand.check:
            return again(errand, keeper.moved(errand, reading.control("check")))
        verdict = reading.verdict()
        self.outcome.days += keeper.keep(errand, verdict, read_at, last=attempt == TRIES)
        self.outcome.rows += verdict.rows.num_rows
        self.outcome.gaps |= {f"{errand.source} {day}": gap for day, gap in verdict.gaps.items()}
        if attempt < TRIES:
            return again(errand, verdict.moved)
        self.outcome.moved |= {f"{errand.source} {day}": how for day, how in verdict.moved.items()}
        return []

    def _read(self, organization: str, errand: Errand, read_at: datetime) -> tuple[Reading, list[dict[str, Any]]]:
        reading = Reading(errand, organization, read_at)
        rows: list[dict[str, Any]] = []
        for asked in self._ask(errand, reading, read_at):
            rows.append(self._archived(asked, len(rows)))
            reading.add(asked)
            if errand.source is Source.USAGE:
                self._densest = max(self._densest, reading.densest)
        return reading, rows

    def _ask(self, errand: Errand, reading: Reading, read_at: datetime) -> Iterator[Asked]:
        """The pages of an errand, in order; what the scouts found in them decides the queries of the cube."""
        cost = errand.source is Source.COST
        control = cost_query(errand.window, read_at) if cost else usage_query(errand.window, errand.grain)
        if errand.check:
            yield from self._pages("check", control)
            return
        yield from self._pages("before", control)
        if cost:
            yield from self._pages("cube", cost_query(errand.window, read_at, by=("workspace", "description")))
        else:
            yield from self._cube(errand.window, errand.grain, reading)
        yield from self._pages("after", control)

    def _cube(self, window: Window, grain: Grain, reading: Reading) -> Iterator[Asked]:
        """The scouts and then the queries that rebuild the usage cube."""
        for by in SCOUTS:
            yield from self._scout(window, by)
        queries, lost = cuts(reading.seen)
        for cut in queries:
            where = {name: (value,) for name, value in cut.where.items()}
            limit = max(1, min(LIMITS[grain], ROWS_A_PAGE // self._densest)) if self._densest else FIRST_BUCKETS
            yield from self._pages("cube", usage_query(window, grain, by=cut.by, where=where, limit=limit), cut.fixed)
        self._remark(*(f"{name} could not be cut out of the usage report; it is `unknown`." for name in lost))

    def _scout(self, window: Window, by: tuple[str, ...]) -> Iterator[Asked]:
        """Which values exist; without speed where this organization may not use its beta header."""
        if "speed" in by and self._speed:
            try:
                yield from self._pages("scout", usage_query(window, Grain.DAY, by=by))
            except Refused as no:
                if no.status != BAD_REQUEST or isinstance(no, CursorLost):
                    raise
                self._speed = False
                self._remark(f"The usage report is not given by speed here; it is `unknown`. {no.what}")
            else:
                return
        slower = tuple(name for name in by if name != "speed")
        yield from self._pages("scout", usage_query(window, Grain.DAY, by=slower))

    def _pages(self, purpose: str, query: Query, fixed: Mapping[str, str] | None = None) -> Iterator[Asked]:
        for page in self._client.pages(query):
            yield Asked(purpose, fixed or {}, page)

    def _remark(self, *remarks: str) -> None:
        self.outcome.remarks += [remark for remark in remarks if remark not in self.outcome.remarks]

    def _archived(self, asked: Asked, place: int) -> dict[str, Any]:
        """Put a page into the archive; its row of the index."""
        self.outcome.requests += 1
        self.outcome.size += len(asked.page.body)
        return {
            "purpose": asked.purpose,
            "place": place,
            "request": asked.page.request,
            "fixed": json.dumps(dict(asked.fixed), sort_keys=True),
            "hash": self._archive.keep(asked.page.body),
            "size": len(asked.page.body),
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
