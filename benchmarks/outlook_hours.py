"""Hours until a runaway loop is seen on its own day, where use is read by the hour: simulated organizations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any

from planted_world import DAY, END, _rows

SEEDS = tuple(range(12_501, 12_511))
"""The final seeds."""
SIZES = (20, 60, 100)
"""Times the usual requests of a key, from 01:00 to 06:00 UTC."""
BEFORE, SHARED = 60, 28
"""Ended days that levels are learned from, and those whose hours say what part of a day has passed."""
BEGINS, HOURS = 1, 24


def looping(seed: int) -> tuple[Any, str]:
    """An organization with a key that runs away on the last day, and the key."""
    from tallystick.sim import World
    from tallystick.sim.world.plants import Plant, Planted

    start, end = END - DAY * BEFORE, END + DAY
    keys = World(start=start, end=end, seed=seed).organization.keys
    key = next(key.id for key in keys if not key.ended_at and not key.deleted)
    loop = Planted(Plant.LOOP, END, END, key, "loop", once=True, size=SIZES[seed % len(SIZES)])
    return World(start=start, end=end, seed=seed, plants=(loop,)), key


def in_hour(world: Any, day: date, hour: int) -> Iterator[tuple[Any, float, float]]:
    """Each group of an hour, what it costs in the simulator's unit, and its tokens."""
    from tallystick.core.time import Grain, midnight
    from tallystick.sim.world.requests import rates_of

    for group, counts in world.sums(midnight(day) + timedelta(hours=hour), Grain.HOUR):
        rates = rates_of(group, day) or ()
        yield group, sum(count * rate for count, rate in zip(counts, rates, strict=False)), sum(counts)


def hours_until_seen(seed: int) -> int | None:
    """How many hours after a loop began it is told; None where it is not on its day."""
    from tallystick.outlook.anomalies.survey import Survey, minimum_of

    world, key = looping(seed)
    cells = _ended(world)
    totals = [sum(daily.dollars[index] for daily in cells.by_cell.values()) for index in range(BEFORE)]
    minimum = minimum_of(median(totals[-SHARED:]))
    unit = totals[-1] / sum(amount for hour in range(HOURS) for _, amount, _ in in_hour(world, END - DAY, hour))
    parts = _parts(world, key)
    for hour, part in enumerate(parts):
        for group, amount, tokens in in_hour(world, END, hour):
            who = (group.workspace, group.key or "playground", group.account or group.service_account or "unattributed")
            _add(cells, (world.organization.id, *who, group.model), BEFORE, amount * unit, tokens)
        survey = Survey(cells, [True] * BEFORE + [False], minimum, lambda _: None, lambda _, part=part: part)  # type: ignore[misc]
        if any(sighting.running and key in {cell.key for cell in sighting.cells} for sighting in survey.sightings()):
            return hour + 1 - BEGINS
    return None


def _ended(world: Any) -> Any:
    """The cells of the days before the last."""
    from tallystick.core.time import Window, midnight
    from tallystick.outlook.anomalies.cells import Cells

    cells = Cells(Window(midnight(END - DAY * BEFORE), midnight(END) + DAY), {})
    for index in range(BEFORE):
        for row in _rows(world, END - DAY * (BEFORE - index)):
            names = tuple(row[name] for name in ("organization", "workspace", "key", "actor", "model"))
            _add(cells, names, index, float(row["billed"]), row["quantity"])
    return cells


def _add(cells: Any, names: tuple[str, ...], index: int, dollars: float, tokens: float) -> None:
    from tallystick.outlook.anomalies.cells import Cell, DailySums

    daily = cells.by_cell.setdefault(Cell(*names), DailySums(*([0.0] * (BEFORE + 1) for _ in DailySums.__slots__)))
    daily.dollars[index] += dollars
    daily.tokens[index] += tokens


def _parts(world: Any, key: str) -> list[float]:
    """What part of a usual day's tokens of a key is used by the end of each hour."""
    used = [0.0] * HOURS
    for back in range(1, SHARED + 1):
        for hour in range(HOURS):
            used[hour] += sum(tokens for group, _, tokens in in_hour(world, END - DAY * back, hour) if group.key == key)
    return [max(0.02, sum(used[: hour + 1]) / (sum(used) or 1.0)) for hour in range(HOURS)]


def sentence(seeds: Sequence[int] = SEEDS) -> str:
    """How soon loops were seen, in words."""
    hours = [hours_until_seen(seed) for seed in seeds]
    seen = [hour for hour in hours if hour is not None]
    words = f"hours until seen, median / most: {median(seen):.0f} / {max(seen)}" if seen else "none was seen"
    return (
        f"Runaway loops of a running day that is read by the hour (seeds {seeds[0]} to {seeds[-1]}): {len(seen)} of "
        f"{len(hours)} are told on that day; {words}."
    )
