"""Cache: how much of the input was read from the cache, and how much was written to it, by lifetime.

Hit rate = reads / (reads + writes + uncached). Priority-tier use stands apart: its cost is in no report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.core.money import ratio
from tallystick.core.question import Cell, Kind
from tallystick.core.records import TOKENS
from tallystick.reports.report import Measure, Report
from tallystick.reports.usage import DIMENSIONS, USAGE

_INPUT = TOKENS[:4]


def hit_rate(row: Mapping[str, Any]) -> Cell:
    """The share of all input that was read from the cache; None where there was no input."""
    return ratio(row["cache_read"], sum(row[name] for name in _INPUT))


CACHE = Report(
    name="cache",
    meaning="Input tokens uncached, written to the cache (5m and 1h apart) and read from it, and the hit rate",
    money=False,
    dimensions=DIMENSIONS,
    by=("model",),
    measures=(
        *(Measure(name, Kind.COUNT, "tokens", name) for name in _INPUT),
        Measure("hit_rate", Kind.RATIO, None, derived=hit_rate),
    ),
    order="cache_read",
    refused=USAGE.refused,
    apart=("tier", "CASE WHEN tier = 'priority' THEN 'priority' ELSE 'all but priority' END"),
    notes=("hit_rate = cache_read / (cache_read + cache_write_5m + cache_write_1h + uncached_input).",),
)
