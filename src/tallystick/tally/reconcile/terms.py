"""Terms: what each combination of terms costs, and which line of the bill covers it, as tables to join."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import gcd
from typing import Any

from tallystick.core.dimensions import TERMS
from tallystick.core.money import EXACT, PLACES
from tallystick.core.price_entries import UNITS, Rate, Unpriced
from tallystick.core.prices import PriceList

MODIFIERS = {"batch": "batch", "us": "geography", "long_context": "long context", "fast": "speed"}
"""What the modifiers of the price list are called here; one's own keep their names."""
_RATE = {"low": "HUGEINT", "step": "HUGEINT", "reason": "VARCHAR"}
TABLE = {
    "term": "BIGINT",
    "since": "DATE",
    **dict.fromkeys((*TERMS, "free"), "VARCHAR"),
    **dict.fromkeys(("line", "alike", "subject", "per"), "BIGINT"),
    **_RATE,
    **{f"public_{name}": kind for name, kind in _RATE.items()},
}
"""A row for each combination, in the order of its dimensions: `term` is its number.

`line` is the same for all that one line of a workspace's bill covers on a day, `alike` for all of one model, tier,
context and geography, `subject` for
all of one model and kind. `low` is picodollars for `per` units, as few as all rates of a kind are whole for; `step` is
what its range adds. Both are null where there is a `reason` for no rate.
"""
EFFECTS = {"term": "BIGINT", "place": "BIGINT", "name": "VARCHAR", "added": "HUGEINT", "units": "BIGINT"}
"""What each modifier adds to the rate of a term for so many units, in the order of their application."""


@dataclass(frozen=True, slots=True)
class WholeRate:
    """A rate in whole picodollars for `per` units, what its range adds to it, and what each modifier does."""

    low: int
    step: int
    per: int
    modifiers: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, rate: Rate) -> WholeRate:
        """The rate of a price list."""
        lows = [
            int(EXACT.scaleb(span.low, PLACES)) for span in (rate.standard, *(step.rate for step in rate.modifiers))
        ]
        added = (after - before for before, after in pairwise(lows))
        modifiers = tuple(zip((step.name for step in rate.modifiers), added, strict=True))
        low, high = (int(EXACT.scaleb(dollars, PLACES)) for dollars in (rate.low, rate.high))
        return cls(low, high - low, rate.per, modifiers)


Rows = list[tuple[Any, ...]]


def terms(used: Iterable[Mapping[str, Any]], in_force: PriceList, listed: PriceList | None) -> tuple[Rows, Rows]:
    """The rows of `TABLE` and of `EFFECTS` of each distinct combination of `since`, terms and `free`.

    `free` names the dimensions in which its line of the bill is coarser than the use, with blanks between. `listed` is
    the public price list where it is another than that in force.
    """
    columns = (*TERMS, "since", "free")
    combinations = sorted(used, key=lambda row: tuple(row[name] for name in columns))
    rates = [(row, _rate(in_force, row), _rate(listed, row) if listed else "") for row in combinations]
    shared: dict[str, int] = {}
    for row, *pair in rates:
        for rate in pair:
            if isinstance(rate, WholeRate):
                shared[row["kind"]] = gcd(shared.get(row["kind"], rate.per), rate.low, rate.step)
    numbers: dict[Hashable, int] = {}
    rows, effects = Rows(), Rows()
    for index, (row, rate, public) in enumerate(rates):
        kind, unit = row["kind"], shared.get(row["kind"], 1)
        line = tuple(None if name in row["free"].split() else row[name] for name in ("tier", "context", "geo"))
        groups: dict[str, Hashable] = {
            "line": ("web_search",) if kind == "web_search" else (row["model"], kind, line),
            "alike": (row["model"], row["tier"], row["context"], row["geo"]),
            "subject": (row["model"], kind),
        }
        cells = (
            {"term": index}
            | {name: row[name] for name in ("since", *TERMS, "free")}
            | {name: numbers.setdefault((name, group), len(numbers)) for name, group in groups.items()}
            | {"per": UNITS[kind][1] // unit if kind in UNITS else 1}
            | _columns(rate, "", unit)
            | (_columns(public, "public_", unit) if listed else {})
        )
        rows.append(tuple(cells.get(name) for name in TABLE))
        if isinstance(rate, WholeRate):
            for position, (name, added) in enumerate(rate.modifiers):
                divisor = gcd(added, rate.per)
                effects.append((index, position, MODIFIERS.get(name, name), added // divisor, rate.per // divisor))
    return rows, effects


def _rate(prices: PriceList, row: Mapping[str, Any]) -> WholeRate | str:
    """The rate of a combination, or why there is none."""
    request = {name: row[name] for name in ("tier", "context", "geo", "speed")}
    rate = prices.rate(row["model"], row["kind"], row["since"], **request)
    return rate.reason.removesuffix(f" on {row['since']}") if isinstance(rate, Unpriced) else WholeRate.of(rate)


def _columns(rate: WholeRate | str, prefix: str, unit: int) -> dict[str, Any]:
    if isinstance(rate, str):
        return {f"{prefix}reason": rate}
    return {f"{prefix}low": rate.low // unit, f"{prefix}step": rate.step // unit}
