"""The simulator's own dated tariff (reports-api section 4), in whole picodollars per token.

It shares nothing with the price list of the product: two lists that agree are two witnesses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

PICODOLLARS = 10**12
"""Picodollars in one US dollar."""

SEARCH = PICODOLLARS // 100
"""One web search: $10 per 1,000 (reports-api 4.2)."""

CONTAINER_TENTH = PICODOLLARS // 200
"""A tenth of a container-hour of code execution: $0.05 an hour (reports-api 4.2)."""

SESSION_TENTH = PICODOLLARS * 8 // 1000
"""A tenth of a Managed Agents session-hour: $0.08 an hour (reports-api 4.2)."""

OPENS = date(2025, 10, 15)
"""The first day on which every family has a model here."""


class Rates(NamedTuple):
    """Picodollars per token, by kind of token."""

    uncached: int
    write_5m: int
    write_1h: int
    read: int
    output: int

    def times(self, numerator: int, denominator: int = 1) -> Rates:
        """Every rate times a fraction; ValueError where that would not be whole."""
        scaled = [divmod(rate * numerator, denominator) for rate in self]
        if any(rest for _, rest in scaled):
            raise ValueError(f"{self} times {numerator}/{denominator} is finer than a picodollar")
        return Rates(*(rate for rate, _ in scaled))


class Price(NamedTuple):
    """What a model costs from a day on."""

    since: date
    rates: Rates


@dataclass(frozen=True, slots=True)
class Model:
    """A model as the reports name it, and as descriptions do.

    `geo`: it takes an inference geography, being of the 4.6 family or younger. `fast_until`: the first day without
    fast mode, None where it has none. `window`: the day from which a prompt above 200k tokens is refused, None where
    it never is; before that day such a prompt costs the premium.
    """

    id: str
    name: str
    prices: tuple[Price, ...]
    geo: bool = True
    fast_until: date | None = None
    window: date | None = None
    large: Rates | None = None


def _rates(uncached: str, output: str, read: str | None = None) -> Rates:
    """Rates from US dollars per million tokens; cache writes are 1.25 and 2 times the input, reads a tenth of it."""
    dollars = Decimal(uncached)
    kinds = (dollars, dollars * Decimal("1.25"), dollars * 2, Decimal(read) if read else dollars / 10, Decimal(output))
    return Rates(*(int(kind * 1_000_000) for kind in kinds))


def _since(year: int, month: int, day: int, rates: Rates) -> Price:
    return Price(date(year, month, day), rates)


NEVER = date.max

_MODELS = (
    Model(
        "claude-opus-4-1-20250805",
        "Claude Opus 4.1",
        (_since(2025, 8, 5, _rates("15", "75")),),
        geo=False,
        window=OPENS,
    ),
    Model(
        "claude-opus-4-5-20251101",
        "Claude Opus 4.5",
        (_since(2025, 11, 1, _rates("5", "25")),),
        geo=False,
        window=OPENS,
    ),
    Model(
        "claude-opus-4-8",
        "Claude Opus 4.8",
        (_since(2026, 5, 28, _rates("5", "25")),),
        fast_until=date(2026, 11, 30),
    ),
    Model("claude-opus-5-5", "Claude Opus 5.5", (_since(2026, 9, 22, _rates("4", "20", "0.20")),), fast_until=NEVER),
    Model(
        "claude-sonnet-4-5-20250929",
        "Claude Sonnet 4.5",
        (_since(2025, 9, 29, _rates("3", "15")),),
        geo=False,
        window=date(2026, 4, 30),
    ),
    Model("claude-sonnet-4-6", "Claude Sonnet 4.6", (_since(2026, 3, 13, _rates("3", "15")),)),
    Model(
        "claude-sonnet-5-5",
        "Claude Sonnet 5.5",
        (_since(2026, 9, 28, _rates("2", "10", "0.20")), _since(2026, 10, 7, _rates("2", "10", "0.10"))),
    ),
    Model(
        "claude-haiku-4-5-20251001",
        "Claude Haiku 4.5",
        (_since(2025, 10, 15, _rates("1", "5")),),
        geo=False,
        window=OPENS,
    ),
    Model(
        "claude-haiku-5-5",
        "Claude Haiku 5.5",
        (_since(2026, 10, 7, _rates("0.10", "0.50")),),
        large=_rates("0.50", "2.50"),
    ),
    Model("claude-fable-5-1", "Claude Fable 5.1", (_since(2026, 9, 1, _rates("10", "50", "0.25")),)),
    Model("claude-fable-5-2", "Claude Fable 5.2", (_since(2026, 11, 9, _rates("8", "40", "0.20")),), fast_until=NEVER),
)

MODELS = {model.id: model for model in _MODELS}
"""Every model the world uses, by id."""

LARGE = 100_000
"""Prompt tokens above which a model with a `large` price costs that; no report shows it (reports-api 4.1)."""

LONG = 200_000
"""Prompt tokens above which a request is in the context window `200k-1M`."""

_OPUS = (
    (OPENS, "claude-opus-4-1-20250805"),
    (date(2025, 12, 1), "claude-opus-4-5-20251101"),
    (date(2026, 6, 5), "claude-opus-4-8"),
)
_SONNET = ((OPENS, "claude-sonnet-4-5-20250929"), (date(2026, 3, 20), "claude-sonnet-4-6"))
_HAIKU = ((OPENS, "claude-haiku-4-5-20251001"),)

FAMILIES = {
    "opus": (*_OPUS, (date(2026, 9, 28), "claude-opus-5-5")),
    "opus-pinned": _OPUS,
    "sonnet": (*_SONNET, (date(2026, 10, 1), "claude-sonnet-5-5")),
    "sonnet-pinned": (*_SONNET[:1], (date(2026, 11, 30), "claude-sonnet-4-6")),
    "legacy-opus": _OPUS[:1],
    "haiku": (*_HAIKU, (date(2026, 10, 10), "claude-haiku-5-5")),
    "haiku-pinned": _HAIKU,
    "fable": (*_OPUS, (date(2026, 9, 3), "claude-fable-5-1"), (date(2026, 11, 10), "claude-fable-5-2")),
}
"""Which model the users of a family call, from which day on; a pinned family stays on an older one."""


def current(family: str, day: date) -> Model:
    """The model of a family on a day; ValueError before `OPENS`."""
    for since, model in reversed(FAMILIES[family]):
        if since <= day:
            return MODELS[model]
    raise ValueError(f"the tariff opens on {OPENS}, which is after {day}")


def rates(model: str, day: date, *, tier: str, context: str, geo: str, speed: str, large: bool) -> Rates:
    """The rates of a request on a day, with every modifier of reports-api 4.2.

    Raises ValueError for a model without a price on that day, and for what the API refuses.
    """
    entry = MODELS[model]
    priced = [price.rates for price in entry.prices if price.since <= day]
    if not priced:
        raise ValueError(f"{model} had no price on {day}")
    result = entry.large if large and entry.large else priced[-1]
    if context == "200k-1M" and entry.window is not None:
        if day >= entry.window:
            raise ValueError(f"{model} took no prompt above 200k tokens on {day}")
        result = result.times(2)._replace(output=result.output * 3 // 2)
    if speed == "fast":
        if entry.fast_until is None or day >= entry.fast_until or tier == "batch":
            raise ValueError(f"{model} had no fast mode on {day}, tier {tier}")
        result = result.times(2)
    if geo == "us":
        result = result.times(11, 10)
    return result.times(1, 2) if tier == "batch" else result


def dollars(picodollars: int) -> Decimal:
    """US dollars, exactly."""
    return Decimal(f"{picodollars}e-12")


def cents(picodollars: int) -> str:
    """US cents as the cost report writes them: plain digits, no idle zeros (reports-api 1.3.2)."""
    whole_cents, fraction = divmod(abs(picodollars), PICODOLLARS // 100)
    return f"{'-' if picodollars < 0 else ''}{whole_cents}.{fraction:010d}".rstrip("0").rstrip(".")
