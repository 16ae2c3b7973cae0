"""A small organization whose truth is known, and the moment at which every answer is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tallystick.clock import SystemClock
from tallystick.core.time import DAY
from tallystick.sim import World

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
TODAY = NOW.date()
CLOCK = SystemClock(NOW)
FIRST = date(2026, 10, 1)
"""The first day that the ledger has."""
HOURS_SINCE = date(2026, 11, 20)
"""The first day that the ledger with hours has by the hour."""
TWO_SINCE = date(2026, 11, 10)
"""The first day that the ledger has of the second organization."""
TOKENS = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output")
NASTY = ("\u202egnitset\u2066", ":boom: [link=https://example.invalid]here[/link]", "@SUM(A1:A9)", "-1+2\tand\nmore")
"""Names that want to steer a terminal, a markup reader, a spreadsheet."""


def small_world(seed: int = 1) -> World:
    """An organization of sixteen keys; the last four have nasty names."""
    world = World(start=date(2026, 8, 1), end=TODAY, seed=seed, keys=16, requests_per_key_day=6, hostile_names=True)
    keys = world.organization.keys
    named = [replace(key, name=name) for key, name in zip(keys[-len(NASTY) :], NASTY, strict=True)]
    world.organization = replace(world.organization, keys=(*keys[: -len(NASTY)], *named))
    return world


@dataclass(frozen=True)
class Truth:
    """What the world knows of itself, request by request."""

    world: World

    def billed(self, first: date, last: date, workspace: str | None = None) -> Decimal:
        """US dollars of the days from first to last, both included; of one workspace by its real id."""
        if workspace is None:
            return sum((self.world.billed(day) for day in days(first, last)), Decimal(0))
        request_costs = (
            request.cost()
            for day in days(first, last)
            for request in self._requests(day)
            if request.group.workspace == workspace
        )
        served = (
            Decimal(service.picodollars).scaleb(-12)
            for day in days(first, last)
            for service in self.world.services(day)
            if service.workspace == workspace
        )
        return sum(request_costs, Decimal(0)) + sum(served, Decimal(0))

    def tokens(self, first: date, last: date, **fields: Any) -> dict[str, int]:
        """Tokens by kind, web searches beside them, of the requests whose group has these values."""
        sums = dict.fromkeys((*TOKENS, "web_searches"), 0)
        for day in days(first, last):
            for request in self._requests(day):
                if all(getattr(request.group, name) == value for name, value in fields.items()):
                    for name, count in zip(sums, request[2:], strict=True):
                        sums[name] += count
        return sums

    def _requests(self, day: date) -> list[Any]:
        return [request for request in self.world.requests(day) if request.at < NOW]


def days(first: date, last: date) -> list[date]:
    """The days from first to last, both included."""
    return [first + DAY * number for number in range((last - first) // timedelta(days=1) + 1)]
