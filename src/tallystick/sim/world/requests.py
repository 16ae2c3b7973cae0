"""Requests: what was really asked of the models, and sums of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from tallystick.sim.world import tariff

KINDS = (
    "uncached_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)
"""The token types, in the order of `tariff.Rates` and of the fields of a Request (reports-api 1.3.2)."""

BILLED_TIERS = ("standard", "batch")
"""The service tiers that the cost report knows."""


class Group(NamedTuple):
    """Everything that requests can share; the last two are invisible in every report.

    `workspace` is always a real id. `refused` requests and those of tier `priority` are not billed.
    """

    workspace: str
    key: str | None
    account: str | None
    service_account: str | None
    model: str
    tier: str
    context: str
    geo: str
    speed: str
    refused: bool = False
    large: bool = False


class Counts(NamedTuple):
    """Tokens by kind, web searches, and requests."""

    uncached: int = 0
    write_5m: int = 0
    write_1h: int = 0
    read: int = 0
    output: int = 0
    searches: int = 0
    requests: int = 0


class Request(NamedTuple):
    """One request to a model: when, by whom (`group`), and how many tokens of each kind."""

    at: datetime
    group: Group
    uncached: int
    write_5m: int
    write_1h: int
    read: int
    output: int
    searches: int

    def picodollars(self) -> dict[str, int]:
        """What each kind of token is billed, and `web_search`; empty where nothing is."""
        rates = rates_of(self.group, self.at.date()) or ()
        tokens = (self.uncached, self.write_5m, self.write_1h, self.read, self.output)
        billed = {kind: count * rate for kind, count, rate in zip(KINDS, tokens, rates, strict=False) if count}
        if self.searches:
            billed["web_search"] = self.searches * tariff.SEARCH
        return billed

    def cost(self) -> Decimal:
        """What the request is billed, in US dollars."""
        return tariff.dollars(sum(self.picodollars().values()))


def rates_of(group: Group, day: date) -> tariff.Rates | None:
    """The rates of a group on a day, None where it is not billed.

    Priority Tier never reaches the cost report, refusals are free (reports-api 1.3.3 and 4.2). `flex` has no public
    price and no place among the tiers of the cost report, so it is taken to be billed elsewhere, as priority is [?].
    """
    if group.refused or group.tier not in BILLED_TIERS:
        return None
    return tariff.rates(
        group.model,
        day,
        tier=group.tier,
        context=group.context,
        geo=group.geo,
        speed=group.speed,
        large=group.large,
    )


class Sums:
    """Counts per group, kept small: a year of a busy organization has half a million of them."""

    __slots__ = ("_columns", "_groups")

    def __init__(self, requests: Iterable[Request]) -> None:
        sums: dict[Group, list[int]] = {}
        for _, group, uncached, write_5m, write_1h, read, output, searches in requests:
            counts = sums.get(group)
            if counts is None:
                sums[group] = [uncached, write_5m, write_1h, read, output, searches, 1]
            else:
                counts[0] += uncached
                counts[1] += write_5m
                counts[2] += write_1h
                counts[3] += read
                counts[4] += output
                counts[5] += searches
                counts[6] += 1
        self._groups = tuple(sums)
        self._columns = array("q", [count for counts in sums.values() for count in counts])

    def __iter__(self) -> Iterator[tuple[Group, Counts]]:
        width = len(Counts._fields)
        for index, group in enumerate(self._groups):
            yield group, Counts(*self._columns[index * width : (index + 1) * width])

    def __len__(self) -> int:
        return len(self._groups)
