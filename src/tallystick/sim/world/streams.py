"""Streams: steady sources of requests, one for each key and for each use without a key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from math import exp
from random import Random
from statistics import NormalDist

from tallystick.core.time import midnight
from tallystick.sim.world import tariff
from tallystick.sim.world.organization import Organization, Workspace
from tallystick.sim.world.requests import Group, Request

# A long-tailed spread of mean about 1,000, in thousandths: sizes are drawn from it by integer arithmetic alone.
_SPREAD = tuple(round(1000 * exp(0.6 * NormalDist().inv_cdf((step + 0.5) / 512) - 0.18)) for step in range(512))
_HOURS = range(24)
_OFFICE = tuple(accumulate((2, 1, 1, 1, 1, 2, 6, 18, 42, 60, 66, 62, 50, 58, 64, 62, 54, 40, 24, 14, 9, 6, 4, 3)))
_STEADY = tuple(
    accumulate((30, 28, 26, 25, 25, 27, 31, 36, 42, 46, 48, 48, 47, 47, 48, 48, 47, 45, 43, 41, 39, 36, 34, 32))
)
_LONGEST = 990_000
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Variant:
    """One way in which a stream asks; `share` is its weight among the stream's variants."""

    share: int
    tier: str = "standard"
    geo: str = "global"
    speed: str = "standard"
    long: bool = False


@dataclass(frozen=True, slots=True)
class Mood:
    """How a stream is on a day: its family, refusals, whether its cache works, and hours in which it loops.

    `volume` is how many thousandths of its usual requests it makes.
    """

    family: str
    refused_permille: int = 4
    cached: bool = True
    loop_hours: range = range(0)
    loop_factor: int = 1
    volume: int = 1000


