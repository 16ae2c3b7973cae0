"""Plants of the plain world: incidents, and what looks like one and is none, each with its key, days and size."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from plain_keys import Key, chance
from plain_prices import KINDS, Model

RUNAWAY, CACHE, SWAP, PRICE, LEAK = "runaway loop", "cache broken", "model swap", "price change", "leaked key"
GROWTH, LAUNCH = "slow growth", "announced launch"
INCIDENTS = (RUNAWAY, RUNAWAY, CACHE, CACHE, SWAP, PRICE, LEAK)
MOODS = ("troubled", "troubled", "calm", "quiet")
"""Troubled organizations have incidents; calm ones only growth and launches; quiet ones nothing planted."""
HISTORY = 40
"""Days of life that a key has before anything is planted in it."""
_TRIPLING = 90
_DEARER = 15
"""Tenths of the present price that a dearer model costs at least; a list price changes to less than that."""
_MATERIAL = 5
"""Dollars of a usual day that something planted is worth at least."""


@dataclass(frozen=True, eq=False)
class Plant:
    """One planted change. `sizes` has one number a day, or a single one that holds for all of them.

    `key`, `model`, `kind` are `all` where it concerns every one. Of a runaway loop a size is the multiple of the key's
    level, of a broken cache the share of reads that are read afresh, of a leak requests a day, of a launch and
    of slow growth the factor in the end. `rate` is of a price change: the factor of the list price, or the new
    discount where the model is `all`.
    """

    number: int
    cause: str
    workspace: str
    key: str
    model: str
    kind: str
    first: date
    last: date
    sizes: Sequence[float] = (1.0,)
    rate: Decimal = Decimal(1)
    target: Model | None = None

    def active(self, day: date) -> bool:
        """Whether a day is one of its days."""
        return self.first <= day <= self.last

    def size(self, day: date) -> float:
        """The size of a day."""
        return self.sizes[min((day - self.first).days, len(self.sizes) - 1)]

    def boost(self, day: date) -> float:
        """The factor of a key's volume by a launch or slow growth, which stay; of anything else 1."""
        if self.cause not in {GROWTH, LAUNCH} or day < self.first:
            return 1.0
        ramp = _TRIPLING if self.cause == GROWTH else len(self.sizes)
        return self.sizes[-1] ** min(1.0, ((day - self.first).days + 1) / ramp)


