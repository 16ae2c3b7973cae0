from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise, product

import pytest
from genai_prices.data import providers
from genai_prices.types import ModelInfo, TieredPrices

from tallystick.core.money import EXACT, PLACES, from_cents
from tallystick.core.price_entries import PLAIN, UNITS, Rate, Span, Unpriced
from tallystick.core.prices import PriceList
from tallystick.core.records import TOKENS
from tallystick.errors import InvalidQuestion
from tallystick.sim.world import tariff

TEXT = (files("tallystick.core") / "prices.toml").read_text(encoding="utf-8")
LIST = PriceList.read(TEXT)
TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
LONG = "200k-1M"
MODELS = sorted(LIST.models)
OPUS, SONNET, HAIKU = "claude-opus-4-8", "claude-sonnet-4-5-20250929", "claude-haiku-5-5"


def ask(model: str, kind: str, day: date = TODAY, prices: PriceList = LIST, **changes: str) -> Rate | Unpriced:
    """What the list answers for a plain request with some changes."""
    return prices.rate(model, kind, day, **(dict(PLAIN) | changes))  # type: ignore[arg-type]


def rate(model: str, kind: str, day: date = TODAY, prices: PriceList = LIST, **changes: str) -> Rate:
    """Its rate; the test fails where it has none."""
    price = ask(model, kind, day, prices, **changes)
    assert isinstance(price, Rate), price
    return price


def reason(model: str, kind: str, day: date = TODAY, prices: PriceList = LIST, **changes: str) -> str:
    """Why it has none; the test fails where it has one."""
    price = ask(model, kind, day, prices, **changes)
    assert isinstance(price, Unpriced), price
    return price.reason


def dated() -> Iterator[tuple[str, date, date]]:
    """Every price and modifier of the list, with its first day and the first day without it."""
    for each in LIST._lists:
        for prices in each.prices.values():
            yield from ((price.subject, price.since, price.until) for price in prices)
        for modifiers in each.modifiers.values():
            yield from ((modifier.name, modifier.since, modifier.until) for modifier in modifiers)


def change_days(*subjects: str) -> list[date]:
    """The days on which one of these changes, those before and after, and today."""
    edges = {edge for name, *span in dated() if name in subjects or not subjects for edge in span if edge != date.max}
    return sorted({edge + DAY * off for edge in edges for off in (-1, 0, 1)} | {date(2026, 10, 13), TODAY})


# The list itself


def test_every_entry_says_where_it_is_from() -> None:
    """Each model, price and modifier has a source and the date it was checked; one without rates has a doubt."""
    for each in LIST._lists:
        prices = [price for entries in each.prices.values() for price in entries]
        modifiers = [modifier for entries in each.modifiers.values() for modifier in entries]
        for entry in (*each.models.values(), *prices, *modifiers):
            assert entry.source
            assert entry.checked
        assert all(price.usd or price.doubt for price in prices)
        assert {price.subject for price in prices} == {*each.models, *UNITS} - set(TOKENS)


def test_validity_never_overlaps() -> None:
    """The entries of one key stand in ascending order, and none begins before the one above it has ended."""
    for each in LIST._lists:
        for entries in (*each.prices.values(), *each.modifiers.values()):
            assert all(before.until <= after.since for before, after in pairwise(entries))
            assert all(entry.since < entry.until for entry in entries)


@pytest.mark.parametrize("model", MODELS)
def test_rates_are_exact(model: str) -> None:
    """Every rate of every combination, on and around every change day, has twelve places or fewer and is above zero."""
    combinations = product(("standard", "batch"), ("0-200k", LONG), ("global", "us"), ("standard", "fast"))
    for (tier, context, geo, speed), day, kind in product(combinations, change_days(model), TOKENS):
        price = ask(model, kind, day, tier=tier, context=context, geo=geo, speed=speed)
        if isinstance(price, Unpriced):
            assert price.reason
            continue
        assert all(-int(amount.as_tuple().exponent) <= PLACES for amount in (price.low, price.high))
        assert Decimal(0) < price.low <= price.high
        assert (price.modifiers[-1].rate if price.modifiers else price.standard) == (price.low, price.high)


