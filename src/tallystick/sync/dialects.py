"""Dialects: which one is read for which days.

The newer one knows more (who was billed, list prices, requests) of the days that it covers; the older one knows the
days before 2026 and those more than a year ago.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum

from tallystick.api import analytics
from tallystick.api.client import Client, Page
from tallystick.api.limits import REFUSALS
from tallystick.core.cuts import CUTS, WORDS
from tallystick.core.records import State
from tallystick.core.time import DAY, Grain, Window
from tallystick.errors import AskedWrongly, CursorLost, Refused
from tallystick.sync.history import Kind
from tallystick.sync.plan import Errand, Known, Source, errands


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


def probe(client: Client, now: datetime) -> Page | Refused:
    """One small answer of the newer dialect, or the refusal of one who may not read it."""
    yesterday = Grain.DAY.floor(now) - DAY
    try:
        return client.get(analytics.cost_query(Window(yesterday, yesterday + DAY), Grain.DAY, now, limit=1))
    except Refused as no:
        if no.status not in REFUSALS or isinstance(no, CursorLost):
            raise
        return no


def chosen(cuts: Sequence[str]) -> tuple[str, ...]:
    """The words of cuts, each once; AskedWrongly for one that is none."""
    if unknown := [word for word in cuts if word not in WORDS]:
        raise AskedWrongly(f"There is no cut {unknown[0]!r}.", f"Cuts are {', '.join(WORDS)}.")
    return tuple(dict.fromkeys(cuts))


def plan(
    known: Mapping[Kind, Mapping[date, Known]],
    wanted: Window,
    grain: Grain,
    now: datetime,
    choice: Choice,
    cuts: Sequence[str] = (),
    *,
    coding: bool = True,
) -> list[Errand]:
    """What to read now: cost by day, usage by `grain`, and the `cuts` so called.

    Hours are always of the older dialect, where that is read at all: the tally needs days only. Days that the older one
    left provisional are read by the newer one where it has taken over. `coding`: activity in Claude Code too.
    """
    first = analytics.covered(now)
    covered = Window(first, datetime.max.replace(tzinfo=UTC))
    before = Window(datetime.min.replace(tzinfo=UTC), first)
    left = {
        day
        for source in (Source.COST, Source.USAGE)
        for day, it in known.get((source, Grain.DAY), {}).items()
        if choice is Choice.AUTO and it.state is not State.SETTLED
    }
    found: list[tuple[Source, Grain, Window | None]] = []
    if choice.older:
        within = before if choice is Choice.AUTO else None
        found += [(Source.COST, Grain.DAY, within), (Source.USAGE, grain, None if grain is Grain.HOUR else within)]
    if choice.newer:
        found += [(Source.ANALYTICS_COST, Grain.DAY, covered), (Source.ANALYTICS_USAGE, Grain.DAY, covered)]
        found += [(Source(cut.name), Grain.DAY, covered) for cut in CUTS if cut.word in cuts]
    if choice.older and coding:
        found.append((Source.CLAUDE_CODE, Grain.DAY, None))
    return [
        errand
        for source, by, within in found
        for more in [left if source.newer and not source.cut else ()]
        for errand in errands(source, by, wanted, known.get((source, by), {}), now, within, more)
    ]
