"""The world: a seeded organization, request by request. It is the truth that the reports are read from."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from random import Random
from typing import NamedTuple

from tallystick.core.time import DAY, Grain, midnight
from tallystick.sim.world import tariff
from tallystick.sim.world.coders import key_streams, new_keys, seat_streams
from tallystick.sim.world.discount import NO_DISCOUNT, Discount
from tallystick.sim.world.enterprise import EnterpriseFacets
from tallystick.sim.world.facets import BILLED_PROFILE, ConsoleFacets, Facet, profile, slot
from tallystick.sim.world.organization import hostile, organize, seated
from tallystick.sim.world.plants import AGE, EARLIEST, LOOP_FACTOR, LOOP_HOURS, REFUSED_PERMILLE, Plant, Planted, plant
from tallystick.sim.world.requests import Request, Sums
from tallystick.sim.world.streams import Mood, Stream, streams
from tallystick.sim.world.teams import teams

_at = attrgetter("at")


HOLIDAY_VOLUME = 150
"""How many thousandths of its usual requests an office makes on a holiday."""
DEARER = {
    "haiku": "sonnet",
    "haiku-pinned": "sonnet",
    "sonnet": "opus",
    "sonnet-pinned": "opus",
    "opus": "legacy-opus",
    "opus-pinned": "legacy-opus",
    "fable": "legacy-opus",
}
"""The family that the users of a family change to in a model swap."""


class Service(NamedTuple):
    """What a workspace was billed on a day for time, not tokens: `code_execution` or `session_usage`."""

    workspace: str
    cost_type: str
    tenths: int
    picodollars: int

    def minute(self, number: int, day: date) -> int:
        """The minute of the day in which a tenth lies: the world knows no more than days, so a hash says."""
        digest = hashlib.sha256(f"{self.workspace}:{self.cost_type}:{day}:{number}".encode()).digest()
        return int.from_bytes(digest[:4]) % 1440


ANCHOR = date(2026, 11, 22)
"""The day to which everything with a date is tied: growth, planted facts, the ends of keys. A constant, not today."""


class World:
    """An organization from `start` on, with plants in the 60 days before the anchor day `end`, and again later.

    `start` and `end` are part of which organization it is, as the seed is: never take them from a clock. A day depends
    on them and the day alone, never on the present or on what was asked before, with one exception that has to be
    called: `restate`. It has days after `end` too. `requests_per_key_day` is the mean of a key on a working day at the
    anchor. `enterprise` makes it a Claude Enterprise organization: the same requests, made by people, without Managed
    Agents. `coding_keys` more keys belong to the workspace "Claude Code", and `seats` people use it on a subscription;
    both change nothing else. A `discount` lowers what is billed, never the list price. A `hipaa` organization has no
    newer reports. With `platform_values` an Enterprise organization has workspaces, keys, tiers and sessions, which
    the contract neither promises nor rules out (drift). With `bill_profiles` the requests of one user profile are
    billed to that customer's own organization: used here, in no bill of ours [I]. With `hostile_names` some names are
    such as a spreadsheet, terminal or page must not obey.
    Raises ValueError for a span under 60 days, a start before the tariff opens, an anchor before `plants.EARLIEST`, too
    few keys, more seats than people, or seats in an Enterprise organization, none of whose reports would show them.
    """

    def __init__(
        self,
        *,
        start: date,
        end: date = ANCHOR,
        seed: int = 1,
        keys: int = 24,
        requests_per_key_day: int = 80,
        enterprise: bool = False,
        discount: Discount = NO_DISCOUNT,
        coding_keys: int = 0,
        seats: int = 0,
        hipaa: bool = False,
        platform_values: bool = False,
        bill_profiles: bool = False,
        hostile_names: bool = False,
        plants: Sequence[Planted] | None = None,
    ) -> None:
        if end - start < timedelta(days=AGE):
            raise ValueError(f"a world needs {AGE} days from start to end; {start} to {end} is shorter")
        if end < EARLIEST:
            raise ValueError(f"a world cannot be anchored before {EARLIEST}: its retired model would have no successor")
        if start < tariff.OPENS:
            raise ValueError(f"a world cannot start before the tariff opens, on {tariff.OPENS}")
        if enterprise and seats:
            raise ValueError("a world of Claude Enterprise has no seats: they show in the Claude Code report alone")
        self.start, self.end, self.seed = start, end, seed
        self.enterprise, self.discount = enterprise, discount
        usual = organize(seed, keys, start, end)
        if hostile_names:
            usual = hostile(usual)
        if enterprise:
            usual = seated(usual)
        extra_keys = new_keys(usual, seed, coding_keys)
        self.organization = replace(usual, keys=usual.keys + extra_keys)
        self.hipaa, self.platform_values = hipaa, platform_values and enterprise
        self.billed_profiles = frozenset({profile(self.organization, BILLED_PROFILE)} if bill_profiles else ())
        self.teams = teams(usual, end) if enterprise else ()
        self.facets: ConsoleFacets | EnterpriseFacets = (
            EnterpriseFacets(self.organization, self.teams, platform_values=platform_values)
            if enterprise
            else ConsoleFacets(self.organization)
        )
        self.plants: tuple[Planted, ...] = plant(self.organization, end) if plants is None else tuple(plants)
        self._streams = streams(usual, seed, requests_per_key_day) + key_streams(extra_keys, requests_per_key_day)
        self._seats = seat_streams(usual, seats, requests_per_key_day)
        self._plants = {planted.subject: planted for planted in self.plants}
        self._restated: Counter[date] = Counter()
        # Requests are kept for a few days only; sums are small and kept for more than a year of days.
        self._requests = lru_cache(maxsize=6)(self._draw)
        self._seated = lru_cache(maxsize=6)(self._sit)
        self._services = lru_cache(maxsize=800)(self._serve)
        self._day_sums = lru_cache(maxsize=800)(self._sum)
        self._hour_sums = lru_cache(maxsize=24 * 40)(self._sum)

    def requests(self, day: date) -> tuple[Request, ...]:
        """Every request of a UTC day, in order of time; none before the organization starts."""
        return self._requests(day, self._restated[day])

    def between(self, start: datetime, end: datetime) -> tuple[Request, ...]:
        """The requests of a span that lies within one UTC day."""
        requests = self.requests(start.date())
        return requests[bisect_left(requests, start, key=_at) : bisect_left(requests, end, key=_at)]

    def sums(self, start: datetime, grain: Grain) -> Sums:
        """The counts per group of the minute, hour or day that begins at `start`."""
        if grain is Grain.DAY:
            return self._day_sums(start, grain, self._restated[start.date()])
        if grain is Grain.HOUR:
            return self._hour_sums(start, grain, self._restated[start.date()])
        return self._sum(start, grain, 0)

    def billed_sums(self, day: date, until: datetime) -> Sums:
        """The counts per group of a UTC day up to an instant, without what is billed to a user profile."""
        if until >= midnight(day) + DAY and not self.billed_profiles:
            return self.sums(midnight(day), Grain.DAY)
        return Sums(request for request in self.between(midnight(day), until) if not self.billed_elsewhere(request))

    def billed_elsewhere(self, request: Request) -> bool:
        """Whether a request is billed to the organization of a customer's user profile."""
        return bool(self.billed_profiles) and self.facet(request).user_profile_id in self.billed_profiles

    def seated(self, day: date) -> tuple[Request, ...]:
        """The requests of people with a seat on a UTC day, in order of time: in no other method, not billed."""
        return self._seated(day)

    def services(self, day: date) -> tuple[Service, ...]:
        """Code execution and Managed Agents sessions of a UTC day; they show in cost only."""
        return self._services(day)

    def facet(self, request: Request) -> Facet:
        """What the newer reports say of a request: who, by which product, in which session."""
        return self.facets.of(request.group, slot(request.at), request.at.date())

    def listed(self, day: date) -> Decimal:
        """What a UTC day costs at list price, in US dollars, request by request."""
        return tariff.dollars(self._listed(day))

    def billed(self, day: date) -> Decimal:
        """What a UTC day costs after the discount, in US dollars."""
        return tariff.dollars(self.discount.off(self._listed(day), day))

    def billed_to(self, planted: Planted, day: date) -> Decimal:
        """What the subject of a plant is billed on a day, in US dollars."""
        listed = sum(
            sum(request.picodollars().values())
            for request in self.requests(day)
            if request.group.key == planted.subject and not self.billed_elsewhere(request)
        )
        return tariff.dollars(self.discount.off(listed, day))

    def restate(self, day: date) -> None:
        """Let late requests of a past day arrive: a day that has any holds more of them, and costs more."""
        self._restated[day] += 1

    def restated(self, day: date) -> int:
        """How often a day was restated."""
        return self._restated[day]

    @property
    def revision(self) -> int:
        """How often any day was restated."""
        return self._restated.total()

    def _listed(self, day: date) -> int:
        billed = (request for request in self.requests(day) if not self.billed_elsewhere(request))
        requests = sum(sum(request.picodollars().values()) for request in billed)
        return requests + sum(service.picodollars for service in self.services(day))

    def _draw(self, day: date, restated: int) -> tuple[Request, ...]:
        if day < self.start:
            return ()
        rng = Random(f"{self.seed}:{day}")  # noqa: S311 - repeatable, not secret
        growth = self._growth(day)
        holiday = (planted := self._plants.get(self.organization.id)) is not None and planted.on(day)
        result: list[Request] = []
        for stream in self._streams:
            planted = self._plants.get(stream.key or "")
            if planted is None:
                mood = Mood(stream.family, volume=HOLIDAY_VOLUME if holiday and stream.office else 1000)
                result += stream.draw(day, mood, growth, rng)
            elif planted.kind is not Plant.LAUNCH or planted.on(day):
                result += stream.draw(day, _mood(stream, planted, day), growth, rng)
        usual = tuple(result)
        for time in range(restated if usual else 0):
            late = Random(f"{self.seed}:{day}:late:{time}")  # noqa: S311 - the same
            seconds = late.sample(range(86_400), k=len(usual) // 40 + 1)
            result += [late.choice(usual)._replace(at=midnight(day) + timedelta(seconds=second)) for second in seconds]
        return tuple(sorted(result, key=_at))

    def _sit(self, day: date) -> tuple[Request, ...]:
        if day < self.start:
            return ()
        rng = Random(f"{self.seed}:{day}:seats")  # noqa: S311 - repeatable, not secret
        drawn = [stream.draw(day, Mood(stream.family), self._growth(day), rng) for stream in self._seats]
        return tuple(sorted((request for requests in drawn for request in requests), key=_at))

    def _growth(self, day: date) -> int:
        """The size of the organization on a day, in thousandths of that on the anchor day."""
        return max(300, 1000 + (day - self.end).days * 3 // 2)

    def _serve(self, day: date) -> tuple[Service, ...]:
        if day < self.start:
            return ()
        rng = Random(f"{self.seed}:{day}:services")  # noqa: S311 - repeatable, not secret
        default, production, *_, research, _ = (workspace.id for workspace in self.organization.workspaces)
        drawn = (
            (production, "code_execution", rng.randrange(0, 60), tariff.CONTAINER_TENTH),
            (research, "code_execution", rng.randrange(0, 12), tariff.CONTAINER_TENTH),
            (default, "session_usage", rng.randrange(0, 25), tariff.SESSION_TENTH),
        )
        return tuple(
            Service(where, kind, tenths, tenths * rate)
            for where, kind, tenths, rate in drawn
            if tenths and not (self.enterprise and kind == "session_usage")
        )

    def _sum(self, start: datetime, grain: Grain, _restated: int) -> Sums:
        return Sums(self.between(start, grain.after(start)))


def _mood(stream: Stream, planted: Planted, day: date) -> Mood:
    """How the subject of a plant is on a day."""
    if not planted.on(day):
        return Mood(stream.family)
    usual = Mood(stream.family)
    moods = {
        Plant.LOOP: replace(usual, loop_hours=LOOP_HOURS, loop_factor=planted.size or LOOP_FACTOR),
        Plant.CACHE: replace(usual, cached=False),
        Plant.REFUSALS: replace(usual, refused_permille=REFUSED_PERMILLE),
        Plant.RETIREMENT: Mood("sonnet"),
        Plant.SWAP: Mood(DEARER.get(stream.family, stream.family)),
        Plant.LEAK: replace(usual, volume=1000 * planted.size),
        Plant.GROWTH: replace(usual, volume=1000 + (day - planted.first).days * planted.size),
    }
    return moods.get(planted.kind, usual)
