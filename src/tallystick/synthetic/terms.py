"""Terms: on which model, tier, geography and speed a synthetic record is, by its pattern, and what that costs.

A pattern is a sum of four numbers: the model's, 0 to 3; 4 for batch; 8 for the US; 16 for fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from tallystick.core.price_entries import Rate
from tallystick.core.prices import PriceList
from tallystick.core.records import COUNTERS
from tallystick.tally.conservation import KIND_OF

FIRST = date(2025, 11, 22)
"""The first day of every synthetic organization: from then on the price list has all of its models."""
SECOND = date(2026, 5, 28)
"""The first day of models with a geography."""
HAIKU = "claude-haiku-4-5-20251001"
MODELS = {
    FIRST: ("claude-opus-4-1-20250805", "claude-sonnet-4-5-20250929", "claude-opus-4-20250514", HAIKU),
    SECOND: ("claude-opus-4-8", "claude-sonnet-4-6", "claude-opus-4-7", HAIKU),
    date(2026, 9, 22): ("claude-opus-5-5", "claude-sonnet-4-6", "claude-opus-4-8", HAIKU),
}
"""The models that are used from a day on."""
_PATTERNS = (*range(16), 16, 24)
"""Only the first model is fast, and not in batches."""
OF_LINE = ("model", "tier", "context", "geo")
"""What a line of the bill knows of its use; of web searches it knows none of these."""


def calendar(days: int) -> list[date]:
    """Return the days of an organization that has so many."""
    return [FIRST + timedelta(days=number) for number in range(days)]


def terms(day: date) -> list[dict[str, Any]]:
    """Return the terms of each pattern on a day."""
    models = MODELS[max(since for since in MODELS if since <= day)]
    rows: list[dict[str, Any]] = []
    for pattern in _PATTERNS:
        model = models[pattern % 4]
        geo = "us" if pattern & 8 else "global"
        row = {
            "day": day,
            "pattern": pattern,
            "month": f"{day:%Y-%m}",
            "model": model,
            "tier": "batch" if pattern & 4 else "standard",
            "context": "0-200k",
            "geo": "not_available" if model == HAIKU or day < SECOND else geo,
            "speed": "fast" if pattern & 16 and day >= SECOND else "standard",
        }
        of_line = [row[name] for name in OF_LINE]
        first = next((candidate for candidate in rows if [candidate[name] for name in OF_LINE] == of_line), row)
        rows.append({**row, "line": first["pattern"]})
    return rows


def rates(rows: Sequence[dict[str, Any]], prices: PriceList) -> list[dict[str, Any]]:
    """Return what one of each counter costs on these terms, exact US dollars, and of which line of the bill it is.

    Web searches of a workspace are one line. Raises ValueError where the list lacks a price.
    """
    priced = [
        {
            "day": row["day"],
            "pattern": row["pattern"],
            "counter": counter,
            "kind": KIND_OF[counter],
            "line": row["line"] if KIND_OF[counter] == counter else -1,
            "rate": rate.low / rate.per,
        }
        for row in rows
        for counter in COUNTERS
        if isinstance(rate := prices.rate(kind=KIND_OF[counter], **_priced_by(row)), Rate)
    ]
    if len(priced) < len(rows) * len(COUNTERS):
        raise ValueError("the price list lacks a price of a synthetic organization")
    return priced


def _priced_by(row: dict[str, Any]) -> dict[str, Any]:
    """What a price depends on, beside the kind."""
    return {name: row[name] for name in ("day", *OF_LINE, "speed")}