def test_batch_is_half_and_us_is_a_tenth_more() -> None:
    """Batch halves every kind of token; US-only inference adds a tenth, also to batch, fast mode and long context."""
    for model, kind in product(MODELS, TOKENS):
        if isinstance(plain := ask(model, kind), Rate):
            batch = rate(model, kind, tier="batch")
            assert Span(batch.low * 2, batch.high * 2) == plain.standard == batch.standard
            assert [step.name for step in batch.modifiers] == ["batch"]
            for changes in ({}, {"tier": "batch"}, {"context": LONG}, {"speed": "fast"}):
                base, us = ask(model, kind, **changes), ask(model, kind, geo="us", **changes)
                if isinstance(base, Rate) and LIST.models[model].geo:
                    assert isinstance(us, Rate)
                    assert EXACT.multiply(base.low, Decimal("1.1")) == us.low
                    assert "us" in {step.name for step in us.modifiers}
                elif not LIST.models[model].geo:
                    assert isinstance(us, Unpriced)


@pytest.mark.parametrize(
    ("model", "kind", "cents", "units"),
    [
        ("claude-3-5-haiku-20241022", "uncached_input", "527.999760", 6_599_997),
        ("claude-3-5-haiku-20241022", "output", "50.241200", 125_603),
        (SONNET, "cache_write_5m", "776.257875", 2_070_021),
        (SONNET, "cache_read", "381.724170", 12_724_139),
        (SONNET, "output", "104.227500", 69_485),
        (SONNET, "cache_write_5m", "251.958000", 671_888),
        ("claude-3-5-haiku-20241022", "uncached_input", "11.822080", 147_776),
        ("none", "web_search", "1.000000", 1),
    ],
)
def test_the_proof_that_amounts_are_cents(model: str, kind: str, cents: str, units: int) -> None:
    """Each amount of the live capture, divided by our rate, is the whole number of tokens of reports-api 1.3.6."""
    price = rate(model, kind, date(2025, 10, 16))
    assert price.low * units == from_cents(cents) * price.per


@pytest.mark.parametrize(
    ("model", "kind", "day", "changes", "dollars"),
    [
        ("claude-sonnet-5-5", "cache_read", date(2026, 10, 6), {}, "0.20"),
        ("claude-sonnet-5-5", "cache_read", date(2026, 10, 7), {}, "0.10"),
        ("claude-3-haiku-20240307", "cache_write_5m", date(2026, 1, 1), {}, "0.30"),
        ("claude-opus-4-6", "output", date(2026, 3, 12), {"context": LONG}, "37.50"),
        ("claude-opus-4-6", "output", date(2026, 3, 13), {"context": LONG}, "25"),
        ("claude-sonnet-4-6", "cache_read", date(2026, 3, 12), {"context": LONG}, "0.60"),
        (SONNET, "cache_write_1h", date(2026, 4, 29), {"context": LONG}, "12"),
        ("claude-opus-4-6", "output", date(2026, 3, 12), {"context": LONG, "speed": "fast"}, "225"),
        ("claude-opus-4-6", "output", date(2026, 3, 13), {"context": LONG, "speed": "fast"}, "150"),
        (OPUS, "cache_read", date(2026, 11, 29), {"speed": "fast", "geo": "us"}, "1.1"),
        ("claude-haiku-4-5-20251001", "output", TODAY, {"geo": "not_available"}, "5"),
    ],
)
def test_prices_keep_their_dates(model: str, kind: str, day: date, changes: dict[str, str], dollars: str) -> None:
    """A rate is what reports-api 4.1 says for that very day, changes and ended premiums included."""
    price = rate(model, kind, day, **changes)
    assert price.low == price.high == Decimal(dollars)


def test_haiku_gives_a_range() -> None:
    """Haiku 5.5 costs one of two rates that no report tells apart, except above 200k tokens, where it is the higher."""
    assert rate(HAIKU, "output").standard == (Decimal("0.50"), Decimal("2.50"))
    batch = rate(HAIKU, "cache_read", tier="batch", geo="us")
    assert (batch.low, batch.high) == (Decimal("0.0055"), Decimal("0.0275"))
    long = rate(HAIKU, "output", context=LONG)
    assert (long.low, long.high) == (Decimal("2.50"), Decimal("2.50"))
    for model, kind in product(MODELS, TOKENS):
        price = ask(model, kind)
        assert isinstance(price, Unpriced) or (price.low != price.high) == (model == HAIKU)


