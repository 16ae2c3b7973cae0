"""Dialects: which one is read for which days.

The newer one knows more (who was billed, list prices, requests) of the days that it covers; the older one knows the
days before 2026 and those more than a year ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from tallystick.api import analytics_query
from tallystick.api.directory import UNKNOWN_KEY
from tallystick.api.page import Page
from tallystick.core.records import State
from tallystick.core.time import DAY, FIRST_DAY, Grain, Window, midnight
from tallystick.errors import ApiError, Refused, UnexpectedResponse, Unreachable
from tallystick.sync.known_days import Kind
from tallystick.sync.options import Choice, Options
from tallystick.sync.page_checks import Watch
from tallystick.sync.plan import LONGEST, Known, SyncTask, looks, tasks, together
from tallystick.sync.sources import SOURCES

ALL = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


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


def possible(wanted: Window) -> Window:
    """The days of a window on which there was anything to use."""
    return Window(max(wanted.start, min(midnight(FIRST_DAY), wanted.end)), wanted.end)


def plan(known: Mapping[Kind, Mapping[date, Known]], options: Options, now: datetime) -> list[list[SyncTask]]:
    """What to read now, the newest window first; what stands together is committed together.

    Hours are always of the older dialect, where that is read at all: the tally needs days only. Days that the older one
    left provisional are read by the newer one where it has taken over.
    """
    wanted = possible(options.wanted)
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
            wanted,
            known.get((source, grain), {}),
            now,
            within,
            unsettled if source.newer and source.half else (),
            anew=options.again,
            longest=LONGEST[options.grain] if source.half == "bill" and not source.newer else None,
        )
    compare = wanted if options.compare and not options.again else None
    look = [
        task
        for (source, grain), days in known.items()
        if options.reads(source) and source.measures
        for task in looks(source, grain, days, now, covered if source.newer else ALL, compare)
    ]
    return together([*read, *look])
