"""Rates: what each combination that was used costs on its day, from the price lists, as a table to join."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tallystick.core.money import EXACT, PLACES
from tallystick.core.prices import PriceList, Rate
from tallystick.tally.picodollars import WHOLE

KEY = ("day", "model", "kind", "tier", "context", "geo", "speed")
"""What a rate depends on."""

SCHEMA = pa.schema(
    [
        ("day", pa.date32()),
        *((name, pa.string()) for name in KEY[1:]),
        ("per", pa.int64()),
        ("list_rate", WHOLE),
        ("rate", WHOLE),
        ("high_rate", WHOLE),
    ]
)
"""Rates are whole picodollars for `per` units; null where there is none. `list_rate` is without one's own lists."""


def rates(used: Iterable[Mapping[str, Any]], listed: PriceList, own: PriceList) -> pa.Table:
    """The rate of each distinct combination of `KEY`."""
    rows = []
    for combination in used:
        row = {name: combination[name] for name in KEY}
        public = _rate(listed, row)
        rate = public if own is listed else _rate(own, row)
        if rate:
            row |= {"per": rate.per, "rate": _whole(rate.low), "high_rate": _whole(rate.high)}
        if public:
            row |= {"per": public.per, "list_rate": _whole(public.low)}
        rows.append(row)
    return pa.Table.from_pylist(rows, SCHEMA)


def _rate(prices: PriceList, row: Mapping[str, Any]) -> Rate | None:
    day: date = row["day"]
    request = {name: row[name] for name in ("tier", "context", "geo", "speed")}
    rate = prices.rate(row["model"], row["kind"], day, **request)
    return rate if isinstance(rate, Rate) else None


def _whole(rate: Decimal) -> Decimal:
    return EXACT.scaleb(rate, PLACES)
