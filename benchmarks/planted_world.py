"""Planted world: organizations of the simulator with incidents of every kind, as ledgers of charges without a sync."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

START, END = date(2025, 10, 16), date(2026, 11, 20)
"""400 days, the last not included."""
DAY = timedelta(days=1)
RELEASES = (
    date(2025, 12, 1),
    date(2026, 3, 20),
    date(2026, 4, 30),
    date(2026, 6, 5),
    date(2026, 9, 3),
    date(2026, 9, 28),
    date(2026, 10, 1),
    date(2026, 10, 10),
    date(2026, 11, 10),
)
"""Days on which keys of the simulator change to another model, or begin to use long prompts or fast mode."""
DISCOUNT = 150


@dataclass(frozen=True)
class Truth:
    """One planted thing: its cause, key (`all` for a price), days, and about what it cost too much, US dollars."""

    cause: str
    key: str
    first: date
    last: date
    dollars: float


def plants(seed: int, organization: Any) -> tuple[Any, ...]:
    """The plants of a seed, each on a key of its own; a third of all seeds has none."""
    from tallystick.sim.world.plants import Plant, Planted

    stream = Random(f"planted {seed}")  # noqa: S311 - repeatable, not secret
    holiday = Planted(Plant.HOLIDAY, date(2025, 12, 22), date(2026, 1, 1), organization.id, "holiday", once=True)
    if seed % 3 == 0:
        return (holiday,)
    keys = [key.id for key in organization.keys if not key.ended_at and not key.deleted]
    stream.shuffle(keys)
    planted = [holiday]
    for kind, length in (
        (Plant.LOOP, 1),
        (Plant.LOOP, 3),
        (Plant.CACHE, 6),
        (Plant.SWAP, None),
        (Plant.LEAK, 8),
        (Plant.GROWTH, 60),
        (Plant.LAUNCH, None),
    ):
        first = START + DAY * stream.randrange(90, 330 if kind is Plant.GROWTH else 380)
        sizes = {Plant.LOOP: (20, 60, 100), Plant.LEAK: (3, 5, 8), Plant.GROWTH: (20, 30, 50)}
        last = first + DAY * (length - 1) if length else None
        size = stream.choice(sizes.get(kind, (0,)))
        planted.append(Planted(kind, first, last, keys.pop(), kind.value, once=True, size=size))
    return tuple(planted)


def write(seed: int, folder: Path) -> list[Truth]:
    """Write the ledger of a seed; what is planted in it."""
    import pyarrow as pa

    from tallystick.core.ledger_tables import CHARGES, DAYS, NAMES, TALLIED_BY
    from tallystick.sim import World
    from tallystick.sim.world.discount import NO_DISCOUNT, Discount
    from tallystick.store.columns import schema
    from tallystick.store.tables import Tables
    from tallystick.sync.summing import Summing
    from tallystick.tally.prices_in_force import Prices

    organization = World(start=START, end=END, seed=seed).organization
    planted = plants(seed, organization)
    until = START + DAY * (120 + seed * 37 % 200)
    discount = Discount(DISCOUNT, date(2025, 1, 1), until) if len(planted) > 1 and seed % 2 else NO_DISCOUNT
    world = World(start=START, end=END, seed=seed, plants=planted, discount=discount)
    days = [START + DAY * index for index in range((END - START).days)]
    rows = [row for day in days for row in _rows(world, day)]
    read_at = datetime.combine(END, time(), UTC)
    with Tables(folder).writing() as writer:
        charges = pa.Table.from_pylist(rows, schema(CHARGES))
        Summing(writer, organization.id).replace(days, (), charges)
        states = [
            {"organization": organization.id, "source": source, "grain": "day", "day": day, "state": "settled"}
            for day in days
            for source in ("usage", "cost")
        ]
        writer.append(DAYS, pa.Table.from_pylist(states, schema(DAYS)))
        names = [
            {"organization": organization.id, "type": "key", "id": key.id, "name": key.name, "seen_at": read_at}
            for key in organization.keys
        ]
        writer.append(NAMES, pa.Table.from_pylist(names, schema(NAMES)))
        totals = {f"{TALLIED_BY}{organization.id}": Prices.with_own().digest}
        writer.commit(organization.id, "records", read_at, totals)
    truths = []
    for plant in planted:
        rest = tuple(other for other in planted if other is not plant)
        without = World(start=START, end=END, seed=seed, plants=rest, discount=discount)
        truths.append(_truth(plant, rows, without))
    if discount.permille:
        after = sum(row["billed"] for row in rows if until <= row["day"] < until + DAY * 14)
        truths.append(Truth("price change", "all", until, until + DAY * 13, float(after) * DISCOUNT / 1000))
    return truths


def _rows(world: Any, day: date) -> list[dict[str, Any]]:
    """The charges of a day: one for each line of the price list that a key used."""
    from tallystick.core.dimensions import KINDS
    from tallystick.core.time import Grain, midnight
    from tallystick.sim.world import tariff
    from tallystick.sim.world.requests import KINDS as TOKENS, rates_of

    sums: dict[tuple[str, ...], tuple[int, int]] = {}
    for group, counts in world.sums(midnight(day), Grain.DAY):
        who = (group.workspace, group.key or "playground", group.account or group.service_account or "unattributed")
        terms = (group.tier, group.context, group.geo, group.speed)
        for token, count, rate in zip(TOKENS, counts, rates_of(group, day) or (), strict=False):
            if count:
                line = (*who, group.model, KINDS[token], *terms)
                quantity, cost = sums.get(line, (0, 0))
                sums[line] = (quantity + count, cost + count * rate)
    names = ("workspace", "key", "actor", "model", "kind", "tier", "context", "geo", "speed")
    common = {"organization": world.organization.id, "month": f"{day:%Y-%m}", "day": day, "product": "unknown"}
    common |= {"unit": "tokens", "method": "reported", "cause": "none", "relaxed": "none", "source": "reports"}
    rows = []
    for line, (quantity, cost) in sums.items():
        listed, billed = tariff.dollars(cost), tariff.dollars(world.discount.off(cost, day))
        money = {"list": listed, "priced": listed, "priced_high": listed, "billed": billed}
        rows.append(common | dict(zip(names, line, strict=True)) | money | {"quantity": quantity})
    return rows


def _truth(plant: Any, rows: list[dict[str, Any]], without: Any) -> Truth:
    """What a plant cost more than a world without it, from the same draws; for a fortnight where it lasts.

    A launch is the key's first day of use: it costs all that the key spends.
    """
    from tallystick.sim.world.plants import Plant

    last = plant.last or plant.first + DAY * 13
    above = _spent(plant, last, rows)
    if plant.kind is not Plant.LAUNCH:
        days = [plant.first + DAY * index for index in range((last - plant.first).days + 1)]
        above -= _spent(plant, last, [row for day in days for row in _rows(without, day)])
    return Truth(plant.kind.value, plant.subject, plant.first, last, float(above))


def _spent(plant: Any, last: date, rows: list[dict[str, Any]]) -> Decimal:
    """What the key of a plant spent from its first day to a last one, US dollars."""
    own = (row["billed"] for row in rows if row["key"] == plant.subject and plant.first <= row["day"] <= last)
    return sum(own, Decimal(0))
