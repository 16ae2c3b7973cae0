"""The export: what the newer reports read, each day of a world summed by everything that they can group by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import compress
from typing import NamedTuple

from tallystick.core.time import DAY, Grain, midnight
from tallystick.sim.newer.behavior import AnalyticsBehavior
from tallystick.sim.world import tariff
from tallystick.sim.world.facets import SLOT, Facet
from tallystick.sim.world.requests import KINDS, Counts, Group, Request, rates_of
from tallystick.sim.world.world import World

COMPONENTS = (*KINDS, "web_search", "code_execution", "session_usage")
"""What a cost is made of: the kinds of token, then the other cost types (analytics-api 1.5)."""

SEARCH, SANDBOX, SESSION = range(len(KINDS), len(COMPONENTS))
USED = len(Counts._fields)
LISTED = slice(USED, USED + len(COMPONENTS))
BILLED = slice(USED + len(COMPONENTS), USED + 2 * len(COMPONENTS))
WIDTH = USED + 2 * len(COMPONENTS)

_MINUTES = {Grain.DAY: 1440, Grain.HOUR: 60, Grain.MINUTE: 1}
SETTLED = 30
"""Days after which nothing reaches a day any more (analytics-api 1.10)."""


class Fact(NamedTuple):
    """One bucket and facet: its `Counts`, then each component at list price and as billed, in picodollars.

    The requests of `Counts` are those over HTTP and the spans of code execution (1.4).
    """

    start: datetime
    facet: Facet
    measures: list[int]


class Export:
    """The facts of a world, day by day, as far as they are known at some instant.

    `organization` is what its rows name as their organization: None outside a parent's report.
    """

    def __init__(self, world: World, behavior: AnalyticsBehavior, organization: str | None = None) -> None:
        self.world = world
        self.organization = organization
        self._behavior = behavior
        # A day has some hundred facts by the day, and some thousand by the hour or minute.
        self._by_day = lru_cache(maxsize=400)(self._facts)
        self._finer = lru_cache(maxsize=64)(self._facts)

    def facts(self, day: date, grain: Grain, until: datetime) -> tuple[Fact, ...]:
        """The facts of a UTC day by the minute, hour or day, complete up to an instant and without anything later."""
        if until <= midnight(day):
            return ()
        age = SETTLED
        if self._behavior.late_permille:
            age = min(SETTLED, (until.date() - day).days)
        cut = until if until < midnight(day) + DAY else None
        facts_of_day = self._by_day if grain is Grain.DAY else self._finer
        return facts_of_day(day, grain, self.world.restated(day), cut, age)

    def _facts(self, day: date, grain: Grain, _restated: int, cut: datetime | None, age: int) -> tuple[Fact, ...]:
        requests = self.world.between(midnight(day), cut) if cut else self.world.requests(day)
        if age < SETTLED:
            late = self._behavior.late_permille
            requests = tuple(compress(requests, (_days_late(request, late) <= age for request in requests)))
        minutes = _MINUTES[grain]
        facts: dict[tuple[int, Facet], list[int]] = {}

        def add(index: int, facet: Facet, measure_index: int, count: int) -> None:
            facts.setdefault((index, facet), [0] * WIDTH)[measure_index] += count

        for (index, group, slot_index), counts in _summed(requests, minutes).items():
            facet = self.world.facets.of(group, slot_index, day)
            for number, count in enumerate(counts):
                add(index, facet, number, count)
            billed = facet.user_profile_id not in self.world.billed_profiles
            for component, rate in enumerate(rates_of(group, day) or ()) if billed else ():
                add(index, facet, USED + component, counts[component] * rate)
            if (searches := counts[SEARCH]) and billed:
                bare = self._behavior.bare_searches
                search_facet = self.world.facets.sandbox(group.workspace) if bare else facet
                add(index, search_facet, USED + SEARCH, searches * tariff.SEARCH)
        for minute, facet, component, amount in self._services(day):
            if cut is None or midnight(day) + timedelta(minutes=minute) < cut:
                add(minute // minutes, facet, USED + component, amount)
                add(minute // minutes, facet, USED - 1, 1 if component == SANDBOX else 0)
        off = self.world.discount.off
        for measures in facts.values():
            measures[BILLED] = [off(amount, day) for amount in measures[LISTED]]
        start = midnight(day)
        return tuple(
            Fact(start + timedelta(minutes=index * minutes), facet, measures)
            for (index, facet), measures in facts.items()
        )

    def _services(self, day: date) -> Iterator[tuple[int, Facet, int, int]]:
        """Minute, facet, component and list price of every tenth of an hour that the services of a day were used.

        A tenth lies in one minute, and of code execution it is one span: the world knows no more than days.
        """
        facets = self.world.facets
        for service in self.world.services(day):
            for number in range(service.tenths):
                session = service.cost_type == "session_usage"
                if session and not self._behavior.bare_sessions:
                    facet = facets.session(number, day)
                else:
                    facet = facets.sandbox(service.workspace)
                yield (
                    service.minute(number, day),
                    facet,
                    SESSION if session else SANDBOX,
                    service.picodollars // service.tenths,
                )


def _summed(requests: tuple[Request, ...], minutes: int) -> dict[tuple[int, Group, int], list[int]]:
    """The counts of requests by bucket of so many minutes, group and slot."""
    sums: dict[tuple[int, Group, int], list[int]] = {}
    for when, group, uncached, write_5m, write_1h, read, output, searches in requests:
        key = ((when.hour * 60 + when.minute) // minutes, group, when.second // SLOT)
        counts = sums.get(key)
        if counts is None:
            sums[key] = [uncached, write_5m, write_1h, read, output, searches, 1]
        else:
            counts[0] += uncached
            counts[1] += write_5m
            counts[2] += write_1h
            counts[3] += read
            counts[4] += output
            counts[5] += searches
            counts[6] += 1
    return sums


def _days_late(request: Request, permille: int) -> int:
    """After how many days a request reaches the export: so many in a thousand take 1 to 30, the rest none."""
    when = request.at
    if (when.minute * 60 + when.second) % 1000 >= permille:
        return 0
    return 1 + (when.hour * 60 + when.minute) % SETTLED