def test_modifiers_are_named_in_order() -> None:
    """A rate tells its way from the standard one: long context, speed, geography, tier, each with the rate after it."""
    price = rate("claude-opus-4-6", "output", date(2026, 3, 1), context=LONG, speed="fast", geo="us")
    assert price.standard == (25, 25)
    assert [(step.name, step.rate.low) for step in price.modifiers] == [
        ("long_context", Decimal("37.50")),
        ("fast", Decimal(225)),
        ("us", Decimal("247.5")),
    ]
    assert rate(OPUS, "output", context=LONG).modifiers == ()


def test_services_have_a_price_of_their_own() -> None:
    """Searches, container-hours and session-hours cost the same in every tier and geography, from their first day."""
    service_rates = {
        kind: rate("none", kind, tier="batch", geo="us", context="unknown") for kind in set(UNITS) - set(TOKENS)
    }
    assert {
        kind: (service_rate.low, service_rate.per, service_rate.unit) for kind, service_rate in service_rates.items()
    } == {
        "web_search": (Decimal(10), 1000, "searches"),
        "code_execution": (Decimal("0.05"), 1, "container-hours"),
        "session_time": (Decimal("0.08"), 1, "session-hours"),
    }
    assert "2020-01-01" in reason("none", "web_search", date(2020, 1, 1))


# What is not known


@pytest.mark.parametrize(
    ("model", "kind", "day", "changes", "words"),
    [
        ("claude-opus-9", "output", TODAY, {}, "claude-opus-9 is not in the price list"),
        ("claude-opus-9", "output", TODAY, {"tier": "priority"}, "prepaid capacity, never in the cost report"),
        (OPUS, "output", TODAY, {"tier": "priority"}, "prepaid capacity, never in the cost report"),
        (OPUS, "output", TODAY, {"tier": "flex"}, "no public price"),
        (OPUS, "output", TODAY, {"tier": "flex_discount"}, "no public price"),
        (OPUS, "output", TODAY, {"tier": "priority_on_demand"}, "no public price"),
        (OPUS, "output", TODAY, {"tier": "later"}, "no price for tier later"),
        (OPUS, "output", TODAY, {"tier": "batch", "speed": "fast"}, "no price for tier batch at fast speed"),
        (OPUS, "output", TODAY, {"geo": "eu"}, "no price for geo eu"),
        (SONNET, "output", TODAY, {"geo": "us"}, "takes no inference geography"),
        (SONNET, "output", date(2026, 4, 30), {"context": LONG}, "200k-1M on 2026-04-30"),
        (OPUS, "output", date(2026, 11, 30), {"speed": "fast"}, "fast on 2026-11-30"),
        (OPUS, "output", date(2026, 5, 27), {}, "on 2026-05-27"),
        (OPUS, "thoughts", TODAY, {}, "thoughts is not a kind"),
        ("claude-2.1", "cache_read", TODAY, {}, "no price of cache_read was ever published"),
        ("claude-mythos-preview", "output", TODAY, {}, "25 / 125"),
        ("claude-instant-1.2", "output", TODAY, {}, "1.63 / 5.51"),
    ],
)
def test_unknown_is_unpriced(model: str, kind: str, day: date, changes: dict[str, str], words: str) -> None:
    """What has no price on a day is Unpriced and says why; it is never zero."""
    assert words in reason(model, kind, day, **changes)


def test_a_reason_names_its_own_day() -> None:
    """Of two days without a price each names itself, though one span of the list without a change has both."""
    days = [date(2026, 5, day) for day in (26, 27, 26)]
    assert [reason(OPUS, "output", day).rpartition(" on ")[2] for day in days] == [str(day) for day in days]


def test_unknown_dimensions_are_assumed_aloud() -> None:
    """Unknown tier, context, geography and speed are taken for plain, and the rate names each of them."""
    price = rate(OPUS, "output", tier="unknown", context="unknown", geo="unknown", speed="unknown")
    assert (price.low, price.modifiers, price.assumed) == (25, (), ("tier", "context", "geo", "speed"))
    assert rate(OPUS, "output").assumed == ()
    assert rate("claude-fable-5-1", "output").doubt


def test_models_retire() -> None:
    """A retirement day is known for what the list says, and is None for the rest."""
    assert LIST.retires("claude-3-opus-20240229") == date(2026, 1, 5)
    assert LIST.retires(SONNET) == date(2026, 11, 30)
    assert LIST.retires("claude-mythos-preview") == date(2026, 6, 30)
    assert "LiteLLM" in LIST.models["claude-mythos-preview"].doubt
    assert LIST.retires(OPUS) is LIST.retires("claude-opus-9") is None


