"""What-if: the same usage at other prices, in whole picodollars; each line rounded half up, as a charge is.

A change swaps models, moves a share of standard-tier use to batch, sets the cache hit rate, moves the geography. With
none of these the what-if is the actual, to the last picodollar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tallystick.core.money import EXACT, PLACES
from tallystick.core.price_entries import Rate, Unpriced
from tallystick.core.prices import PriceList
from tallystick.core.records import TOKENS
from tallystick.errors import InvalidQuestion
from tallystick.store.session import rows, temp_table
from tallystick.tally.cache import KEY, MARK, TERMS, Doubts, MissingRates, rate_of, sums

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHARE = 10_000
"""Shares have four places at most, so that they are whole numbers of so many."""
_SHARE = re.compile(r"(0(\.[0-9]{1,4})?|1(\.0{1,4})?)")
GEOS = ("global", "us")
"""The inference geographies that have a price."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise: models by the model they take the place of, shares from 0 to 1, a geography."""

    swap: Mapping[str, str] = field(default_factory=dict)
    batch: Decimal | None = None
    hit: Decimal | None = None
    geo: str | None = None
    batches: Mapping[str, Decimal] = field(default_factory=dict)

    def batched(self, model: str) -> Decimal | None:
        """The share of a model's use that goes to batch: its own, else that of all."""
        return self.batches.get(model, self.batch)

    def of(self, known_as: Callable[[str], str]) -> Change:
        """The same change of models under the ids by which they are known."""
        swap = {known_as(old): known_as(new) for old, new in self.swap.items()}
        return replace(self, swap=swap, batches={known_as(model): share for model, share in self.batches.items()})

    @classmethod
    def read(
        cls,
        swap: Iterable[str] = (),
        batch: str | Iterable[str] | None = None,
        hit: str | None = None,
        geo: str | None = None,
    ) -> Change:
        """The change that is spelt so; InvalidQuestion where it cannot be.

        `swap` is MODEL=MODEL; shares are exact text, and `batch` a share of all, or of one as MODEL=SHARE.
        """
        swaps: dict[str, str] = {}
        for text in swap:
            old, equals, new = (part.strip() for part in text.partition("="))
            if not (old and equals and new) or old in swaps:
                raise InvalidQuestion(
                    f"--swap {text!r} is not MODEL=MODEL, each model once.",
                    "Write --swap claude-opus-4-8=claude-sonnet-5-5.",
                )
            swaps[old] = new
        if geo is not None and geo not in GEOS:
            raise InvalidQuestion(f"There is no price for the geography {geo!r}.", f"Choose among {', '.join(GEOS)}.")
        batches: dict[str, Decimal | None] = {}
        for text in (batch,) if isinstance(batch, str) else batch or ():
            model, _, share = text.rpartition("=")
            if model in batches:
                raise InvalidQuestion(f"--batch {text!r} is said twice.", "Keep one of them.")
            batches[model] = _share("--batch", share)
        of_all = batches.pop("", None)
        model_shares = {model: share for model, share in batches.items() if share is not None}
        return cls(swaps, of_all, _share("--cache-hit", hit), geo, model_shares)


@dataclass(frozen=True, slots=True)
class Compared:
    """A row's dollars: what it costs and what it would; None where nothing of it has a rate on both sides.

    `unpriced` are the tokens of lines that lack a rate on either side, which are in neither figure; `excluded` is what
    they cost as they are, where that is known.
    """

    actual: Decimal | None
    what_if: Decimal | None
    unpriced: int
    excluded: Decimal | None = None


def moved(hit: Decimal | None) -> dict[str, str]:
    """SQL for the tokens of each kind in a line of usage, times SHARE, had the hit rate been `hit`.

    Reads are that share of all input. Of the rest, the writes stay, those for an hour first, as far as it reaches;
    what is left is uncached.
    """
    if hit is None:
        return {kind: f"{kind} * {SHARE}" for kind in TOKENS}
    share = int(hit * SHARE)
    all_input = "(uncached_input + cache_write_5m + cache_write_1h + cache_read)"
    rest = f"{all_input} * {SHARE - share}"
    return {
        "uncached_input": f"greatest({rest} - (cache_write_5m + cache_write_1h) * {SHARE}, 0)",
        "cache_write_5m": f"least(cache_write_5m * {SHARE}, greatest({rest} - cache_write_1h * {SHARE}, 0))",
        "cache_write_1h": f"least(cache_write_1h * {SHARE}, {rest})",
        "cache_read": f"{all_input} * {share}",
        "output": f"output * {SHARE}",
    }


