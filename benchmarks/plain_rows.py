"""Rows of the plain world: quantity times price of each day, key, model and kind, with any of the plants or without."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from random import Random
from typing import NamedTuple

from plain_keys import Key, Use
from plain_plants import CACHE, LEAK, LEAKED, PRICE, RUNAWAY, SWAP, Plant
from plain_prices import KINDS, Model

_STEADY = 0.03
"""How far tokens of a request wander from day to day."""


class Row(NamedTuple):
    """What a key used of one kind of token of a model on a day, and what was billed for it.

    `requests` are on the row of `output` alone and 0 on the others, so that they may be summed. `list_price` is US
    dollars per million, as the API's list of that day has it; `billed` is after the discount, None where late.
    """

    day: date
    workspace: str
    key: str
    model: str
    kind: str
    quantity: int
    requests: int
    list_price: Decimal
    billed: Decimal | None


def total(rows: Iterable[Row]) -> Decimal:
    """What was billed for rows, exact; what is late counts nothing."""
    return sum((row.billed for row in rows if row.billed is not None), Decimal())


@dataclass(frozen=True, eq=False)
class World:
    """One organization as it is planned: what of it is drawn is drawn from `seed`."""

    seed: int
    region: str
    calendar: Sequence[date]
    models: Mapping[str, Model]
    discount: Decimal
    keys: Sequence[Key]
    plants: Sequence[Plant]

    def rows(self, without: Collection[int] = (), keys: Sequence[Key] = ()) -> list[Row]:
        """The rows of all keys or of these, in the order of days, without the plants of these numbers."""
        plants = [plant for plant in self.plants if plant.number not in without]
        rows = [row for key in keys or self.keys for row in self._key_rows(key, plants)]
        return sorted(rows, key=lambda row: row[:5])

    def touched(self, plant: Plant) -> list[Key]:
        """The keys whose rows a plant may change."""
        return [key for key in self.keys if plant.key in {"all", key.id}]

    def _key_rows(self, key: Key, plants: Sequence[Plant]) -> list[Row]:
        own = [plant for plant in plants if plant.key == key.id]
        charge = _tariff(self.discount, [plant for plant in plants if plant.cause == PRICE])
        volumes = key.volumes(self.calendar, self.region, Random(f"{self.seed}/{key.id}/volume"))
        wobbles = Random(f"{self.seed}/{key.id}/wobble")
        rows: list[Row] = []
        for day, plain in zip(self.calendar, volumes, strict=True):
            draws = [(wobbles.gauss(1, _STEADY), wobbles.gauss(1, _STEADY), wobbles.gauss(1, 1)) for _ in key.uses]
            if not key.first <= day <= key.last:
                continue
            active = {plant.cause: plant for plant in own if plant.active(day)}
            boost = [plant.boost(day) for plant in own]
            volume = plain * boost[0] if boost else plain
            if RUNAWAY in active:
                volume += key.trend(day) * active[RUNAWAY].size(day)
            used: dict[Model, list[int]] = {}
            for use, draw in zip(key.uses, draws, strict=True):
                swapped = SWAP in active and use is key.uses[0]
                model = active[SWAP].target if swapped else use.model(day)
                fresh = active[CACHE].size(day) if CACHE in active and use is key.uses[0] else 0.0
                _add(used, model, round(volume * use.share), _tokens(use, draw, fresh))
            if LEAK in active:
                _add(used, active[LEAK].target, round(active[LEAK].size(day)), LEAKED)
            for model, (requests, *quantities) in used.items():
                for kind, quantity in zip(KINDS, quantities, strict=True):
                    if quantity:
                        price, rate = charge(model, kind, day)
                        count = requests if kind == "output" else 0
                        whose = (day, key.workspace, key.id, model.name, kind)
                        rows.append(Row(*whose, quantity, count, price, quantity * rate))
        return rows


def _tokens(use: Use, draw: tuple[float, float, float], fresh: float) -> dict[str, float]:
    """Tokens of a request on a day; `fresh` is the share of the cache reads that were read as uncached input."""
    prompt, output, share = draw
    tokens = {kind: count * prompt for kind, count in use.tokens.items()}
    sent = tokens["uncached_input"] + tokens["cache_read"]
    read = min(tokens["cache_read"] * (1 + use.wobble * (share - 1)), sent * 0.99)
    tokens["cache_read"] = read * (1 - fresh)
    tokens["uncached_input"] = sent - tokens["cache_read"]
    tokens["output"] = use.tokens["output"] * output
    return tokens


def _add(used: dict[Model, list[int]], model: Model, requests: int, tokens: Mapping[str, float]) -> None:
    """Add requests of a model and their tokens, if any."""
    if requests > 0:
        sums = used.setdefault(model, [0] * (len(KINDS) + 1))
        for index, count in enumerate((requests, *(round(requests * tokens[kind]) for kind in KINDS))):
            sums[index] += count


def _tariff(discount: Decimal, changes: Sequence[Plant]) -> Callable[[Model, str, date], tuple[Decimal, Decimal]]:
    """The list price per million of a model, kind and day, and the dollars billed for one token."""

    @cache
    def regime(model: Model, kind: str, active: tuple[Plant, ...]) -> tuple[Decimal, Decimal]:
        price, off = model.usd[kind], discount
        for plant in active:
            if plant.model == "all":
                off = plant.rate
            elif plant.model == model.name and plant.kind in {"all", kind}:
                price *= plant.rate
        return price, (price * (1 - off)).scaleb(-6)

    return lambda model, kind, day: regime(model, kind, tuple(plant for plant in changes if plant.active(day)))
