"""Dialects: which one is read for which days.

The newer one knows more (who was billed, list prices, requests) of the days that it covers; the older one knows the
days before 2026 and those more than a year ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from tallystick.api import analytics_query
from tallystick.api.directory import UNKNOWN_KEY
from tallystick.api.page import Page
from tallystick.core.records import State
from tallystick.core.time import DAY, FIRST_DAY, Grain, Window, midnight, text
from tallystick.errors import ApiError, Refused, UnexpectedResponse, Unreachable
from tallystick.sync.known_days import Kind
from tallystick.sync.options import Choice, Options
from tallystick.sync.plan import LONGEST, Known, SyncTask, looks, tasks, together
from tallystick.sync.sources import ANALYTICS_COST, COST, SOURCES

if TYPE_CHECKING:
    from tallystick.sync.commit import Committer
    from tallystick.sync.outcome import Outcome
    from tallystick.sync.page_checks import Watch

ALL = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


PROBE = ANALYTICS_COST
"""The source of the newer dialect that is asked whether this credential may read it."""
Sample = Page | ApiError | None


def probe(client: Watch, now: datetime) -> Page | ApiError:
    """One small answer of the newer dialect, or why there is none for this credential: then there is the older one.

    Raises Unreachable where nothing answers at all, Refused for a credential that is not known.
    """
    yesterday = Grain.DAY.floor(now) - DAY
    try:
        return client.get(analytics_query.cost_query(Window(yesterday, yesterday + DAY), Grain.DAY, now, limit=1))
    except (Refused, UnexpectedResponse, Unreachable) as no:
        if no.status == UNKNOWN_KEY or (isinstance(no, Unreachable) and no.status is None):
            raise
        return no


def possible(window: Window) -> Window:
    """The days of a window on which there was anything to use."""
    return Window(max(window.start, min(midnight(FIRST_DAY), window.end)), window.end)


def choose_dialect(options: Options, sample: Sample, committer: Committer, outcome: Outcome, now: datetime) -> Options:
    """Choose the older dialect where the newer may not be read; say what is read from where."""
    window, first, choice = options.wanted, analytics_query.covered(now), options.choice
    if possible(window) != window:
        outcome.warn(f"Nothing was used before {FIRST_DAY}, so no earlier day is asked for.")
    if isinstance(sample, UnexpectedResponse) or (isinstance(sample, Unreachable) and choice is Choice.AUTO):
        outcome.failures["newer dialect"] = sample
        options = replace(options, choice=Choice.REPORTS)
    elif isinstance(sample, Refused):
        if choice is Choice.BOTH or not committer.knows(COST):
            outcome.warn(f"The newer reports may not be read, so the older ones are. {sample.what}")
        options = replace(options, choice=Choice.REPORTS)
    elif choice is Choice.ANALYTICS and window.start < first:
        outcome.warn(f"The newer reports know nothing before {text(first)}; earlier days are not read.")
    elif choice is Choice.AUTO and window.start < first and not committer.knows(PROBE):
        outcome.warn(f"Days from {first:%Y-%m-%d} on are read from the newer reports, earlier ones from the older.")
    if options.breakdowns and not options.choice.newer:
        outcome.warn(f"Only the newer reports have breakdowns, so none is read: {', '.join(options.breakdowns)}.")
    return options


def plan(known: Mapping[Kind, Mapping[date, Known]], options: Options, now: datetime) -> list[list[SyncTask]]:
    """What to read now, the newest window first; what stands together is committed together.

    Hours are always of the older dialect, where that is read at all: the tally needs days only. Days that the older one
    left provisional are read by the newer one where it has taken over.
    """
    window = possible(options.wanted)
    covered = Window(analytics_query.covered(now), ALL.end)
    auto = options.choice is Choice.AUTO
    unsettled = {
        day
        for source in SOURCES.values()
        for day, day_known in known.get((source, Grain.DAY), {}).items()
        if auto and source.half and not source.newer and day_known.state is not State.SETTLED
    }
    read: list[SyncTask] = []
    for source in filter(options.reads, SOURCES.values()):
        grain = options.grain if options.grain in source.tables else Grain.DAY
        within = covered if source.newer else ALL
        if auto and source.half and not source.newer and grain is Grain.DAY:
            within = Window(ALL.start, covered.start)
        read += tasks(
            source,
            grain,
            window,
            known.get((source, grain), {}),
            now,
            within,
            unsettled if source.newer and source.half else (),
            anew=options.again,
            longest=LONGEST[options.grain] if source.half == "bill" and not source.newer else None,
        )
    compare = window if options.compare and not options.again else None
    look = [
        task
        for (source, grain), days in known.items()
        if options.reads(source) and source.measures
        for task in looks(source, grain, days, now, covered if source.newer else ALL, compare)
    ]
    return together([*read, *look])