@dataclass(frozen=True, slots=True)
class Stream:
    """A source of requests.

    `volume` is its mean on a working day; `prompt` and `reply` are mean tokens; `cached` is the part of a prompt that
    comes from the cache, in thousandths; `hourly` says whether cache writes last an hour. It is used from `first` up
    to, not including, `last`.
    """

    workspace: str
    family: str
    volume: int
    prompt: int
    reply: int
    variants: tuple[Variant, ...]
    key: str | None = None
    account: str | None = None
    service_account: str | None = None
    cached: int = 0
    hourly: bool = False
    office: bool = True
    searches: int = 0
    first: date = date.min
    last: date = date.max

    def count(self, day: date, rng: Random) -> int:
        """How many requests it makes on a day."""
        if not self.first <= day < self.last:
            return 0
        rest = 150 if self.office else 750
        return self.volume * (rest if day.weekday() >= _SATURDAY else 1000) * rng.randrange(800, 1200) // 1_000_000

    def draw(self, day: date, mood: Mood, growth: int, rng: Random) -> list[Request]:
        """Its requests of a day, in no order; `growth` is the organization's size then, in thousandths."""
        count = self.count(day, rng) * growth // 1000 * mood.volume // 1000
        hours = rng.choices(_HOURS, cum_weights=_OFFICE if self.office else _STEADY, k=count)
        for hour in mood.loop_hours if count else ():
            hours += [hour] * (self.volume * mood.loop_factor // 24)
        count = len(hours)
        model = tariff.current(mood.family, day)
        groups = [self._groups(variant, model, day) for variant in self.variants]
        start = midnight(day)
        result = []
        for hour, pick, size, length in zip(
            hours,
            rng.choices(range(len(groups)), [variant.share for variant in self.variants], k=count),
            rng.choices(_SPREAD, k=count),
            rng.choices(_SPREAD, k=count),
            strict=True,
        ):
            dice = rng.getrandbits(40)
            prompt = self.prompt * size // 1000 + 12
            usual, *_ = group = groups[pick]
            if usual.context == "200k-1M":
                prompt = min(tariff.LONG + 1 + 90 * size, _LONGEST)
            elif prompt > tariff.LONG:
                prompt = tariff.LONG
            reused = prompt * self.cached // 1000 if mood.cached else 0
            written = reused if dice % 8 == 0 else 0
            refused = dice // 8 % 1000 < mood.refused_permille
            result.append(
                Request(
                    start + timedelta(seconds=hour * 3600 + (dice >> 13) % 3600),
                    group[2 * (prompt > tariff.LARGE) + refused],
                    prompt - reused,
                    0 if self.hourly else written,
                    written if self.hourly else 0,
                    reused - written,
                    0 if refused else self.reply * length // 1000 + 1,
                    1 + size % 3 if self.searches and not refused and (dice >> 25) % 1000 < self.searches else 0,
                )
            )
        return result

    def _groups(self, variant: Variant, model: tariff.Model, day: date) -> tuple[Group, Group, Group, Group]:
        """The group of a variant, then refused, then large, then both; what the model lacks is not asked of it."""
        long = variant.long and (model.window is None or day < model.window)
        fast = variant.speed == "fast" and model.fast_until is not None and day < model.fast_until
        usual = Group(
            workspace=self.workspace,
            key=self.key,
            account=self.account,
            service_account=self.service_account,
            model=model.id,
            tier=variant.tier,
            context="200k-1M" if long else "0-200k",
            geo=variant.geo if model.geo else "not_available",
            speed="fast" if fast else "standard",
        )
        large = usual._replace(large=model.large is not None)
        return usual, usual._replace(refused=True), large, large._replace(refused=True)


_CHAT = (Variant(900), Variant(60, tier="priority"), Variant(40, tier="flex"))
_FAST = (Variant(850), Variant(100, speed="fast"), Variant(50, geo="us"))
_BATCH = (Variant(250), Variant(750, tier="batch"))
_DEEP = (Variant(880), Variant(120, long=True))
_AGENT = (Variant(800), Variant(60, long=True), Variant(140, speed="fast"))

# family, prompt, reply, cached, hourly, office, searches, variants: the first five belong to the planted keys
_HABITS: tuple[tuple[str, int, int, int, bool, bool, int, tuple[Variant, ...]], ...] = (
    ("opus", 6_000, 700, 600, False, False, 0, _FAST),
    ("sonnet", 18_000, 500, 850, False, False, 90, _CHAT),
    ("sonnet", 20_000, 600, 300, False, False, 0, _CHAT),
    ("sonnet-pinned", 11_000, 1_500, 500, True, True, 0, _DEEP),
    ("fable", 8_000, 900, 700, True, False, 40, _CHAT),
    ("sonnet-pinned", 3_000, 600, 0, False, True, 0, _CHAT),
    ("haiku-pinned", 5_000, 300, 200, False, True, 0, _BATCH),
    ("opus-pinned", 14_000, 900, 0, False, False, 0, _BATCH),
    ("sonnet", 30_000, 1_200, 800, True, True, 0, _DEEP),
    ("haiku", 34_000, 500, 0, False, False, 0, _BATCH),
    ("opus-pinned", 12_000, 800, 650, False, True, 0, _FAST),
    ("fable", 22_000, 1_100, 750, True, True, 150, _DEEP),
)


def streams(organization: Organization, seed: int, volume: int) -> tuple[Stream, ...]:
    """Every stream of an organization: one for each key, then the people, the service account and the Playground.

    `volume` is the mean of requests that a key makes on a working day.
    """
    rng = Random(f"{seed}:streams")  # noqa: S311 - repeatable, not secret
    workspaces = {workspace.id: workspace for workspace in organization.workspaces}
    result = []
    for index, key in enumerate(organization.keys):
        family, prompt, reply, cached, hourly, office, searches, variants = _HABITS[index % len(_HABITS)]
        result.append(
            Stream(
                workspace=key.workspace,
                key=key.id,
                family=family,
                volume=max(1, volume * rng.randrange(600, 1500) // 1000),
                prompt=prompt * rng.randrange(700, 1300) // 1000,
                reply=reply,
                variants=_in(workspaces[key.workspace], variants),
                cached=cached,
                hourly=hourly,
                office=office,
                searches=searches,
                last=key.ended_at.date() if key.ended_at else date.max,
            )
        )
    default, production, coding = organization.workspaces[:3]
    result += [
        Stream(coding.id, family, volume, 40_000, 600, _AGENT, account=user.id, cached=920, hourly=True)
        for user, family in zip(organization.users, ("opus", "sonnet", "opus", "sonnet"), strict=False)
    ]
    account = organization.service_accounts[0].id
    result.append(
        Stream(production.id, "sonnet", volume, 7_000, 900, _BATCH, service_account=account, cached=400, office=False)
    )
    result.append(Stream(default.id, "sonnet", max(1, volume // 5), 1_500, 500, (Variant(1),), searches=60))
    return tuple(result)


def _in(workspace: Workspace, variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
    """The variants as asked in a workspace, whose default geography counts (reports-api 4.2)."""
    if workspace.default_geo == "global":
        return variants
    return tuple(replace(variant, geo=workspace.default_geo) for variant in variants)
