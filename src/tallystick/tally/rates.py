"""Rates: what each combination that was used costs on its day, from the price lists, as a table to join."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tallystick.core.dimensions import TERMS
from tallystick.core.money import EXACT, PLACES
from tallystick.core.price_entries import Rate
from tallystick.core.prices import PriceList
from tallystick.tally.picodollars import WHOLE

KEY = ("day", *TERMS)
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


def rates(used: Iterable[Mapping[str, Any]], listed: PriceList, in_force: PriceList) -> pa.Table:
    """The rate of each distinct combination of `KEY`."""
    rows = []
    known: dict[tuple[Any, ...], dict[str, Any]] = {}
    for combination in used:
        day, *request = (combination[name] for name in KEY)
        alike = (listed.since(day), in_force.since(day), *request)
        if alike not in known:
            known[alike] = _rates(combination, listed, in_force)
        rows.append(dict(zip(KEY, (day, *request), strict=True)) | known[alike])
    return pa.Table.from_pylist(rows, SCHEMA)


def _rates(combination: Mapping[str, Any], listed: PriceList, in_force: PriceList) -> dict[str, Any]:
    """The rates of a combination, by column; none where there is none."""
    public = _rate(listed, combination)
    rate = public if in_force is listed else _rate(in_force, combination)
    columns: dict[str, Any] = {}
    if rate:
        columns |= {"per": rate.per, "rate": _whole(rate.low), "high_rate": _whole(rate.high)}
    if public:
        columns |= {"per": public.per, "list_rate": _whole(public.low)}
    return columns


def _rate(prices: PriceList, combination: Mapping[str, Any]) -> Rate | None:
    request = {name: combination[name] for name in ("tier", "context", "geo", "speed")}
    rate = prices.rate(combination["model"], combination["kind"], combination["day"], **request)
    return rate if isinstance(rate, Rate) else None


def _whole(rate: Decimal) -> Decimal:
    return EXACT.scaleb(rate, PLACES)
