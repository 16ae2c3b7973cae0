"""Price list of the plain world: what each model costs, from and until when it may be used, read from `prices.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

LIST = Path(__file__).parent.parent / "src" / "tallystick" / "core" / "prices.toml"
FAMILIES = ("opus", "sonnet", "haiku", "fable")
KINDS = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output")


@dataclass(frozen=True, eq=False)
class Model:
    """A model with one list price all its life. `usd` is per million tokens; `retires` is the first day without it."""

    name: str
    family: str
    geo: bool
    first: date
    retires: date
    usd: Mapping[str, Decimal]

    def serves(self, first: date, last: date) -> bool:
        """Whether it may be used on each of these days."""
        return self.first <= first and last < self.retires


@cache
def models() -> Mapping[str, Model]:
    """The models that have one certain list price: it changes where that is planted, and only there."""
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))
    prices: dict[str, list[dict[str, Any]]] = {}
    for price in listed["price"]:
        if price.get("speed", "standard") == "standard" and price.get("context", "0-200k") == "0-200k":
            prices.setdefault(price["for"], []).append(price)
    certain = {
        name: entries[0]
        for name, entries in prices.items()
        if len(entries) == 1 and "doubt" not in entries[0] and set(entries[0]["usd"]) >= set(KINDS)
    }
    return {
        model["id"]: Model(
            model["id"],
            family,
            model.get("geo", False),
            certain[model["id"]]["from"],
            model.get("retires", date.max),
            {kind: Decimal(certain[model["id"]]["usd"][kind]) for kind in KINDS},
        )
        for model in listed["model"]
        for family in FAMILIES
        if model["id"] in certain and family in model["id"]
    }
