"""Estimate: what a plan will cost in requests, minutes and megabytes, before anything is fetched."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tallystick.api.allowance import MINUTE
from tallystick.api.client import PACE
from tallystick.core.time import Grain
from tallystick.sync.plan import SyncTask
from tallystick.sync.source import RequestCost, Source

SECONDS_A_REQUEST = 0.25
"""A second and a half, with six requests out at once."""
SHORT, FEWER = 4, 0.9
"""A window of so many days has fewer combinations of filters than a month: this part of its queries."""
DIRECTORY, NEWER = 5, 2
"""Requests for names, and those that ask the newer dialect whether it may be read, and of which organizations."""
CONTROL = 500
"""Bytes of a control total, by bucket; a row of the newer dialect has some 800."""
HOURS = 12
"""How many times a day's size its hours are thought to have, before any were read."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan will cost, before anything is fetched."""

    requests: int
    minutes: float
    megabytes: float
    measured: bool


def total_estimate(estimates: Sequence[Estimate]) -> Estimate:
    """What several plans will cost, one after the other."""
    return Estimate(
        sum(cost.requests for cost in estimates),
        sum(cost.minutes for cost in estimates),
        sum(cost.megabytes for cost in estimates),
        all(cost.measured for cost in estimates),
    )


def estimate(plan: Iterable[SyncTask], request_costs: Mapping[tuple[Source, Grain], RequestCost]) -> Estimate:
    """Requests, minutes and megabytes of a plan, by what earlier readings of each kind cost."""
    requests, paced, size, measured = 0.0, 0.0, 0.0, True
    for task in plan:
        days = len(task.window.days())
        cost = request_costs.get((task.source, task.grain), task.source.cost)
        if task.check:
            task_requests = 1.0
            size += CONTROL * days
        else:
            measured = measured and cost.measured
            task_requests = cost.queries * (1 if days > SHORT else FEWER) + cost.pages * days
            size += cost.size * days * (1 if cost.measured or task.grain is Grain.DAY else HOURS)
        requests += task_requests
        paced += task_requests if task.source.endpoint.paced else 0
    requests += DIRECTORY + (NEWER if paced else 0)
    full_minutes = max(0, round(paced) - 1) // PACE
    seconds = max(requests * SECONDS_A_REQUEST, full_minutes * MINUTE)
    return Estimate(math.ceil(requests), seconds / 60, size / 1e6, measured)
