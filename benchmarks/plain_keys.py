"""Keys of the plain world: services, people, batch jobs and test keys, and what each would use with nothing planted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from plain_days import SATURDAY, festive, working_days
from plain_prices import KINDS, Model

MONTH, YEAR = 30.4, 400
"""Days of a month, of its growth; the days to which the page of prose counts level shifts."""
_FESTIVE = 1 / 3
_TRIES = 0.3
"""The share of the working days on which a test key is used."""
_FAMILY_WEIGHTS = {"service": (2, 5, 4, 0.5), "person": (5, 4, 1, 1), "batch": (1, 4, 5, 0), "test": (1, 2, 3, 0)}
_DOLLARS = {"service": (2, 500), "person": (0.5, 30), "batch": (3, 300), "test": (0.005, 0.2)}
"""The least and the most that a key of a purpose spends on a day of use, in an organization of middle size."""


@dataclass(frozen=True)
class Shift:
    """A lasting change of a key's level, reached in `ramp` days."""

    first: date
    factor: float
    ramp: int

    def on(self, day: date) -> float:
        """The factor of a day: 1 before it begins."""
        return self.factor ** min(1.0, max(0, (day - self.first).days + 1) / self.ramp)


@dataclass(frozen=True)
class Use:
    """One use of a key: its models from their days on, its share of the requests, the tokens of a request by kind."""

    models: Sequence[tuple[date, Model]]
    share: float
    tokens: Mapping[str, float]
    wobble: float

    def model(self, day: date) -> Model:
        """The model of a day."""
        return [model for first, model in self.models if first <= max(day, self.models[0][0])][-1]

    def dollars(self, day: date) -> float:
        """What a request costs at list price, about."""
        usd = self.model(day).usd
        return sum(count * float(usd[kind]) for kind, count in self.tokens.items()) / 1e6


@dataclass(frozen=True, eq=False)
class Key:
    """A key and its habits. `level` is requests on a day of use when it begins; `audience` of a service is its users.

    `runs` are the weekdays of a batch job, or working days of the month, the last -1, where `monthly`.
    """

    id: str
    name: str
    workspace: str
    purpose: str
    audience: str
    first: date
    last: date
    uses: Sequence[Use]
    level: float
    growth: float
    shifts: Sequence[Shift]
    weekend: float
    sigma: float
    memory: float
    runs: Sequence[int]
    monthly: bool
    leave: frozenset[date]

    def trend(self, day: date) -> float:
        """Requests of a usual day of use."""
        growth = (1 + self.growth) ** ((day - self.first).days / MONTH)
        return self.level * growth * math.prod(shift.on(day) for shift in self.shifts)

    def calendar(self, day: date, region: str) -> float:
        """The factor of a day by the calendar alone; 0 where the key rests."""
        weekend = day.weekday() >= SATURDAY
        rest = _FESTIVE if festive(region, day) else 1.0
        if self.purpose == "batch":
            if not self.monthly:
                return float(day.weekday() in self.runs)
            working = working_days(day.year, day.month)
            return float(day in [working[index] for index in self.runs])
        if self.purpose in {"person", "test"}:
            return 0.0 if weekend or day in self.leave else rest
        return (self.weekend if weekend else 1.0) * (rest if self.audience == "business" else 1.0)

    def dollars(self, day: date) -> float:
        """What a usual day of use costs at list price, about."""
        return self.trend(day) * sum(use.share * use.dollars(day) for use in self.uses)

    def volumes(self, calendar: Sequence[date], region: str, stream: Random) -> list[float]:
        """Requests of each day, before rounding; each day draws as often, whatever it is."""
        volumes, state = [], 0.0
        for day in calendar:
            state = self.memory * state + math.sqrt(1 - self.memory**2) * stream.gauss(0, self.sigma)
            noise = math.exp(state - self.sigma**2 / 2) * (self.purpose != "test" or stream.random() < _TRIES)
            volumes.append(
                self.trend(day) * self.calendar(day, region) * noise if self.first <= day <= self.last else 0
            )
        return volumes


def chance(stream: Random, share: float) -> bool:
    """Whether what happens in that share of cases happens now."""
    return stream.random() < share


def _timeline(
    stream: Random, family: str, first: date, last: date, models: Mapping[str, Model]
) -> list[tuple[date, Model]]:
    """The models of a use: a recent one of its family, sometimes one that came later, another before it retires."""
    present = [model for model in models.values() if model.serves(first, first + timedelta(60))]
    present.sort(key=lambda model: model.first)
    kin = [model for model in present if model.family == family] or present
    kin = [model for model in kin if model.retires > last] or kin
    family, now = kin[-1].family, stream.choice([model for model in kin if model.family == kin[-1].family][-2:])
    timeline = [(first, now)]
    later = sorted(
        (m for m in models.values() if m.family == family and m.first > first), key=lambda model: model.first
    )
    for model in later:
        when = model.first + timedelta(stream.randint(3, 60))
        moves, dearer = chance(stream, 0.1), model.usd["output"] > now.usd["output"]
        if moves and not dearer and timeline[-1][0] < when <= last and model.serves(when, last) and when < now.retires:
            now = model
            timeline.append((when, now))
    if now.retires <= last:
        when = max(timeline[-1][0] + timedelta(1), now.retires - timedelta(stream.randint(1, 30)))
        heir = max((m for m in models.values() if m.family == family and m.serves(when, last)), key=lambda m: m.first)
        timeline.append((when, heir))
    return timeline


