"""The bill: a day of the world as lines of the cost report (reports-api 1.3 and 3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from tallystick.core.time import DAY, midnight
from tallystick.sim.wire.alteration import CREDIT, UNALTERED, Alterations
from tallystick.sim.world import tariff
from tallystick.sim.world.requests import KINDS, Group, rates_of
from tallystick.sim.world.world import World

# The runtime's wording is invented (reports-api 3.2).
_SERVICES = {
    "code_execution": "Code Execution Usage",
    "session_usage": "Claude Managed Agents Session Runtime",
}

# What stands after "Usage - ", and the wording of modifiers; ", 1h" and every modifier are invented (reports-api 3.2).
_WORDING = dict(
    zip(
        KINDS,
        (
            "Input Tokens",
            "Input Tokens, Cache Write",
            "Input Tokens, Cache Write, 1h",
            "Input Tokens, Cache Hit",
            "Output Tokens",
        ),
        strict=True,
    )
)


MINUTES = 24 * 60


class Line(NamedTuple):
    """One line of a day's bill, as the cost report parses it (reports-api 1.3.2)."""

    workspace_id: str | None
    description: str | None = None
    cost_type: str | None = None
    model: str | None = None
    token_type: str | None = None
    service_tier: str | None = None
    context_window: str | None = None
    inference_geo: str | None = None


def lines(world: World, day: date, altered: Alterations = UNALTERED) -> Iterator[tuple[Line, int]]:
    """Every part of a day's bill in picodollars at list price; a line can come more than once, never with nothing.

    Only what is billed is here: no refused requests, no Priority Tier.
    """
    for line, listed in _lines(world, day, altered.until("cost", day, midnight(day) + DAY)):
        if not altered.hide("cost", day, line.workspace_id, line.model):
            yield line, listed
    for _ in range(altered.credits(day)):
        yield Line(world.organization.default.id, "Promotional Credit", "credit"), -CREDIT


def _lines(world: World, day: date, until: datetime) -> Iterator[tuple[Line, int]]:
    for group, counts in world.billed_sums(day, until):
        if counts.searches:
            yield Line(group.workspace, "Web Search Usage", "web_search"), counts.searches * tariff.SEARCH
        for index, rate in enumerate(rates_of(group, day) or ()):
            if counts[index]:
                yield _line(group, KINDS[index]), counts[index] * rate
    minutes = (until - midnight(day)) // timedelta(minutes=1)
    for service in world.services(day):
        tenths = service.tenths
        if minutes < MINUTES:
            tenths = sum(service.minute(number, day) < minutes for number in range(tenths))
        if tenths:
            listed = service.picodollars * tenths // service.tenths
            yield Line(service.workspace, _SERVICES[service.cost_type], service.cost_type), listed


@lru_cache(maxsize=4096)
def _line(group: Group, token_type: str) -> Line:
    return Line(
        workspace_id=group.workspace,
        description=_description(group, token_type),
        cost_type="tokens",
        model=group.model,
        token_type=token_type,
        service_tier=group.tier,
        context_window=group.context,
        inference_geo=group.geo,
    )


def _description(group: Group, token_type: str) -> str:
    """The text of a token line; speed shows in nothing but this."""
    modifiers = (
        " (Batch)" if group.tier == "batch" else "",
        " (Long Context)" if group.context == "200k-1M" else "",
        " (Fast)" if group.speed == "fast" else "",
        " (US)" if group.geo == "us" else "",
    )
    return f"{tariff.MODELS[group.model].name} Usage - {_WORDING[token_type]}{''.join(modifiers)}"
