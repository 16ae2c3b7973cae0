"""Rates: what each combination that was used costs, from the price lists, as tables to join."""

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

KEY = ("since", *TERMS)
"""What a rate depends on: a day since which the price lists are the same, and the terms of a use."""

SCHEMA = pa.schema(
    [
        ("term", pa.int64()),
        ("number", pa.int64()),
        ("most", pa.int64()),
        ("per", pa.int64()),
        ("list_rate", WHOLE),
        ("rate", WHOLE),
        ("high_rate", WHOLE),
    ]
)
"""Rates are whole picodollars for `per` units; null where there is none. `list_rate` is without one's own lists.

`term` and `number` stand for a combination of `KEY`, `most` is how much was used of it at once.
"""


def rates(used: Iterable[Mapping[str, Any]], listed: PriceList, in_force: PriceList) -> pa.Table:
    """The rate of each distinct combination of `KEY`, with the `most` that was used of it at once."""
    rows = [{**combination, **_rates(combination, listed, in_force)} for combination in used]
    return pa.Table.from_pylist(rows, SCHEMA)


def _rates(combination: Mapping[str, Any], listed: PriceList, in_force: PriceList) -> dict[str, Any]:
    """The rates of a combination, by column; none where there is none."""
    public = _rate(listed, combination)
    rate = public if in_force is listed else _rate(in_force, combination)
    columns: dict[str, Any] = {}
    if rate:
        columns |= {"per": rate.per, "rate": _in_picodollars(rate.low), "high_rate": _in_picodollars(rate.high)}
    if public:
        columns |= {"per": public.per, "list_rate": _in_picodollars(public.low)}
    return columns


def _rate(prices: PriceList, combination: Mapping[str, Any]) -> Rate | None:
    request = {name: combination[name] for name in ("tier", "context", "geo", "speed")}
    rate = prices.rate(combination["model"], combination["kind"], combination["since"], **request)
    return rate if isinstance(rate, Rate) else None


def _in_picodollars(rate: Decimal) -> Decimal:
    return EXACT.scaleb(rate, PLACES)