def _tokens(stream: Random, purpose: str) -> dict[str, float]:
    """Tokens of a request, by kind: people and most services read much of the prompt from a cache."""
    prompt = math.exp(stream.uniform(math.log(800), math.log(20_000)))
    caching = {"service": 0.7, "person": 1.0, "batch": 0.2, "test": 0.0}[purpose]
    read = stream.uniform(0.8, 0.92) if purpose == "person" else stream.uniform(0.4, 0.85)
    short, long = stream.choice(((1, 0), (1, 0), (0, 1), (0.7, 0.3)))
    written = stream.uniform(0.02, 0.06)
    output = math.exp(stream.uniform(math.log(100), math.log(1500)))
    if stream.random() >= caching:
        read = written = 0.0
    parts = (1 - read - written, written * short, written * long, read)
    return dict(zip(KINDS, [*(prompt * part for part in parts), output], strict=True))


def _habits(stream: Random, purpose: str, calendar: Sequence[date], first: date) -> dict[str, Any]:
    """What one purpose has and another has not."""
    habits = {
        "audience": "none",
        "growth": 0.0,
        "shifts": (),
        "weekend": 1.0,
        "sigma": stream.uniform(0.6, 1.0),
        "memory": 0.0,
        "runs": (),
        "monthly": False,
        "leave": frozenset[date](),
    }
    if purpose == "service":
        audience = stream.choice(("business", "business", "consumer", "flat"))
        weekend = {"business": stream.uniform(0.1, 0.4), "consumer": stream.uniform(1.1, 1.3), "flat": 1.0}[audience]
        growth = stream.uniform(0, 0.08) if chance(stream, 0.85) else stream.uniform(-0.05, 0)
        number = round(stream.randint(1, 4) * len(calendar) / YEAR)
        days = sorted(stream.sample(calendar[5:], min(number, len(calendar[5:]))))
        factors = [stream.uniform(1.2, 2.0) if chance(stream, 0.6) else stream.uniform(0.5, 0.85) for _ in days]
        shifts = [Shift(day, factor, stream.choice((1, 7))) for day, factor in zip(days, factors, strict=True)]
        habits |= {"audience": audience, "weekend": weekend, "growth": growth}
        habits |= {"shifts": [shift for shift in shifts if shift.first > first]}
        habits |= {"sigma": stream.uniform(0.08, 0.25), "memory": stream.uniform(0.2, 0.5)}
    if purpose == "person":
        begins = stream.sample(calendar, max(1, len(calendar) // 80))
        weeks = {day + timedelta(number) for day in begins for number in range(stream.choice((1, 5, 7, 12)))}
        habits |= {"growth": stream.uniform(0, 0.03), "leave": frozenset(weeks)}
    if purpose == "batch":
        habits |= {"sigma": stream.uniform(0.08, 0.25), "monthly": chance(stream, 0.4)}
        ends = stream.choice(((0,), (0, 1), (-1,), (-2, -1), (-3, -2, -1)))
        weekdays = tuple(sorted(stream.sample(range(5), stream.randint(1, 5))))
        habits["runs"] = ends if habits["monthly"] else weekdays
    return habits


def key(
    stream: Random,
    purpose: str,
    workspace: str,
    number: int,
    calendar: Sequence[date],
    size: float,
    models: Mapping[str, Model],
) -> Key:
    """A key of a purpose in a workspace, by its own stream."""
    first, last = calendar[0], calendar[-1]
    if chance(stream, 0.3) and purpose != "test":
        first = stream.choice(calendar)
    if chance(stream, 0.12) and purpose != "test":
        last = max(stream.choice(calendar), min(first + timedelta(20), last))
    families = stream.choices(("opus", "sonnet", "haiku", "fable"), _FAMILY_WEIGHTS[purpose], k=2)
    split = stream.uniform(0.6, 0.95) if chance(stream, 0.4) and families[0] != families[1] else 1.0
    wobble = 0.06 if purpose == "person" else 0.015
    uses = [
        Use(_timeline(stream, family, first, last, models), share, _tokens(stream, purpose), wobble)
        for family, share in zip(families, (split, 1 - split), strict=True)
        if share
    ]
    low, high = (math.log(bound * size) for bound in _DOLLARS[purpose])
    dollars = math.exp(stream.uniform(low, high))
    return Key(
        id=f"apikey_{number:026}",
        name=f"{purpose} {number}",
        workspace=workspace,
        purpose=purpose,
        first=first,
        last=last,
        uses=uses,
        level=dollars / sum(use.share * use.dollars(first) for use in uses),
        **_habits(stream, purpose, calendar, first),
    )
