"""Cache economics: what caching saved and what it cost, in whole picodollars, from the price list in force.

A read saved what the same tokens would have cost as plain input, less what they cost as reads; a write cost more than
plain input by the difference of the two. Each is priced as a charge is: rounded to a picodollar, half up, on its line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tallystick.core.money import EXACT, PLACES, ratio
from tallystick.core.price_entries import Rate, Unpriced
from tallystick.core.prices import PriceList
from tallystick.core.records import TOKENS
from tallystick.store.session import rows, temp_table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

INPUT = TOKENS[:4]
"""The kinds of input: uncached, both writes, reads."""
MARK = "of_"
"""Stands before the columns of a line that decide its rate, beside those that it is grouped by."""
KEY = ("day", "model", "tier", "context", "geo", "speed")
"""What the rates of a line depend on."""

TERMS = {f"{MARK}{name}": "DATE" if name == "day" else "VARCHAR" for name in KEY}
"""The SQL types of the columns that stand for `KEY`."""
_RATES = {
    **TERMS,
    **{f"{kind}_twice": "HUGEINT" for kind in INPUT},
    "even_5m": "VARCHAR",
    "even_1h": "VARCHAR",
}
"""Of the rates, picodollars of a million tokens, stands the double: half of it is what rounding half up needs."""
_PER = 1_000_000


@dataclass(frozen=True, slots=True)
class Economics:
    """A row's tokens by kind, and its dollars; None where nothing of it has a known rate.

    `unpriced` are cached tokens left out of the dollars.
    `even` is the share of cacheable tokens that must be reads, so that writing pays, by lifetime; None unless one
    holds for all of the row that has a rate. `unread` is the least that was written and never read; `five` says that
    five minutes would certainly have been cheaper for what was written for an hour. None where it cannot be told.
    """

    tokens: Mapping[str, int]
    saved: Decimal | None
    extra_5m: Decimal | None
    extra_1h: Decimal | None
    unpriced: int
    even_5m: Decimal | None
    even_1h: Decimal | None
    unread: int | None
    five: bool | None


@dataclass(frozen=True, slots=True)
class Doubts:
    """What is doubtful of an answer.

    `unpriced` are tokens without a rate by model and reason, those of priority tier apart: it never has one. `ranged`
    models are priced at the low end of a range; `assumed` dimensions were unknown and taken for plain.
    """

    unpriced: Mapping[tuple[str, str], int]
    ranged: tuple[str, ...]
    assumed: tuple[str, ...]


class MissingRates:
    """Tokens without a rate, by model and reason; reasons that differ by their day alone are one."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], int] = {}
        self._days: dict[tuple[str, str], set[date]] = {}

    def add(self, model: str, reason: str, day: date, tokens: int) -> None:
        """Count tokens of a model that have no rate on a day, and why."""
        key = model, reason.removesuffix(f" on {day}")
        self._tokens[key] = self._tokens.get(key, 0) + tokens
        if key[1] != reason:
            self._days.setdefault(key, set()).add(day)

    def by_reason(self) -> dict[tuple[str, str], int]:
        """The tokens by model and reason; where the day is a part of the reason, with the first and the last."""
        return {(key[0], key[1] + self._when(key)): tokens for key, tokens in sorted(self._tokens.items())}

    def _when(self, key: tuple[str, str]) -> str:
        if not (days := self._days.get(key)):
            return ""
        return f" on {min(days)}" + (f" and later, up to {max(days)}" if len(days) > 1 else "")


def _priced(kind: str, rate_kind: str) -> str:
    """Whole picodollars of a kind's tokens at the rate of another kind, half up."""
    return f"({kind} * {rate_kind}_twice + {_PER}) // {2 * _PER}"


def _over(kind: str) -> str:
    """What a kind's tokens cost above plain input: both sides are priced, so that the difference is exact."""
    rates = f"{kind} = 0 OR {kind}_twice IS NOT NULL"
    return (
        f"CASE WHEN {kind} = 0 THEN 0 WHEN {rates} THEN {_priced(kind, kind)} - {_priced(kind, 'uncached_input')} END"
    )