def test_the_prices_of_a_day() -> None:
    """The prices of a day are those that hold on it, one for each model, context and speed."""
    spans = {(price.speed, price.span("output").low) for price in LIST.on(TODAY, OPUS)}
    assert spans == {("standard", Decimal(25)), ("fast", Decimal(50))}
    assert [price.speed for price in LIST.on(date(2026, 11, 30), OPUS)] == ["standard"]
    assert LIST.on(TODAY, "claude-opus-9") == ()
    keys = [price.key for price in LIST.on(TODAY)]
    assert keys == sorted(set(keys))
    assert {"web_search", HAIKU} <= {subject for subject, _, _ in keys}
    assert [modifier.name for modifier in LIST.modifiers(TODAY)] == ["us", "batch"]


# A user's own list

OWN = """
[[price]]
for = "claude-opus-4-8"
from = 2026-10-01
until = 2026-11-01
usd = { output = "20" }
source = "our contract"

[[price]]
for = "our-model"
from = 2026-10-01
usd = { output = "7" }

[[modifier]]
name = "discount"
from = 2026-10-15
factor = "0.88"
models = ["claude-opus-4-8"]
"""


def test_own_prices_hold_from_their_day() -> None:
    """A user's list corrects the kinds that it names, in its days alone, and modifiers apply to what it says."""
    own = PriceList.read(TEXT, OWN)
    days = [date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 15), date(2026, 11, 1)]
    assert [rate(OPUS, "output", day, own).low for day in days] == [25, 20, Decimal("17.60"), 22]
    assert [rate(OPUS, "cache_read", day, own).low for day in days[:2]] == [Decimal("0.50")] * 2
    assert rate(OPUS, "output", days[1], own, tier="batch", geo="us").low == 11
    assert [step.name for step in rate(OPUS, "output", days[2], own).modifiers] == ["discount"]
    assert rate("our-model", "output", days[1], own).low == 7
    assert "our-model" in reason("our-model", "output", days[0], own)
    assert "cache_read" in reason("our-model", "cache_read", days[1], own)
    assert [price.source for price in own.on(days[1], OPUS) if price.speed == "standard"] == ["our contract"]
    for model, kind in product(MODELS, TOKENS):
        if model != OPUS:
            assert ask(model, kind, TODAY, own) == ask(model, kind)


PRICE = '[[price]]\nfor = "claude-x"\nfrom = 2026-10-01\nusd = {{ {usd} }}\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[price", "Price list 2 is not TOML"),
        ("[prices]", "Price list 2 holds 'prices'"),
        (PRICE.format(usd="output = 7.5"), "[[price]] 1 of price list 2 (claude-x, 2026-10-01)"),
        (PRICE.format(usd='output = "1e3"'), "(claude-x, 2026-10-01) cannot be read"),
        (PRICE.format(usd='output = "-1"'), "(claude-x, 2026-10-01) cannot be read"),
        (PRICE.format(usd='outputs = "1"'), "(claude-x, 2026-10-01) cannot be read"),
        (PRICE.format(usd='web_search = "1"'), "a kind that is not its own"),
        (PRICE.format(usd='output = "1"') + 'large = { cache_read = "1" }', "a kind that is not its own"),
        (PRICE.format(usd=""), "has no rate"),
        (PRICE.format(usd='output = "1"') + "until = 2026-10-01", "ends before it begins"),
        (PRICE.format(usd='output = "1"') + 'colour = "red"', "colour"),
        (PRICE.format(usd='output = "1"').replace("2026-10-01", '"soon"'), "cannot be read"),
        (PRICE.format(usd='output = "1"') * 2, "[[price]] 2 of price list 2 (claude-x, 2026-10-01) begins before"),
        (PRICE.format(usd='output = "1.12345678901"'), "claude-x from 2026-10-01 has 11 places"),
        ('[[model]]\nid = "x"\nname = "X"\n' * 2, "[[model]] 2 of price list 2 (x) stands there twice"),
        ('[[modifier]]\nname = "d"\nfrom = 2026-10-01\nfactor = 0.5', "[[modifier]] 1 of price list 2 (d, 2026-10-01)"),
        ('[[modifier]]\nname = "d"\nfrom = 2026-10-01\nfactor = "1"\nkinds = ["web_search"]', "cannot be read"),
        ('[[modifier]]\nname = "d"\nfrom = 2026-10-01\nfactor = "0.12345678901"', "finer than a picodollar"),
    ],
)
def test_wrong_entries_are_named(text: str, words: str) -> None:
    """A list that cannot be is refused with the entry named and a way to mend it."""
    with pytest.raises(InvalidQuestion) as wrong:
        PriceList.read(TEXT, text)
    assert words in wrong.value.what
    assert wrong.value.hint
    assert "regex" not in wrong.value.what
    with pytest.raises(InvalidQuestion) as wrong:
        PriceList.read(TEXT, text, names=("prices.toml", "ours.toml"))
    assert "price list 2" not in wrong.value.what.lower()


