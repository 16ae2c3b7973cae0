"""Forecast tuning: the prior of outlook/forecast_errors.py, learned on tuning seeds; prints its lines. Needs numpy.

    python benchmarks/outlook_tuning.py

The scale of a stray is fitted by the likelihood of a Laplace distribution, weights not below zero; its quantiles are
those of all strays in scales. Each group of series counts alike, keys half.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
from outlook_forecast import Series, generated, plain
from plain_world import organization

from tallystick.outlook import forecast_errors
from tallystick.outlook.forecast import HISTORY
from tallystick.outlook.forecast_errors import CHANCES, HORIZONS
from tallystick.outlook.forecast_model import Method, fit

KNOTS = (1, 3, 7, 14, 28, 60, 120)
STEPS, RATE = 2500, 0.05


def keys(seeds: range) -> Iterator[Series]:
    """Four keys of each organization of the plain world."""
    for seed in seeds:
        by_key: defaultdict[str, defaultdict[date, float]] = defaultdict(lambda: defaultdict(float))
        days: set[date] = set()
        for row in organization(seed).final:
            by_key[row.key][row.day] += float(row.billed or 0)
            days.add(row.day)
        for name in sorted(by_key)[:4]:
            yield min(days), [by_key[name][day] for day in sorted(days)]


def strays(group: Iterator[Series], step: int) -> Iterator[tuple[int, int, float, list[float | None]]]:
    """The days of a sum, the known days, the stray and the model's own errors, from many days of each series."""
    for first, amounts in group:
        for today in (*range(40, 90, 10), *range(90, len(amounts) - 1, step)):
            start = max(0, today - HISTORY)
            model = fit({first + timedelta(days=index): amounts[index] for index in range(start, today)})
            usual = model.usual(len(model.days)) if model and model.method is Method.LEVEL else 0.0
            if model is None or usual <= 0:
                continue
            expected = actual = 0.0
            for ahead in range(1, min(max(KNOTS), len(amounts) - today) + 1):
                expected += model.day(first + timedelta(days=today + ahead - 1))
                actual += amounts[today + ahead - 1]
                if ahead in KNOTS:
                    yield ahead, len(model.days), model.stray(actual, expected, ahead), list(model.errors)


def main() -> None:
    """Print the usual errors and the prior."""
    groups = (
        (1.0, list(strays(generated(range(120)), 9))),
        (1.0, list(strays(plain(range(60)), 8))),
        (0.5, list(strays(keys(range(60)), 24))),
    )
    own = np.array([_logs(errors) for _, group in groups[:2] for *_, errors in group])
    usual = np.round(np.nanmedian(own, axis=0), 2)
    print(f"USUAL = ({', '.join(map(str, usual))})")
    for knot in KNOTS:
        features, values, weights = [], [], []
        for weight, group in groups:
            rows = [row for row in group if row[0] == knot]
            for _, known, stray, errors in rows:
                features.append([1.0, *np.nan_to_num(np.array(_logs(errors)) - usual, nan=0.0)])
                values.append(stray / (1 + forecast_errors.SCARCE / known))
                weights.append(weight / len(rows))
        print(_line(knot, np.array(features), np.array(values), np.array(weights)))


def _logs(errors: list[float | None]) -> list[float]:
    return [math.nan if error is None else math.log(max(error, 1e-3)) for error in errors]


def _line(knot: int, features: np.ndarray, values: np.ndarray, weights: np.ndarray) -> str:
    weights = weights / weights.sum()
    scale = np.zeros(1 + len(HORIZONS))
    scale[0] = math.log(np.average(np.abs(values), weights=weights))
    for _ in range(STEPS):
        rest = 1 - np.abs(values) / np.exp(features @ scale)
        scale -= RATE * (features * (rest * weights)[:, None]).sum(axis=0)
        scale[1:] = np.maximum(scale[1:], 0)
    scaled = values / np.exp(features @ scale)
    order = np.argsort(scaled)
    below = np.cumsum(weights[order])
    quantiles = [scaled[order][np.searchsorted(below, chance)] for chance in CHANCES]
    own = ", ".join(f"{weight:.2f}" for weight in scale[1:])
    return f"    {knot}: ({scale[0]:.2f}, ({own}), ({', '.join(f'{quantile:.2f}' for quantile in quantiles)})),"


if __name__ == "__main__":
    main()
