"""Forecast tuning: the strays of outlook/forecast_errors.py, learned on tuning seeds; prints its lines. Needs numpy.

    python benchmarks/outlook_tuning.py

Generated series alone: organizations of the plain world and flights are there to check what is learned. The weights of
own errors add up to 1 and are those of the greatest likelihood of a Laplace distribution, in tenths; the quantiles are
those of all strays in their scales. Half of all sums end with a month, as most forecasts do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import numpy as np
from outlook_forecast import Series, generated

from tallystick.outlook.forecast import HISTORY
from tallystick.outlook.forecast_errors import CHANCES, HORIZONS, LEAST, SCARCE, relative
from tallystick.outlook.forecast_model import Method, fit
from tallystick.outlook.year_end import is_year_end

SEEDS = range(240)
KNOTS = (1, 3, 7, 14, 28, 60, 120)
EARLIEST, STEP = 40, 11
"""Known days before the first sum, and days from one to the next that does not end with a month."""
TENTHS = [tuple(tenths) for tenths in product(range(11), repeat=len(HORIZONS)) if sum(tenths) == 10]  # noqa: PLR2004


def sums(series: Series) -> Iterator[tuple[int, int]]:
    """Yield the day on which each sum is forecast, as an index, and how many days it has; none of the year end."""
    first, amounts = series
    rest = [is_year_end(first + timedelta(days=index)) for index in range(len(amounts))]
    ends = [index for index in range(1, len(amounts) + 1) if (first + timedelta(days=index)).day == 1]
    begins = range(EARLIEST, len(amounts), STEP)
    every = [*((end - knot, knot) for end in ends for knot in KNOTS), *product(begins, KNOTS)]
    for today, days in sorted(every):
        if today >= EARLIEST and today + days <= len(amounts) and not any(rest[today : today + days]):
            yield today, days


def strays(series: Series) -> Iterator[tuple[int, int, float, list[float | None]]]:
    """Yield the days of a sum, the known days, the stray and the model's own errors."""
    first, amounts = series
    model, fitted = None, -1
    for today, days in sums(series):
        if today != fitted:
            start, fitted = max(0, today - HISTORY), today
            model = fit({first + timedelta(days=index): amounts[index] for index in range(start, today)})
        if model is None or model.method is not Method.LEVEL or model.usual(len(model.days)) <= 0:
            continue
        expected = sum(model.day(first + timedelta(days=today + ahead)) for ahead in range(days))
        stray = model.stray(sum(amounts[today : today + days]), expected, days)
        yield days, len(model.days), stray, list(model.errors)


def main() -> None:
    """Print the usual errors and what is pooled."""
    rows = [row for series in generated(SEEDS) for row in strays(series)]
    logs = [[math.nan if error is None else math.log(max(error, LEAST)) for error in errors] for *_, errors in rows]
    print(f"USUAL = ({', '.join(f'{usual:.2f}' for usual in np.nanmedian(np.array(logs), axis=0))})")
    for knot in KNOTS:
        own = [row for row in rows if row[0] == knot]
        errors = np.array([relative(row[3]) for row in own])
        values = np.array([stray / (1 + SCARCE / known) for _, known, stray, _ in own])
        print(_line(knot, errors, values))


def _line(knot: int, errors: np.ndarray, values: np.ndarray) -> str:
    fits = []
    for tenths in TENTHS:
        logarithm = errors @ np.array(tenths) / 10
        scale = math.log(np.mean(np.abs(values) / np.exp(logarithm)))
        fits.append((np.mean(logarithm) + scale, scale, tenths))
    _, scale, tenths = min(fits)
    scaled = values / np.exp(scale + errors @ np.array(tenths) / 10)
    weights = ", ".join(f"{weight / 10:.1f}" for weight in tenths)
    quantiles = ", ".join(f"{quantile:.2f}" for quantile in np.quantile(scaled, CHANCES))
    return f"    {knot}: ({scale:.2f}, ({weights}), ({quantiles})),"


if __name__ == "__main__":
    main()
