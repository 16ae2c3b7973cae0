"""What to read: wanted minus settled, as tasks (design, section 3: settled, provisional).

The running day and the last 3 ended days are read each time. Of the last 35 ended days the control total is read
each time, and the day itself where it moved or was last read a week ago. A day read 35 days after its end is settled:
of settled months the control totals are looked at once a month.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from tallystick.api.client import PACE
from tallystick.core.breakdowns import NAMED_CUTS, Cut
from tallystick.core.records import State
from tallystick.core.time import DAY, Grain, Window, midnight, of_days

ALWAYS = 3
"""Ended days that each sync reads."""
SETTLED = timedelta(days=35)
"""Time after its end at which a day that is read has settled."""
WEEK = timedelta(days=7)
LOOK = timedelta(days=30)
"""Time after which the control totals of a settled month are looked at once more."""

LONGEST = {Grain.DAY: timedelta(days=31), Grain.HOUR: timedelta(days=7)}
"""The longest window of one task: what one page can hold, so that memory does not grow with what is asked."""


class Source(StrEnum):
    """What is read."""

    USAGE = "usage"
    COST = "cost"
    ANALYTICS_USAGE = "analytics_usage"
    ANALYTICS_COST = "analytics_cost"
    CLAUDE_CODE = "claude_code"
    CUT_SESSIONS = "cut_sessions"
    CUT_PROFILES = "cut_profiles"
    CUT_SLACK = "cut_slack"
    CUT_SLACK_USERS = "cut_slack_users"
    CUT_GROUPS = "cut_groups"

    @property
    def newer(self) -> bool:
        """Whether it is of the newer dialect."""
        return self not in {Source.USAGE, Source.COST, Source.CLAUDE_CODE}

    @property
    def money(self) -> bool:
        """Whether it tells what was billed: of ended days alone."""
        return self not in {Source.USAGE, Source.ANALYTICS_USAGE, Source.CLAUDE_CODE}

    @property
    def cut(self) -> Cut | None:
        """The cut that it is, if it is one."""
        return NAMED_CUTS.get(self)

    @property
    def report(self) -> Source:
        """The source that the same report is read for: cuts are of the newer cost report."""
        return Source.ANALYTICS_COST if self.cut else self

    @property
    def ended(self) -> bool:
        """Whether it is read of ended days alone."""
        return self.money or self is Source.CLAUDE_CODE


@dataclass(frozen=True, slots=True)
class SyncTask:
    """One window to read whole, or (`check`) to compare by its control totals alone."""

    source: Source
    grain: Grain
    window: Window
    check: bool = False

    def __str__(self) -> str:
        days = self.window.days()
        span = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
        return f"{str(self.source).replace('_', ' ')} by {self.grain}, {span}{', control totals' if self.check else ''}"


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of a day: its state, when it was last read whole, and when its control total was last seen.

    `doubtful`: an answer that would have emptied or halved it waits to be confirmed.
    """

    state: State
    read_at: datetime
    seen_at: datetime | None = None
    doubtful: bool = False


def state(day: date, read_at: datetime) -> State:
    """How far a day that was read at `read_at` can be trusted."""
    end = midnight(day) + DAY
    if end > read_at:
        return State.RUNNING
    return State.SETTLED if read_at >= end + SETTLED else State.PROVISIONAL


def tasks(
    source: Source,
    grain: Grain,
    wanted: Window,
    known: Mapping[date, Known],
    now: datetime,
    within: Window | None = None,
    extra_days: Iterable[date] = (),
    *,
    anew: bool = False,
    longest: timedelta | None = None,
) -> list[SyncTask]:
    """What to read of `wanted`, of `extra_days` and of what the ledger has unsettled from before, oldest first.

    All of it is `within` a window, where there is one. `anew`: each day of `wanted` is read, whatever is known.
    `longest` is the longest window of one task, where it is not the grain's.
    """
    today = Grain.DAY.floor(now).date()
    older = {day for day, day_known in known.items() if _open(day_known) and midnight(day) < wanted.start}
    read, check = [], []
    for day in sorted({*wanted.days(), *older, *extra_days}):
        if day > today or (day == today and source.ended) or (within and midnight(day) not in within):
            continue
        match "read" if anew and midnight(day) in wanted else _due(day, known.get(day), now, today):
            case "read":
                read.append(day)
            case "check" if source is not Source.CLAUDE_CODE:  # it has no control total
                check.append(day)
    return [*_cut(source, grain, check, check=True, longest=longest), *_cut(source, grain, read, longest=longest)]


def looks(
    source: Source,
    grain: Grain,
    known: Mapping[date, Known],
    now: datetime,
    within: Window,
    compare: Window | None = None,
) -> list[SyncTask]:
    """Plan the settled days whose control totals are to be looked at.

    They are those of the window to `compare`, and of months one of whose days was not seen for a month.
    """
    settled = sorted(day for day, day_known in known.items() if not _open(day_known) and midnight(day) in within)
    months: dict[tuple[int, int], list[date]] = {}
    for day in settled:
        months.setdefault((day.year, day.month), []).append(day)
    due = {
        day
        for days in months.values()
        if any(_seen(known[seen_day]) <= now - LOOK for seen_day in days)
        for day in days
    }
    due |= {day for day in settled if compare and midnight(day) in compare}
    return _cut(source, grain, sorted(due), check=True)