_SUMMED = f"""
WITH lines AS (
    SELECT *, {_over("cache_read")} AS over_read, {_over("cache_write_5m")} AS over_5m,
        {_over("cache_write_1h")} AS over_1h,
        CASE WHEN cache_write_1h = 0 THEN 0
            ELSE {_priced("cache_write_1h", "cache_write_1h")} - {_priced("cache_write_1h", "cache_write_5m")}
        END AS gain,
        CASE WHEN cache_read = 0 THEN 0
            ELSE {_priced("cache_read", "cache_write_5m")} - {_priced("cache_read", "cache_read")} END AS loss,
        of_tier <> 'priority' AND over_read IS NOT NULL AND over_5m IS NOT NULL AND over_1h IS NOT NULL AS known
    FROM used JOIN rates USING ({", ".join(f"{MARK}{name}" for name in KEY)})
)
SELECT {{dims}} {MARK}model, {", ".join(f"sum({kind}) AS {kind}" for kind in INPUT)},
    sum(-over_read) FILTER (known) AS saved, sum(over_5m) FILTER (known) AS extra_5m,
    sum(over_1h) FILTER (known) AS extra_1h,
    coalesce(sum(cache_write_5m + cache_write_1h + cache_read) FILTER (NOT known), 0) AS unpriced,
    min(even_5m) AS least_5m, max(even_5m) AS most_5m, min(even_1h) AS least_1h, max(even_1h) AS most_1h,
    sum(gain) AS gain, sum(loss) AS loss, bool_and(gain IS NOT NULL AND loss IS NOT NULL) AS compared
FROM lines GROUP BY ALL
"""  # noqa: S608 - our own names
"""The sums of each group by model, for no cache is shared by two; dollars of lines with known rates, in picodollars."""


def sums(duck: DuckDBPyConnection, by: Sequence[str], columns: Iterable[str]) -> list[dict[str, Any]]:
    """The distinct values of columns of the table `used`, and the sums of others beside them, each called NAME_sum."""
    names = [f'"{name}"' for name in by] + [f'sum("{name}") AS "{name}_sum"' for name in columns]
    return rows(duck, f"SELECT {', '.join(names)} FROM used GROUP BY ALL HAVING count(*) > 0")  # noqa: S608


def combinations(duck: DuckDBPyConnection) -> list[dict[str, Any]]:
    """What of the table `used` decides rates, each combination once, with the sums of its cached tokens."""
    return sums(duck, [f"{MARK}{name}" for name in KEY], INPUT[1:])


def is_exact(combined: Iterable[Mapping[str, Any]], prices: PriceList) -> bool:
    """Whether lines of several days at one price come to what each day's do: every rate is known and never rounded.

    `combined` are `combinations`. Priority tier has no dollars, whatever its rates.
    """
    for combination in combined:
        if combination[f"{MARK}tier"] != "priority":
            for kind in INPUT:
                rate = rate_of(prices, combination, kind)
                if isinstance(rate, Unpriced) or EXACT.scaleb(rate.low, PLACES) % _PER:
                    return False
    return True


def economics(
    duck: DuckDBPyConnection,
    dims: Sequence[str],
    prices: PriceList,
    combined: Iterable[Mapping[str, Any]],
    *,
    complete: bool,
) -> tuple[dict[tuple[str, ...], Economics], Doubts]:
    """The economics of each group of `dims`, and what is doubtful.

    `duck` has the table `used`, with the columns of `dims`, the kinds of `INPUT` and, each behind `MARK`, the
    columns of `KEY`; `combined` are its `combinations`. `complete` says that a group has all that can read what it
    wrote, but for the tier: only then can be told what was never read.
    """
    rates, doubts = _rates(combined, prices)
    temp_table(duck, "rates", _RATES, rates)
    by_group: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    reads: Counter[tuple[str, ...]] = Counter()
    places = [index for index, name in enumerate(dims) if name != "tier"]
    for row in rows(duck, _SUMMED.format(dims="".join(f'"{name}", ' for name in dims))):
        group = tuple(row[name] for name in dims)
        by_group.setdefault(group, []).append(row)
        reads[_cache_of(group, places, row)] += row["cache_read"]
    return {
        group: _of_models([(row, reads[_cache_of(group, places, row)]) for row in models], complete=complete)
        for group, models in by_group.items()
    }, doubts


def _cache_of(group: tuple[str, ...], places: Sequence[int], row: Mapping[str, Any]) -> tuple[str, ...]:
    """What can read what a row wrote: its group, of all tiers, and its model."""
    return (*(group[index] for index in places), row[f"{MARK}model"])


