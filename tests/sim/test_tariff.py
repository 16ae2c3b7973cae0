from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from tallystick.sim.world import tariff
from tallystick.sim.world.tariff import FAMILIES, MODELS, Rates

PLAIN = {"tier": "standard", "context": "0-200k", "geo": "global", "speed": "standard", "large": False}
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("model", "changes", "dollars"),
    [
        ("claude-opus-4-8", {}, ("5", "6.25", "10", "0.50", "25")),
        ("claude-opus-4-8", {"speed": "fast"}, ("10", "12.5", "20", "1", "50")),
        ("claude-opus-4-8", {"geo": "us"}, ("5.5", "6.875", "11", "0.55", "27.5")),
        ("claude-fable-5-2", {}, ("8", "10", "16", "0.20", "40")),
        ("claude-sonnet-5-5", {"tier": "batch"}, ("1", "1.25", "2", "0.05", "5")),
        ("claude-haiku-5-5", {"tier": "batch", "geo": "us"}, ("0.055", "0.06875", "0.11", "0.0055", "0.275")),
        ("claude-haiku-5-5", {"large": True}, ("0.50", "0.625", "1", "0.05", "2.50")),
        ("claude-sonnet-4-5-20250929", {}, ("3", "3.75", "6", "0.30", "15")),
        ("claude-sonnet-5-5", {"context": "200k-1M"}, ("2", "2.5", "4", "0.10", "10")),
    ],
)
def test_rates_of_the_contract(model: str, changes: dict[str, object], dollars: tuple[str, ...]) -> None:
    """A rate is the list price of reports-api 4.1 times the modifiers of 4.2, without rounding."""
    rates = tariff.rates(model, TODAY, **(PLAIN | changes))  # type: ignore[arg-type]
    assert rates == Rates(*(int(Decimal(amount) * 1_000_000) for amount in dollars))


def test_prices_keep_their_dates() -> None:
    """A price change takes effect on its day."""
    reads = [tariff.rates("claude-sonnet-5-5", date(2026, 10, day), **PLAIN).read for day in (6, 7)]  # type: ignore[arg-type]
    assert reads == [200_000, 100_000]


def test_long_context_premium_until_it_became_an_error() -> None:
    """Sonnet 4.5 charges the premium above 200k tokens until 2026-04-30 and refuses from then on."""
    long = PLAIN | {"context": "200k-1M"}
    before = tariff.rates("claude-sonnet-4-5-20250929", date(2026, 4, 29), **long)  # type: ignore[arg-type]
    assert before == Rates(6_000_000, 7_500_000, 12_000_000, 600_000, 22_500_000)
    with pytest.raises(ValueError, match="above 200k"):
        tariff.rates("claude-sonnet-4-5-20250929", date(2026, 4, 30), **long)  # type: ignore[arg-type]


def test_unknown_is_not_free() -> None:
    """A model before its release, and fast mode where there is none, have no price at all."""
    with pytest.raises(ValueError, match="no price"):
        tariff.rates("claude-opus-5-5", date(2026, 9, 21), **PLAIN)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no fast mode"):
        tariff.rates("claude-opus-4-8", date(2026, 11, 30), **(PLAIN | {"speed": "fast"}))  # type: ignore[arg-type]


def test_every_rate_is_whole() -> None:
    """No model and no modifier leads to a rate finer than a picodollar."""
    for model, tier, geo, large in product(MODELS, ("standard", "batch"), ("global", "us"), (False, True)):
        rates = tariff.rates(model, TODAY, tier=tier, context="0-200k", geo=geo, speed="standard", large=large)
        assert min(rates) > 0


def test_families_only_call_models_that_are_out() -> None:
    """On the day from which a family calls a model, that model has a price."""
    for steps in FAMILIES.values():
        for since, model in steps:
            assert MODELS[model].prices[0].since <= since


@pytest.mark.parametrize(
    ("picodollars", "written"),
    [(0, "0"), (10**10, "1"), (1, "0.0000000001"), (12_378_912 * 10**5, "123.78912"), (946 * 10**10, "946")],
)
def test_amounts_are_plain_cents(picodollars: int, written: str) -> None:
    """An amount is written in cents, exactly, without an exponent or idle zeros."""
    assert tariff.cents(picodollars) == written