class Planting:
    """The planting of one organization: each key gets at most one plant, and only where it has lived long enough."""

    def __init__(
        self,
        stream: Random,
        keys: Sequence[Key],
        calendar: Sequence[date],
        models: Mapping[str, Model],
        discount: Decimal,
    ) -> None:
        self._stream, self._calendar, self._models, self._discount = stream, calendar, models, discount
        self._keys, self._free = keys, list(keys)
        self.plants: list[Plant] = []
        self._makers: Mapping[str, Callable[[], None]] = {
            RUNAWAY: self._runaway,
            CACHE: self._cache,
            SWAP: self._swap,
            PRICE: self._price,
            LEAK: self._leak,
            GROWTH: self._growth,
            LAUNCH: self._launch,
        }

    def plant(self, kinds: Sequence[str]) -> list[Plant]:
        """Plant these, those left out for which no key is fit; the plants."""
        for kind in kinds:
            self._makers[kind]()
        return self.plants

    def _add(self, cause: str, key: Key | None, first: date, last: date, **fields: Any) -> None:
        whose = (key.workspace, key.id) if key else ("all", "all")
        common: dict[str, Any] = {"model": "all", "kind": "all"} | fields
        self.plants.append(Plant(len(self.plants), cause, *whose, first=first, last=last, **common))
        if key:
            self._free.remove(key)

    def _choose(self, length: int, worth: Callable[[Key, date], float]) -> tuple[Key, date] | None:
        """A free key and its first day, `length` days before its end; `worth` is dollars a day, 0 where unfit."""
        days = {key: self._days(key, length) for key in self._free}
        keys = [key for key in days if days[key] and worth(key, days[key][0]) >= _MATERIAL]
        if not keys:
            return None
        key = self._stream.choice(keys)
        return key, self._stream.choice(days[key])

    def _days(self, key: Key, length: int) -> list[date]:
        first = max(key.first, self._calendar[0] + timedelta(HISTORY // 2)) + timedelta(HISTORY)
        last = key.last - timedelta(length - 1)
        return [day for day in self._calendar if first <= day <= last]

    def _runaway(self) -> None:
        length = self._stream.randint(1, 4)
        if chosen := self._choose(length, _dollars):
            key, first = chosen
            peak = math.exp(self._stream.uniform(math.log(6), math.log(60)))
            sizes = [max(5.0, peak * self._stream.uniform(0.6, 1)) for _ in range(length)]
            self._add(RUNAWAY, key, first, first + timedelta(length - 1), sizes=sizes)

    def _cache(self) -> None:
        length = self._stream.randint(3, 20)
        if chosen := self._choose(length, _reads):
            key, first = chosen
            share = self._stream.uniform(0.85, 1)
            model = key.uses[0].model(first).name
            last = first + timedelta(length - 1)
            self._add(CACHE, key, first, last, sizes=[share], model=model, kind="cache_read")

    def _swap(self) -> None:
        if chosen := self._choose(HISTORY, self._dearer_worth):
            key, first = chosen
            if targets := [model for model in self._dearer(key) if model.serves(first, key.last)]:
                target = self._stream.choice(targets)
                self._add(SWAP, key, first, key.last, model=target.name, target=target)

    def _dearer_worth(self, key: Key, day: date) -> float:
        """What a dearer model would cost a day above the present one, at least."""
        fit = key.purpose in {"service", "batch"} and bool(self._dearer(key))
        return key.dollars(day) / 2 if fit else 0.0

    def _dearer(self, key: Key) -> list[Model]:
        """Models that cost `_DEARER` tenths or more of any of a key's main use, and that it does not use."""
        used = {model.name for use in key.uses for _, model in use.models}
        bound = max(model.usd["output"] for _, model in key.uses[0].models) * _DEARER / 10
        return [model for model in self._models.values() if model.name not in used and model.usd["output"] >= bound]

    def _price(self) -> None:
        days = self._calendar[HISTORY + HISTORY // 2 : -7]
        if not days:
            return
        first, last = self._stream.choice(days), self._calendar[-1]
        cut = self._stream.randint(3, 10)
        if chance(self._stream, 0.5) and self._discount * 100 >= cut:
            self._add(PRICE, None, first, last, rate=self._discount - Decimal(cut) / 100)
            return
        living = [key for key in self._keys if key.first <= first <= key.last and key.purpose != "test"]
        if living:
            dearest = max(living, key=lambda key: key.dollars(first))
            kind = self._stream.choice(("all", "all", "output", "uncached_input"))
            rate = Decimal(self._stream.randint(11, _DEARER - 1)) / 10
            self._add(PRICE, None, first, last, model=dearest.uses[0].model(first).name, kind=kind, rate=rate)

    def _leak(self) -> None:
        length = self._stream.randint(2, 10)
        keys = [key for key in self._free if key.purpose == "test" and self._days(key, length)]
        if not keys:
            return
        key = self._stream.choice(keys)
        first = self._stream.choice(self._days(key, length))
        last = first + timedelta(length - 1)
        used = {use.model(first).name for user in self._keys for use in user.uses}
        serving = [model for model in self._models.values() if model.serves(first, last)]
        odd = [model for model in serving if model.name not in used and model.family != "haiku"] or serving
        usual = sum(user.dollars(first) for user in self._keys if user.first <= first <= user.last)
        dollars = max(60.0, usual * self._stream.uniform(0.05, 0.5))
        target = self._stream.choice(odd)
        requests = dollars * 1e6 / sum(count * float(target.usd[kind]) for kind, count in LEAKED.items())
        sizes = [requests * self._stream.lognormvariate(0, 0.4) for _ in range(length)]
        self._add(LEAK, key, first, last, model=target.name, target=target, sizes=sizes)

    def _growth(self) -> None:
        if chosen := self._choose(_TRIPLING, _service):
            key, first = chosen
            self._add(GROWTH, key, first, first + timedelta(_TRIPLING - 1), sizes=[3.0])

    def _launch(self) -> None:
        if chosen := self._choose(14, _service):
            key, first = chosen
            factor = self._stream.uniform(1.8, 4)
            ramp = self._stream.choice((1, 7))
            self._add(LAUNCH, key, first, first + timedelta(ramp - 1), sizes=[factor] * ramp)


LEAKED = dict(zip(KINDS, (3000, 0, 0, 0, 800), strict=True))
"""Tokens of a request with a leaked key, by kind."""


def _dollars(key: Key, day: date) -> float:
    """What a usual day costs; nothing of a test key."""
    return 0.0 if key.purpose == "test" else key.dollars(day)


def _service(key: Key, day: date) -> float:
    """What a usual day of a service costs."""
    return key.dollars(day) if key.purpose == "service" else 0.0


def _reads(key: Key, day: date) -> float:
    """What it would cost a service a day to read afresh what its main use reads from the cache."""
    use = key.uses[0]
    usd = use.model(day).usd
    dollars = use.tokens["cache_read"] * float(usd["uncached_input"] - usd["cache_read"]) / 1e6
    return dollars * key.trend(day) * use.share if key.purpose == "service" else 0.0