def _of_models(models: Sequence[tuple[Mapping[str, Any], int]], *, complete: bool) -> Economics:
    """The economics of a group of these models, each with its reads in all tiers."""
    sums = {name: _sum(row[name] for row, _ in models) for name in (*INPUT, *_DOLLARS, "unpriced", "gain", "loss")}
    saved, extra_5m, extra_1h = (
        None if (picodollars := sums[name]) is None else EXACT.scaleb(Decimal(picodollars), -PLACES)
        for name in _DOLLARS
    )
    writes = [row["cache_write_5m"] + row["cache_write_1h"] for row, _ in models]
    five = (
        complete
        and not sums["unpriced"]
        and sum(reads for _, reads in models) == sums["cache_read"]
        and sums["cache_write_1h"]
        and all(row["compared"] for row, _ in models)
        and (sums["gain"] or 0) > (sums["loss"] or 0)
    )
    return Economics(
        {kind: sums[kind] or 0 for kind in INPUT},
        saved,
        extra_5m,
        extra_1h,
        sums["unpriced"] or 0,
        _only([row for row, _ in models], "5m"),
        _only([row for row, _ in models], "1h"),
        sum(max(written - reads, 0) for written, (_, reads) in zip(writes, models, strict=True)) if complete else None,
        True if five else None,
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    """The sum of what is known; None where nothing is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _only(models: Sequence[Mapping[str, Any]], life: str) -> Decimal | None:
    """The break-even share that holds for all that have one; None where several do."""
    shares = {row[f"{end}_{life}"] for row in models for end in ("least", "most")} - {None}
    if len(shares) != 1:
        return None
    share = Fraction(shares.pop())
    return ratio(share.numerator, share.denominator)


_DOLLARS = ("saved", "extra_5m", "extra_1h")


def _rates(distinct: Iterable[Mapping[str, Any]], prices: PriceList) -> tuple[list[tuple[Any, ...]], Doubts]:
    """The rates of input of each combination that was used, and what is doubtful of those that cached."""
    cells = []
    rates_by_terms: dict[tuple[Any, ...], tuple[Mapping[str, Rate | Unpriced], Mapping[str, Any]]] = {}
    missing = MissingRates()
    ranged: set[str] = set()
    assumed: set[str] = set()
    for combination in distinct:
        model, tier = combination[f"{MARK}model"], combination[f"{MARK}tier"]
        line = {f"{MARK}{name}": combination[f"{MARK}{name}"] for name in KEY}
        terms = (*line.values(), prices.since(line[f"{MARK}day"]))[1:]
        if terms not in rates_by_terms:
            rates_by_terms[terms] = _of_terms({kind: rate_of(prices, combination, kind) for kind in INPUT})
        rates, columns = rates_by_terms[terms]
        cells.append((*line.values(), *(columns.get(name) for name in _RATES if name not in TERMS)))
        cached = {kind: int(combination[f"{kind}_sum"]) for kind in INPUT[1:] if combination[f"{kind}_sum"]}
        needed = {kind: rates[kind] for kind in ("uncached_input", *cached)} if cached else {}
        unpriced = next((kind for kind, rate in needed.items() if isinstance(rate, Unpriced)), None)
        if unpriced and tier != "priority":
            why = rate_of(prices, combination, unpriced).reason  # which can name the day
            missing.add(model, why, combination[f"{MARK}day"], sum(cached.values()))
        if any(isinstance(rate, Rate) and rate.low != rate.high for rate in needed.values()):
            ranged.add(model)
        assumed.update(name for rate in needed.values() if isinstance(rate, Rate) for name in rate.assumed)
    return cells, Doubts(missing.by_reason(), tuple(sorted(ranged)), tuple(sorted(assumed)))


def _of_terms(rates: Mapping[str, Rate | Unpriced]) -> tuple[Mapping[str, Rate | Unpriced], Mapping[str, Any]]:
    """The rates of input, and the columns of `_RATES` that follow from them."""
    known = {kind: rate.low for kind, rate in rates.items() if isinstance(rate, Rate)}
    columns: dict[str, Any] = {f"{kind}_twice": 2 * int(EXACT.scaleb(low, PLACES)) for kind, low in known.items()}
    if known.keys() == set(INPUT):
        plain, read = known["uncached_input"], known["cache_read"]
        columns |= {f"even_{life}": _even(known[f"cache_write_{life}"], plain, read) for life in ("5m", "1h")}
    return rates, columns


def rate_of(prices: PriceList, line: Mapping[str, Any], kind: str, **changes: str) -> Any:
    """The Rate of a kind in a line, some of what decides it changed, or Unpriced."""
    request = {name: line[f"{MARK}{name}"] for name in KEY} | changes
    day: date = request.pop("day")
    return prices.rate(request.pop("model"), kind, day, **request)


@lru_cache(256)
def _even(write: Decimal, plain: Decimal, read: Decimal) -> str | None:
    """(w - 1) / (w - r) as an exact fraction; None where writing costs no more than reading."""
    above, above_read = EXACT.subtract(write, plain), EXACT.subtract(write, read)
    return str(Fraction(above) / Fraction(above_read)) if above_read > 0 else None
