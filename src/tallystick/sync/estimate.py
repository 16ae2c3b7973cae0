"""Estimate: what a plan will cost in requests, minutes and megabytes, before anything is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tallystick.api.client import PACE
from tallystick.core.time import Grain
from tallystick.sync.plan import SyncTask
from tallystick.sync.source import RequestCost, Source

SECONDS_A_REQUEST = 1.5
SECONDS_A_PACED = 60 / PACE
"""An endpoint that answers fewer requests a minute is asked at a pace."""
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


def estimate(
    plan: Iterable[SyncTask], request_costs: Mapping[tuple[Source, Grain], RequestCost], directory: int = 6
) -> Estimate:
    """Requests, minutes and megabytes of a plan, by what earlier readings of each kind cost."""
    requests, seconds, size, measured = float(directory), directory * SECONDS_A_REQUEST, 0.0, True
    for task in plan:
        days = len(task.window.days())
        cost = request_costs.get((task.source, task.grain), task.source.cost)
        if task.check:
            task_requests = 1.0
            size += CONTROL * days
        else:
            measured = measured and cost.measured
            task_requests = cost.queries + cost.pages * days
            size += cost.size * days * (1 if cost.measured or task.grain is Grain.DAY else HOURS)
        requests += task_requests
        seconds += task_requests * (SECONDS_A_PACED if task.source.endpoint.paced else SECONDS_A_REQUEST)
    return Estimate(round(requests), seconds / 60, size / 1e6, measured)