# Other witnesses


def test_the_simulator_agrees() -> None:
    """The tariff of the simulator, written apart from this list, gives the same rates wherever it has a price."""
    compared = 0
    ways = [dict(zip(PLAIN, way, strict=True)) for way in product(*WAYS)]
    for (name, model), day, way in product(tariff.MODELS.items(), change_days(*tariff.MODELS), ways):
        if way["geo"] == "us" and not model.geo:
            continue
        try:
            low, high = (tariff.rates(name, day, **way, large=large) for large in (way["context"] == LONG, True))
        except ValueError:
            continue
        if day < tariff.OPENS or isinstance(ask(name, "output", day), Unpriced):
            continue
        for kind, least, most in zip(SIMULATED, low, high, strict=True):
            price = rate(name, kind, day, **way)
            assert (price.low * 10**6, price.high * 10**6) == (least, most), (name, day, way)
            compared += 1
    assert compared > 5_000


WAYS = (("standard", "batch"), ("0-200k", LONG), ("global", "us"), ("standard", "fast"))
SIMULATED = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output")

THEIRS = next(provider for provider in providers if provider.id == "anthropic").models
THEIR_NAMES = {
    "uncached_input": "input_mtok",
    "cache_write_5m": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "cache_read": "cache_read_mtok",
    "output": "output_mtok",
}
VARIANTS = {"standard": {}, "batch": {"processing": "batch"}, "fast": {"speed": "fast"}}
VISIBLE = 200_000
"""Prompt tokens from which the reports tell a larger prompt; smaller thresholds are invisible in them."""

ABSENT = {
    "claude-mythos-5": "limited availability: their importer skips it",
    "claude-mythos-5-1": "limited availability: their importer skips it",
    "claude-mythos-preview": "never on the official table; unpriced here too",
    "claude-instant-1.2": "retired before their list; unpriced here too",
    "claude-instant-1.1": "retired before their list; unpriced here too",
    "claude-instant-1.0": "retired before their list; unpriced here too",
}
BATCH = date(2026, 10, 14)


@dataclass(frozen=True)
class Known:
    """A difference that is known, with its reason: these models, in this variant, in days `[since, until)`."""

    reason: str
    models: tuple[str, ...]
    variant: str = "standard"
    contexts: tuple[str, ...] = ("0-200k", LONG)
    kinds: tuple[str, ...] = TOKENS
    since: date = date.min
    until: date = date.max


