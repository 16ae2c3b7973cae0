"""Batch: the pages of one window, judged together.

A cube stands between two control totals. An ended day is kept if both totals and the cube's sum agree; a day that
moved meanwhile is not. The running day never agrees: it is kept, and its gap stated. The same judgement is passed on
fresh pages and on archived ones, so that a ledger can be rebuilt from its archive.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.api.entries import Named
from tallystick.api.leniency import Oddity
from tallystick.api.page import Page, strange
from tallystick.core.dimensions import UNKNOWN
from tallystick.core.money import EXACT, plain
from tallystick.core.records import REQUESTS, TOKENS, State
from tallystick.core.table import LedgerTable
from tallystick.core.time import Grain, Window, midnight, spans
from tallystick.errors import UnexpectedResponse
from tallystick.sync.cube import Seen
from tallystick.sync.plan import SyncTask, state_of

GAP = "gap"
"""The purpose of the page by which the archive remembers that a running day was read while it moved."""
Figures = Mapping[str, Any]
"""A control total: counters, or exact US dollars, by name."""


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """One page, why it was asked for, the dimensions that its query held fixed, and until when it is whole.

    `original` is the hash of the page as it was answered, `redacted` why it is another now; None where it is not.
    """

    purpose: str
    fixed: Mapping[str, str]
    page: Page
    refreshed_at: datetime | None = None
    original: str | None = None
    redacted: str | None = None


@dataclass(frozen=True, slots=True)
class BatchCheck:
    """What to keep of a batch: days with their state and control total, and the rows of exactly these days.

    `moved` are ended days that changed while they were read, and how; `gaps` says by how much the cube of the
    running day differs from its control total; `new_fields` are fields that tallystick does not know, `odd` what did
    not fit and was left out, `uncounted` the tokens of kinds that are not known, by day and field, `repeated` rows of
    one actor in one place, by day.
    """

    rows: pa.Table
    days: Mapping[date, tuple[State, Figures]]
    moved: Mapping[date, str]
    gaps: Mapping[date, str]
    new_fields: frozenset[str]
    odd: frozenset[Oddity] = frozenset()
    uncounted: Mapping[date, Mapping[str, int]] = field(default_factory=dict)
    repeated: Mapping[date, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckedBatch:
    """What came back of a window, and its checks. `last`: days that moved are given up, with a data issue.

    `people` are those whom the rows name; `accept`: days that lost most of what they had are committed at once.
    """

    task: SyncTask
    check: BatchCheck
    read_at: datetime
    last: bool = False
    people: Iterable[Named] = ()
    accept: bool = False


class Ids(Protocol):
    """The ids that rows do not tell, as far as the directory has."""

    @property
    def default(self) -> str | None:
        """The real id of the default workspace; None where the directory has not told it."""

    def person_ids(self) -> Callable[[str], str]:
        """Give the ids of persons by e-mail."""

    def key_ids(self) -> Callable[[str], str]:
        """Give the ids of keys by name."""


@dataclass
class Batch(ABC):
    """Takes the pages of a task as they come, and judges them at the end.

    `seen` is what the scouts found, `densest` the most rows of the cube that one bucket of a page held, `repeated`
    counts rows that nothing tells apart, by day, `people` who the rows themselves name, `lost` the dimensions of which
    some values had to stay `unknown`.
    `add` raises UnexpectedResponse and InvalidAmount for a page that cannot be; nothing of the batch is kept then.
    """

    task: SyncTask
    organization: str
    read_at: datetime
    ids: Ids
    seen: list[Seen] = field(default_factory=list)
    new_fields: set[str] = field(default_factory=set)
    odd: set[Oddity] = field(default_factory=set)
    densest: int = 0
    people: dict[str, Named] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    repeated: Counter[date] = field(default_factory=Counter)
    _uncounted: dict[str, dict[datetime, dict[str, int]]] = field(default_factory=dict)
    _controls: dict[str, dict[datetime, Figures]] = field(default_factory=dict)

    @abstractmethod
    def add(self, answer: FetchedPage) -> None:
        """Take one page."""

    @abstractmethod
    def _cube(self) -> tuple[pa.Table, set[date]]:
        """The rows of the cube, and the days on which it cannot be right."""

    @abstractmethod
    def _complete_until(self) -> datetime:
        """Until when the answers were whole."""

    @abstractmethod
    def _buckets(self, day: Window, day_state: State) -> list[datetime]:
        """The starts of a day's buckets that the answers hold; none where they do not hold the day."""

    @abstractmethod
    def _control(self, purpose: str, start: datetime) -> Figures | None:
        """The control total of a bucket; None where a query did not answer for it."""

    def control(self, purpose: str) -> dict[date, Figures]:
        """The control totals read for a purpose (before, after, check), by UTC day."""
        days: dict[date, list[Figures]] = {}
        for day_window in self.task.window.split(Grain.DAY):
            for start in self._buckets_of(day_window):
                if (total := self._control(purpose, start)) is not None:
                    days.setdefault(day_window.start.date(), []).append(total)
        return {day: added(totals) for day, totals in days.items()}

    def check(self) -> BatchCheck:
        """What to keep."""
        rows, wrong = self._cube()
        cube, control = self._sums(rows), self.control("after")
        days: dict[date, tuple[State, Figures]] = {}
        moved, gaps = {}, {}
        for day_window in self.task.window.split(Grain.DAY):
            day = day_window.start.date()
            day_state = state_of(day, self._complete_until())
            starts = self._buckets(day_window, day_state)
            if not starts:
                continue
            agreed = day not in wrong and all(self._agree(start, cube) for start in starts)
            if not agreed:
                read = added([self._nothing, *(cube[start] for start in starts if start in cube)])
                gap = f"control total {_label(control[day])}, cube {_label(read)}"
                if day_state is not State.RUNNING:
                    moved[day] = gap
                    continue
                gaps[day] = gap
            days[day] = (day_state, control[day])
        if moved or len(days) < len(self.task.window.days()):
            rows = rows.filter(pc.is_in(rows["day"], pa.array(days, pa.date32())))
        return BatchCheck(
            rows,
            days,
            moved,
            gaps,
            frozenset(self.new_fields),
            frozenset(self.odd),
            self._uncounted_of(days),
            {day: self.repeated[day] for day in days},
        )

    def _uncounted_of(self, days: Iterable[date]) -> dict[date, dict[str, int]]:
        """By day, the tokens of each field that is not known, and all of them under the empty name; {} where none."""
        counts: dict[date, dict[str, int]] = {day: {} for day in days}
        for start, fields in self._uncounted.get("after", {}).items():
            day = counts.get(start.date(), {})
            for name, count in fields.items():
                day[name] = day.get(name, 0) + count
        return counts

    def unnamed(self, check: BatchCheck) -> list[str]:
        """What stayed `unknown` as no query could tell its values apart, of which days, and a remedy."""
        messages = []
        for name in self.lost:
            rows = check.rows.filter(pc.equal(check.rows[name], UNKNOWN))
            if not rows.num_rows:
                continue
            messages.append(
                f"The {name} of {_label(added(self._sums(rows).values()))} is unknown on "
                f"{spans(rows['day'].unique().to_pylist())}: no query of this dialect tells its values there apart. "
                "`tallystick sync --source both` reads these days from the other one too; update tallystick where the "
                "values are new."
            )
        return messages

    @property
    def _table(self) -> LedgerTable:
        return self.task.source.tables[self.task.grain]

    @property
    def _nothing(self) -> Figures:
        """A control total of nothing."""
        return {name: Decimal(0) if name in {"billed", "list"} else 0 for name in self.task.source.measures}

    def _buckets_of(self, day: Window) -> list[datetime]:
        return [bucket.start for bucket in day.split(self.task.grain)]

    def _agree(self, start: datetime, cube: Mapping[datetime, Figures]) -> bool:
        """Whether both control totals and the cube say the same of a bucket.

        Requests are left out: that they add up over groups is nowhere said. So is what one of them does not know.
        """
        totals = [
            self._control("before", start),
            self._control("after", start),
            cube.get(start, self._nothing),
        ]
        return None not in totals and all(
            len({total[name] for total in totals if total} - {None}) <= 1 for name in self._nothing if name != REQUESTS
        )

    def _sums(self, rows: pa.Table) -> dict[datetime, Figures]:
        """The sums of a cube by bucket."""
        by = [name for name in ("day", "hour_of_day") if name in rows.schema.names]
        known = pc.ScalarAggregateOptions(skip_nulls=False)
        sums = [(name, "sum", known) for name in self._nothing]
        summed = rows.group_by(by, use_threads=False).aggregate(sums).to_pylist()
        return {
            midnight(row["day"]) + timedelta(hours=row.get("hour_of_day", 0)): {
                name: row[f"{name}_sum"] for name in self._nothing
            }
            for row in summed
        }


def added(totals: Iterable[Figures]) -> Figures:
    """The exact sum of control totals; a count that one of them does not know is None."""
    sums: dict[str, Any] = {}
    for total in totals:
        for name, figure in total.items():
            so_far = sums.get(name, 0)
            sums[name] = (
                None
                if figure is None or so_far is None
                else EXACT.add(figure, so_far)
                if isinstance(figure, Decimal)
                else figure + so_far
            )
    return sums


def repeated(page: Page, path: str, window: Window) -> UnexpectedResponse:
    """The error of a control total that came twice, which would count its window twice."""
    return strange(page, f"the total of {window} twice, at `{path}`")


def _label(figures: Figures) -> str:
    if "billed" in figures:
        return f"{plain(figures['billed'])} USD"
    return f"{sum(figures[name] for name in TOKENS)} tokens, {figures['web_searches']} searches"