_RATES = {
    **TERMS,
    **{f"{kind}_{side}": "HUGEINT" for kind in TOKENS for side in ("now", "new", "batch")},
    "share": "BIGINT",
}
_PER = 1_000_000
_NOW = " + ".join(
    f"CASE WHEN {kind} = 0 THEN 0 ELSE (2 * {kind}::HUGEINT * {kind}_now::HUGEINT + {_PER}) // {2 * _PER} END"
    for kind in TOKENS
)
_NEW = " + ".join(
    f"""CASE WHEN new_{kind} = 0 THEN 0 ELSE (2 * new_{kind}::HUGEINT * (
        ({SHARE} - share) * {kind}_new::HUGEINT + CASE WHEN share = 0 THEN 0 ELSE share * {kind}_batch::HUGEINT END
    ) + {_PER * SHARE**2}) // {2 * _PER * SHARE**2} END"""
    for kind in TOKENS
)
_ROWS = f"""
WITH lines AS (
    SELECT used.*, {_NOW} AS actual, {_NEW} AS what_if
    FROM used JOIN rates USING ({", ".join(f"{MARK}{name}" for name in KEY)})
)
SELECT {{dims}} (sum(actual) FILTER (actual + what_if IS NOT NULL))::DECIMAL(38, 0) AS actual,
    (sum(what_if) FILTER (actual + what_if IS NOT NULL))::DECIMAL(38, 0) AS what_if,
    (sum(actual) FILTER (what_if IS NULL))::DECIMAL(38, 0) AS excluded,
    coalesce(sum({" + ".join(TOKENS)}) FILTER (actual + what_if IS NULL), 0) AS unpriced
FROM lines GROUP BY ALL
"""  # noqa: S608 - our own names


def compare(
    duck: DuckDBPyConnection, dims: Sequence[str], prices: PriceList, change: Change
) -> tuple[dict[tuple[str, ...], Compared], Doubts]:
    """Actual and what-if of each group of `dims`, and what is doubtful.

    `duck` has the table `used`, with the columns of `dims`, the kinds of TOKENS, each behind `new_` what `moved` says,
    and each behind MARK the columns of KEY.
    """
    keys = [f"{MARK}{name}" for name in KEY]
    kinds = (*TOKENS, *(f"new_{kind}" for kind in TOKENS))
    rates, doubts = _rates(sums(duck, keys, kinds), prices, change)
    temp_table(duck, "rates", _RATES, rates)
    groups = rows(duck, _ROWS.format(dims="".join(f'"{name}", ' for name in dims)))
    return {tuple(group[name] for name in dims): _row(group) for group in groups}, doubts


def _row(row: Mapping[str, Any]) -> Compared:
    actual, what_if, excluded = (
        None if row[name] is None else EXACT.scaleb(row[name], -PLACES) for name in ("actual", "what_if", "excluded")
    )
    return Compared(actual, what_if, int(row["unpriced"]), excluded)


def _rates(
    distinct: Iterable[Mapping[str, Any]], prices: PriceList, change: Change
) -> tuple[list[tuple[Any, ...]], Doubts]:
    """The rates of each combination that was used, as it is and as it would be, and what is doubtful of them."""
    cells = []
    missing = MissingRates()
    ranged: set[str] = set()
    assumed: set[str] = set()
    for combination in distinct:
        tier, speed = combination[f"{MARK}tier"], combination[f"{MARK}speed"]
        batch_share = change.batched(combination[f"{MARK}model"])
        share = int(batch_share * SHARE) if batch_share and tier == "standard" and speed != "fast" else 0
        request = _changed_request(combination, prices, change)
        row: dict[str, Any] = {f"{MARK}{name}": combination[f"{MARK}{name}"] for name in KEY} | {"share": share}
        whys: dict[str, str] = {}
        for kind in TOKENS:
            now, new = rate_of(prices, combination, kind), rate_of(prices, combination, kind, **request)
            batch = rate_of(prices, combination, kind, **(request | {"tier": "batch"})) if share else new
            sides = (
                ("now", combination[f"{MARK}model"], now),
                ("new", request["model"], new),
                ("batch", request["model"], batch),
            )
            for side, model, rate in sides:
                used = combination[f"{kind}_sum"] if side == "now" else combination[f"new_{kind}_sum"]
                if isinstance(rate, Rate):
                    row[f"{kind}_{side}"] = int(EXACT.scaleb(rate.low, PLACES))
                    ranged |= {model} if used and rate.low != rate.high else set()
                    assumed |= set(rate.assumed) if used else set()
                elif used and isinstance(rate, Unpriced):
                    whys.setdefault(model, rate.reason)
        cells.append(tuple(row.get(name) for name in _RATES))
        if whys and tier != "priority":
            model, why = next(iter(whys.items()))
            missing.add(model, why, combination[f"{MARK}day"], sum(int(combination[f"{kind}_sum"]) for kind in TOKENS))
    return cells, Doubts(missing.by_reason(), tuple(sorted(ranged)), tuple(sorted(assumed)))


def _changed_request(combination: Mapping[str, Any], prices: PriceList, change: Change) -> dict[str, str]:
    """The model and geography of a line as they would be; a model that takes no geography keeps what it has."""
    model = change.swap.get(combination[f"{MARK}model"], combination[f"{MARK}model"])
    takes = model in prices.models and prices.models[model].geo
    return {"model": model, "geo": change.geo if change.geo and takes else combination[f"{MARK}geo"]}


def _share(option: str, text: str | None) -> Decimal | None:
    if text is not None and not _SHARE.fullmatch(text):
        raise InvalidQuestion(f"{option} {text!r} is not a share from 0 to 1 with at most four places.", "Write 0.4.")
    return None if text is None else Decimal(text)