ACTIVE = (
    *("claude-fable-5", "claude-fable-5-1", "claude-opus-5-5", "claude-opus-5", "claude-opus-4-8", "claude-opus-4-7"),
    *("claude-opus-4-6", "claude-opus-4-5-20251101", "claude-sonnet-5-5", "claude-sonnet-5", "claude-sonnet-4-6"),
    *("claude-sonnet-4-5-20250929", "claude-haiku-5-5", "claude-haiku-4-5-20251001"),
)
RETIRED = (
    *("claude-opus-4-1-20250805", "claude-opus-4-20250514", "claude-3-opus-20240229", "claude-sonnet-4-20250514"),
    *("claude-3-7-sonnet-20250219", "claude-3-5-sonnet-20241022", "claude-3-5-sonnet-20240620"),
    *("claude-3-sonnet-20240229", "claude-3-5-haiku-20241022", "claude-3-haiku-20240307"),
    *("claude-2.1", "claude-2.0", "claude-1.3", "claude-1.2", "claude-1.1", "claude-1.0"),
)
KNOWN = (
    Known(
        "their batch variants begin on 2026-10-14; batch is half since 2024-10-08",
        ACTIVE,
        "batch",
        until=BATCH,
    ),
    Known(
        "they skip batch for retired models",
        RETIRED,
        "batch",
    ),
    Known("they have no fast mode that has ended", ("claude-opus-4-6", "claude-opus-4-7"), "fast"),
    Known(
        "Opus 4.8 loses its fast mode, as their comment says and their dates do not",
        (OPUS,),
        "fast",
        since=date(2026, 11, 30),
    ),
    Known(
        "they have no premium above 200k tokens for Sonnet 4",
        ("claude-sonnet-4-20250514",),
        contexts=(LONG,),
        until=date(2026, 4, 30),
    ),
    Known(
        "Sonnet 4.5 refuses what is above 200k tokens since 2026-04-30; their tier has no end",
        (SONNET,),
        contexts=(LONG,),
        since=date(2026, 4, 30),
    ),
    Known(
        "nor has the batch variant of that tier an end",
        (SONNET,),
        "batch",
        contexts=(LONG,),
        since=BATCH,
    ),
    Known(
        "they hold only the newest cache read of Sonnet 5.5",
        ("claude-sonnet-5-5",),
        kinds=("cache_read",),
        until=date(2026, 10, 7),
    ),
)


def their_model(model: str) -> ModelInfo | None:
    """Their entry for a report id; their only entry for Claude 1 is called claude-v1."""
    name = "claude-v1" if model.startswith("claude-1.") else model
    return next((entry for entry in THEIRS if entry.is_match(name)), None)


def their_rate(entry: ModelInfo, kind: str, day: date, variant: str, context: str) -> Span | None:
    """Their rate for the same question; None where they have none, or only that of another variant."""
    midnight, wanted = datetime(day.year, day.month, day.day, tzinfo=UTC), VARIANTS[variant]
    active = [
        option
        for option in entry.price_variants or ()
        if option.constraint is None or option.constraint.active(midnight)
    ]
    if wanted and not any(option.when == wanted for option in active):
        return None
    price = getattr(entry.get_prices(midnight, wanted), THEIR_NAMES[kind], None)
    if not isinstance(price, TieredPrices):
        known = context != LONG or (entry.context_window or 0) > VISIBLE
        return Span(price, price) if price is not None and known else None
    (tier,) = price.tiers
    if context == LONG:
        return Span(tier.price, tier.price)
    return Span(price.base, price.base if tier.start == VISIBLE else tier.price)


@pytest.mark.long
def test_genai_prices_agrees() -> None:
    """genai-prices has our rate for every model and day of both, but for the differences listed, none of which is gone.

    Compared where our list prices the model on that day, on and around each day on which anything changes.
    """
    met: set[tuple[str, str]] = set()
    same = 0
    for model in set(MODELS) - set(ABSENT):
        entry = their_model(model)
        assert entry, model
        for day, kind in product(change_days(), TOKENS):
            if not any(price.usd for price in LIST.on(day, model)):
                continue
            for variant, context in product(VARIANTS, ("0-200k", LONG)):
                tier, speed = ("batch", "standard") if variant == "batch" else ("standard", variant)
                ours = ask(model, kind, day, tier=tier, context=context, speed=speed)
                theirs = their_rate(entry, kind, day, variant, context)
                if theirs == (None if isinstance(ours, Unpriced) else (ours.low, ours.high)):
                    same += theirs is not None
                    continue
                known = [
                    difference.reason
                    for difference in KNOWN
                    if model in difference.models
                    and (variant, difference.since <= day < difference.until) == (difference.variant, True)
                    and context in difference.contexts
                    and kind in difference.kinds
                ]
                assert known, f"{model} {kind} {day} {variant} {context}: ours {ours}, theirs {theirs}"
                met.add((known[0], model))
    assert met == {(difference.reason, model) for difference in KNOWN for model in difference.models}
    assert same > 10_000


def test_genai_prices_lacks_what_is_listed() -> None:
    """The models that genai-prices has no entry for are those listed, each with its reason, and no others."""
    assert {model for model in MODELS if not their_model(model)} == set(ABSENT)
    searches = {getattr(entry.prices, "web_searches_kcount", None) for entry in THEIRS}
    assert searches == {None, rate("none", "web_search").low}
