"""Day shares: what weekdays and the last days of a month cost of a usual day, learned from known days."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from statistics import fmean, median


@lru_cache(maxsize=4096)
def days_after(day: date) -> int:
    """Return how many days of its month come after a day."""
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return (following - day).days - 1


def weekday_shares(days: Sequence[date], amounts: Sequence[float]) -> list[float]:
    """Return what each weekday costs of a mean day, as its trimmed mean share of the week around it."""
    shares: list[list[float]] = [[] for _ in range(7)]
    sums = [0.0, *accumulate(amounts)]
    for index in range(3, len(days) - 3):
        week = (sums[index + 4] - sums[index - 3]) / 7
        if week > 0 and any(amounts[index - 3 : index + 4]):
            shares[days[index].weekday()].append(amounts[index] / week)
    means = []
    for day_values in shares:
        cut = max(1, len(day_values) // 5) if len(day_values) >= 4 else 0  # noqa: PLR2004  # of three shares none is an outlier
        means.append(fmean(sorted(day_values)[cut : len(day_values) - cut]) if day_values else 1.0)
    average = fmean(means)
    return [mean / average for mean in means] if average > 0 else [1.0] * 7


def month_end_shares(days: Sequence[date], logs: Sequence[float]) -> tuple[float, float]:
    """Return what the last day of a month costs of a usual day, and the last but one, nearer 1 where few were seen.

    `logs` are the logarithms of what days cost without their weekdays.
    """
    rests = [days_after(day) for day in days]
    factors = []
    for rest in (0, 1):
        strays = []
        for index, value in enumerate(rests):
            if value == rest and 5 <= index < len(days) - 5:  # noqa: PLR2004  # five days around it on each side
                around = [logs[near] for near in range(index - 5, index + 6) if rests[near] > 1]
                strays.append(logs[index] - median(around))
        factors.append(math.exp(median(strays) * len(strays) / (len(strays) + 1.5)) if len(strays) > 1 else 1.0)
    return factors[0], factors[1]
