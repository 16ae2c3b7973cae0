"""Dialects: which one is read for which days.

The newer one knows more (who was billed, list prices, requests) of the days that it covers; the older one knows the
days before 2026 and those more than a year ago.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum

from tallystick.api import analytics
from tallystick.api.client import Page
from tallystick.api.directory import UNKNOWN_KEY
from tallystick.core.breakdowns import CUTS, WORDS
from tallystick.core.records import State
from tallystick.core.time import DAY, FIRST_DAY, Grain, Window, midnight
from tallystick.errors import ApiError, InvalidQuestion, Refused, UnexpectedResponse, Unreachable
from tallystick.sync.known_days import Kind
from tallystick.sync.page_checks import Watch
from tallystick.sync.plan import LONGEST, Known, Source, SyncTask, looks, tasks

ALL = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


class Choice(StrEnum):
    """What is to be read: each day from the dialect that knows it best, one dialect alone, or both for a comparison."""

    AUTO = "auto"
    REPORTS = "reports"
    ANALYTICS = "analytics"
    BOTH = "both"

    @property
    def newer(self) -> bool:
        """Whether the newer dialect is wanted."""
        return self is not Choice.REPORTS

    @property
    def older(self) -> bool:
        """Whether the older dialect is wanted."""
        return self is not Choice.ANALYTICS


def probe(client: Watch, now: datetime) -> Page | ApiError:
    """One small answer of the newer dialect, or why there is none for this credential: then there is the older one.

    Raises Unreachable where nothing answers at all, Refused for a credential that is not known.
    """
    yesterday = Grain.DAY.floor(now) - DAY
    try:
        return client.get(analytics.cost_query(Window(yesterday, yesterday + DAY), Grain.DAY, now, limit=1))
    except (Refused, UnexpectedResponse, Unreachable) as no:
        if no.status == UNKNOWN_KEY or (isinstance(no, Unreachable) and no.status is None):
            raise
        return no


def chosen(cuts: Sequence[str]) -> tuple[str, ...]:
    """The words of cuts, each once; InvalidQuestion for one that is none."""
    if unknown := [word for word in cuts if word not in WORDS]:
        raise InvalidQuestion(f"There is no cut {unknown[0]!r}.", f"Cuts are {', '.join(WORDS)}.")
    return tuple(dict.fromkeys(cuts))


def possible(wanted: Window) -> Window:
    """The days of a window on which there was anything to use."""
    return Window(max(wanted.start, min(midnight(FIRST_DAY), wanted.end)), wanted.end)


def plan(
    known: Mapping[Kind, Mapping[date, Known]],
    wanted: Window,
    grain: Grain,
    now: datetime,
    choice: Choice,
    cuts: Sequence[str] = (),
    *,
    coding: bool = True,
    anew: bool = False,
    compare: bool = False,
) -> list[SyncTask]:
    """What to read now: cost by day, usage by `grain`, and the `cuts` so called.

    Hours are always of the older dialect, where that is read at all: the tally needs days only. Days that the older one
    left provisional are read by the newer one where it has taken over. `coding`: activity in Claude Code too. `anew`:
    settled days of `wanted` too. `compare`: of its settled days the control totals; of others where that is due.
    """
    wanted = possible(wanted)
    first = analytics.covered(now)
    covered = Window(first, datetime.max.replace(tzinfo=UTC))
    before = Window(datetime.min.replace(tzinfo=UTC), first)
    unsettled = {
        day
        for source in (Source.COST, Source.USAGE)
        for day, day_known in known.get((source, Grain.DAY), {}).items()
        if choice is Choice.AUTO and day_known.state is not State.SETTLED
    }
    reads: list[tuple[Source, Grain, Window | None]] = []
    if choice.older:
        within = before if choice is Choice.AUTO else None
        reads += [(Source.COST, Grain.DAY, within), (Source.USAGE, grain, None if grain is Grain.HOUR else within)]
    if choice.newer:
        reads += [(Source.ANALYTICS_COST, Grain.DAY, covered), (Source.ANALYTICS_USAGE, Grain.DAY, covered)]
        reads += [(Source(cut.name), Grain.DAY, covered) for cut in CUTS if cut.word in cuts]
    if choice.older and coding:
        reads.append((Source.CLAUDE_CODE, Grain.DAY, None))
    plan = [
        task
        for source, by, within in reads
        for extra_days in [unsettled if source.newer and not source.cut else ()]
        for task in tasks(
            source,
            by,
            wanted,
            known.get((source, by), {}),
            now,
            within,
            extra_days,
            anew=anew,
            longest=LONGEST[grain] if source is Source.COST else None,
        )
    ]
    readable = {Source.COST: choice.older, Source.USAGE: choice.older, Source.CLAUDE_CODE: False}
    return plan + [
        task
        for (source, by), days in known.items()
        if readable.get(source, choice.newer and (not source.cut or source.cut.word in cuts))
        for task in looks(
            source, by, days, now, covered if source.newer else ALL, wanted if compare and not anew else None
        )
    ]