def _open(known: Known) -> bool:
    return known.state is not State.SETTLED or known.doubtful


def _seen(known: Known) -> datetime:
    return max(known.read_at, known.seen_at or known.read_at)


def again(task: SyncTask, days: Iterable[date]) -> list[SyncTask]:
    """The tasks that read these days of a task once more."""
    return _cut(task.source, task.grain, days)


def _due(day: date, known: Known | None, now: datetime, today: date) -> str:
    if known is None or known.state is State.RUNNING or known.doubtful or day >= today - ALWAYS * DAY:
        return "read"
    if known.state is State.SETTLED:
        return ""
    past = now >= midnight(day) + DAY + SETTLED
    return "read" if past or now - known.read_at >= WEEK else "check"


def _cut(
    source: Source, grain: Grain, days: Iterable[date], *, check: bool = False, longest: timedelta | None = None
) -> list[SyncTask]:
    return [
        SyncTask(source, grain, window, check)
        for span in of_days(days)
        for month in span.split(Grain.MONTH)
        for window in month.chunks(longest or LONGEST[grain])
    ]


def together(plan: Iterable[SyncTask]) -> list[list[SyncTask]]:
    """The tasks of a plan that are committed together, in the order of the plan.

    Of one dialect what was billed and what was used of the same days are one commit: a bill without its use would look
    like use that was never there.
    """
    groups: list[list[SyncTask]] = []
    for task in plan:
        fits = [group for group in groups if any(_halves(task, member) for member in group)]
        if not fits:
            groups.append([task])
            continue
        fits[0].append(task)
        for group in fits[1:]:
            fits[0].extend(group)
            groups.remove(group)
    return groups


def _halves(first: SyncTask, second: SyncTask) -> bool:
    """Return whether two tasks read halves of one bill, or two looks at one half, of days that they share a month."""
    dialect = _DIALECTS.get(first.source)
    if dialect is None or dialect != _DIALECTS.get(second.source):
        return False
    days = first.window & second.window
    return bool(days) and first.source is not second.source


_DIALECTS = {
    Source.COST: "reports",
    Source.USAGE: "reports",
    Source.ANALYTICS_COST: "analytics",
    Source.ANALYTICS_USAGE: "analytics",
}


@dataclass(frozen=True, slots=True)
class RequestCost:
    """What reading has cost so far: queries of one reading, pages that followed their first and bytes of one day.

    `measured` or assumed. Queries are mostly those of the cube, one for each combination of filters.
    """

    queries: float
    pages: float
    size: float
    measured: bool


ASSUMED = RequestCost(queries=7, pages=0.3, size=60_000, measured=False)
"""Of the older dialect before anything was read: a month in some fifteen requests, some sixty kilobytes a day."""
ASSUMED_NEWER = RequestCost(queries=9, pages=0.04, size=130_000, measured=False)
"""Of the newer one: six combinations of filters, forty groups a day; a page holds 1,000 of them, each up to 8 rows."""
ONE_QUERY = 3
"""Of what one query reads whole: it, and a control total before and after it."""
SECONDS_A_REQUEST = 1.5
SECONDS_A_PACED = 60 / PACE
"""The newer dialect answers fewer requests a minute, so they are sent at a pace."""
CONTROL = 500
"""Bytes of a control total, by bucket; a row of the newer dialect has some 800."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan will cost, before anything is fetched."""

    requests: int
    minutes: float
    megabytes: float
    measured: bool


def estimate(
    plan: Iterable[SyncTask], request_costs: Mapping[tuple[Source, Grain], RequestCost], directory: int = 6
) -> Estimate:
    """Requests, minutes and megabytes of a plan, by what earlier readings of each kind cost."""
    requests, seconds, size, measured = float(directory), directory * SECONDS_A_REQUEST, 0.0, True
    for task in plan:
        days = len(task.window.days())
        cost = request_costs.get((task.source, task.grain)) or assumed(task.source)
        if task.check:
            task_requests = 1.0
            size += CONTROL * days
        else:
            hours = 1 if cost.measured or task.grain is Grain.DAY else 12
            measured = measured and cost.measured
            task_requests = cost.queries + cost.pages * days
            size += cost.size * days * hours
        requests += task_requests
        seconds += task_requests * (SECONDS_A_PACED if task.source.newer else SECONDS_A_REQUEST)
    return Estimate(round(requests), seconds / 60, size / 1e6, measured)


def assumed(source: Source) -> RequestCost:
    """What reading a source is thought to cost before any of it was read."""
    if source is Source.CLAUDE_CODE:
        return replace(ASSUMED, queries=0, pages=1)
    if source.cut:
        return replace(ASSUMED_NEWER, queries=ONE_QUERY)
    if source.newer:
        return ASSUMED_NEWER
    return replace(ASSUMED, queries=ONE_QUERY) if source.money else ASSUMED
