"""Series of daily spend with what happens to real ones: weekdays, growth, launches and shutdowns, month ends, holidays.

Seeds below 15000 are for tuning or were final once, those from 15000 on are for the final run. No constant of the
forecast stands here.
"""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

FIRST = date(2025, 1, 1)
LENGTH = 400
FINAL = 15_000
"""The first seed of the final run."""


def series(seed: int, length: int = LENGTH) -> list[float]:
    """Return the US dollars of each day from `FIRST` on, drawn from one seed."""
    chance = random.Random(f"outlook {seed}")  # noqa: S311  # no secret
    level = math.exp(chance.uniform(0, 7))
    growth = chance.gauss(0.0005, 0.0015)
    weekend = chance.choice([0.1, 0.25, 0.4, 0.6, 0.8, 1.0]) * math.exp(chance.gauss(0, 0.1))
    weekdays = [math.exp(chance.gauss(0, 0.08)) for _ in range(5)] + [weekend, weekend * math.exp(chance.gauss(0, 0.1))]
    stray, memory = chance.uniform(0.04, 0.3), chance.choice([0.0, 0.3, 0.6])
    month_end = chance.choice([1.0, 1.0, 1.0, 1.3, 1.6])
    holiday = chance.choice([1.0, 0.6, 0.3])
    spike = chance.choice([0.0, 0.005, 0.015])
    wander = chance.choice([0.0, 0.01, 0.03])
    restless = chance.choice([0, 1, 2, 3])  # level shifts in 240 days
    shifts = sorted(chance.sample(range(30, length), k=restless * length // 240))
    factors = {day: math.exp(chance.choice([-1, 1]) * chance.uniform(0.2, 1.0)) for day in shifts}
    ramps = {day: chance.choice([1, 1, 7, 14]) for day in shifts}
    noise, log_level = 0.0, math.log(level)
    rises: dict[int, float] = {}
    for start, factor in factors.items():
        for step in range(ramps[start]):
            rises[start + step] = rises.get(start + step, 0.0) + math.log(factor) / ramps[start]
    amounts = []
    for index in range(length):
        day = FIRST + timedelta(days=index)
        log_level += growth + rises.get(index, 0.0) + chance.gauss(0, wander)
        noise = memory * noise + chance.gauss(0, stray) * math.sqrt(1 - memory * memory)
        amount = math.exp(log_level + noise) * weekdays[day.weekday()]
        if (day + timedelta(days=2)).month != day.month:
            amount *= month_end
        if (day.month, day.day) >= (12, 24) or (day.month, day.day) == (1, 1):
            amount *= holiday
        if chance.random() < spike:
            amount *= chance.uniform(2, 6)
        amounts.append(amount)
    return amounts
