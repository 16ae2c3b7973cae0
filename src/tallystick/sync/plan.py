"""Plan: what to read, wanted minus settled, as tasks (design, section 3: settled, provisional).

Of the running day and the last 35 ended days the control total is read each time, and the day itself where it moved.
The last 3 ended days are read once a day, the others together once a week: a window costs the same requests whether it
has one day or a month. A day read 35 days after its end is settled: of settled months the control totals are looked at
once a month.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tallystick.core.records import SETTLING, State
from tallystick.core.time import DAY, Grain, Window, midnight, of_days
from tallystick.sync.source import Source

RECENT = 3
"""Ended days that are read once a day, and by each sync where there is no control total to look at."""
WEEK = timedelta(days=7)
LOOK = timedelta(days=30)
"""Time after which the control totals of a settled month are looked at once more."""

LONGEST = {Grain.DAY: timedelta(days=31), Grain.HOUR: timedelta(days=7)}
"""The longest window of one task: what one page can hold, so that memory does not grow with what is asked."""


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
        return f"{self.source.words} by {self.grain}, {span}{', control totals' if self.check else ''}"


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of a day: its state, when it was last read whole, and when its control total was last seen.

    `doubtful`: an answer that would have emptied or halved it waits to be confirmed, or it moved while it was read.
    """

    state: State
    read_at: datetime
    seen_at: datetime | None = None
    doubtful: bool = False


def state_of(day: date, complete_until: datetime) -> State:
    """How far a day can be trusted whose export was complete until `complete_until`."""
    end = midnight(day) + DAY
    if end > complete_until:
        return State.RUNNING
    return State.SETTLED if complete_until >= end + SETTLING else State.PROVISIONAL


def tasks(
    source: Source,
    grain: Grain,
    window: Window,
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
    settled = {day for day, day_known in known.items() if not _open(day_known)}  # which nothing but `anew` reads
    older = {day for day in known.keys() - settled if midnight(day) < window.start}
    due: dict[str, list[date]] = {"read": [], "week": [], "check": []}
    for day in sorted({*window.days(), *older, *extra_days} - (set() if anew else settled)):
        if day <= today and not (day == today and source.ended) and (within is None or midnight(day) in within):
            reason = "read" if anew and midnight(day) in window else _due(day, known.get(day), now, today)
            due.setdefault(reason, []).append(day)
    read = {*due["read"], *due["week"]}
    recent = {day for day in due["check"] if day >= today - RECENT * DAY}
    if not source.measures:  # there is no control total to look at
        return _cut(source, grain, read | recent, longest=longest)
    if due["week"]:  # beside others that are read, a day costs no request more
        read |= {*due["check"]} - recent
    if today - DAY in read:
        read |= recent & {today}
    check = {*due["check"]} - read
    return [*_cut(source, grain, check, check=True, longest=longest), *_cut(source, grain, read, longest=longest)]


def looks(
    source: Source,
    grain: Grain,
    known: Mapping[date, Known],
    now: datetime,
    within: Window,
    compare: Window | None,
) -> list[SyncTask]:
    """Plan the settled days whose control totals are to be looked at.

    They are those of the window to `compare`, and of months one of whose days was not seen for a month.
    """
    look = now - LOOK
    several = {id(day_known): day_known for day_known in known.values()}  # of days that were read together, one
    if not compare and all(_open(day_known) or _last_seen_at(day_known) > look for day_known in several.values()):
        return []
    settled = within.starts(day for day, day_known in known.items() if not _open(day_known))
    months = {(day.year, day.month) for day in settled if _last_seen_at(known[day]) <= look}
    due = {day for day in settled if (day.year, day.month) in months} if months else set()
    due |= {*compare.starts(settled)} if compare else set()
    return _cut(source, grain, sorted(due), check=True)


def _open(known: Known) -> bool:
    return known.state is not State.SETTLED or known.doubtful


def _last_seen_at(known: Known) -> datetime:
    return max(known.read_at, known.seen_at or known.read_at)


def again(task: SyncTask, days: Iterable[date]) -> list[SyncTask]:
    """The tasks that read these days of a task once more."""
    return _cut(task.source, task.grain, days)


def _due(day: date, known: Known | None, now: datetime, today: date) -> str:
    """Whether a day is to be read, read with all others of its week, checked, or left."""
    if known is None or known.doubtful or (known.state is State.RUNNING and day < today):
        return "read"
    if known.state is State.SETTLED:
        return ""
    if day >= today - RECENT * DAY:
        return "check" if known.read_at >= midnight(today) else "read"
    if now >= midnight(day) + DAY + SETTLING:
        return "read"
    return "week" if now - known.read_at >= WEEK else "check"


def _cut(
    source: Source, grain: Grain, days: Iterable[date], *, check: bool = False, longest: timedelta | None = None
) -> list[SyncTask]:
    """The fewest tasks for these days; one that reads rows keeps to a month, as the tables do."""
    return [
        SyncTask(source, grain, window, check)
        for span in of_days(days)
        for part in ([span] if check else span.split(Grain.MONTH))
        for window in part.chunks(longest or LONGEST[grain])
    ]


def merged(tasks: Iterable[SyncTask]) -> list[SyncTask]:
    """Make one task of those of a source and grain that differ in their days alone, from the first day to the last."""
    windows: dict[tuple[Source, Grain, bool], list[Window]] = {}
    for task in tasks:
        windows.setdefault((task.source, task.grain, task.check), []).append(task.window)
    return [
        SyncTask(
            source, grain, Window(min(member.start for member in several), max(member.end for member in several)), check
        )
        for (source, grain, check), several in windows.items()
    ]


def together(plan: Iterable[SyncTask]) -> list[list[SyncTask]]:
    """The tasks of a plan that are committed together, the newest window first.

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
    return sorted(groups, key=lambda group: max(task.window.end for task in group), reverse=True)


def _halves(first: SyncTask, second: SyncTask) -> bool:
    """Return whether two tasks read halves of one bill, or two looks at one half, of days that they share a month."""
    if not (first.source.half and second.source.half) or first.source.dialect != second.source.dialect:
        return False
    return bool(first.window & second.window) and first.source is not second.source
