"""A model under its id with a date and without one is one model: in the match, in prices, rules, filters, what-if."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from support.case import Case
from tallystick.core.models import aliases, canonical, same, stem
from tallystick.core.price_entries import Rate
from tallystick.core.prices import PriceList
from tallystick.errors import InvalidQuestion
from tallystick.tally.prices_in_force import Prices

SINCE = "2026-11-20"
HAIKU = "claude-haiku-4-5-20251001"
PLAIN = {"tier": "standard", "context": "0-200k", "geo": "not_available", "speed": "standard"}


@pytest.mark.long
@pytest.mark.parametrize("source", ["reports", "analytics"])
def test_usage_and_bill_that_spell_a_model_otherwise(case: Case, tmp_path: Path, source: str) -> None:
    """Use under one id and a bill under the other are matched; each model is one row, and every id asks for it."""
    with case.serve("naming-models/scenario.py", NEWER="1"):
        assert case("sync", "--without-claude-code", "--source", source, "--since", SINCE).code == 0
    words = ("spend", "--since", SINCE, "--format", "json", "--by")
    answer = json.loads(case(*words, "model").out)
    assert {row["model"]: row["billed"] for row in answer["rows"]} == {
        HAIKU: "48.00",
        "claude-opus-4-6": "24.00",
        "claude-quill-7" if source == "reports" else "claude-quill-7-20261101": "24.00",
    }
    assert answer["coverage"]["billed"]["unmatched"] == "0.00"
    for model in ("claude-haiku-4-5", HAIKU):
        run = case(*words, "day", "--where", f"model={model}")
        assert json.loads(run.out)["totals"]["billed"] == "48.00", run.err
        settings = tmp_path / "owners.toml"
        settings.write_text(f'[[owner]]\nteam = "small"\nmodel = "{model}"\n', encoding="utf-8")
        teams = json.loads(case(*words, "team", "--config", str(settings)).out)["rows"]
        assert {row["team"]: row["billed"] for row in teams}["small"] == "48.00"
    run = case("whatif", "--since", SINCE, "--swap", "claude-opus-4-6-20260205=claude-haiku-4-5", "--format", "json")
    rows = {row["model"]: row["difference"] for row in json.loads(run.out)["rows"]}
    assert Decimal(rows["claude-opus-4-6"]) == Decimal(-96)


def test_prices_of_an_alias() -> None:
    """The price of an id is that of the same model under its other id; what stands for several models has none."""
    listed = Prices.with_own().listed
    for model, known in (
        ("claude-haiku-4-5", HAIKU),
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
        ("claude-opus-4-5", "claude-opus-4-5-20251101"),
        ("claude-opus-4-6-20260205", "claude-opus-4-6"),
        ("claude-opus-4-7-20260416", "claude-opus-4-7"),
    ):
        rates = [listed.rate(name, "output", date(2026, 11, 20), **PLAIN) for name in (model, known)]
        assert rates[0] == rates[1]
        assert isinstance(rates[0], Rate)
        assert listed.retires(model) == listed.retires(known)
    assert listed.model("claude-3-5-sonnet") == "claude-3-5-sonnet"
    assert listed.model("claude-sonnet-4-20990101") == "claude-sonnet-4-20990101"
    assert listed.retires("claude-opus-4-5") == date(2027, 1, 22)
    assert listed.retires("claude-sonnet-4-5") == date(2026, 11, 30)


def test_own_prices_of_an_alias() -> None:
    """One's own price of an alias is the model's; under both ids on one day it is refused."""
    own = '[[price]]\nfor = "{}"\nfrom = 2026-11-01\nusd = {{ output = "4" }}\n'
    lists = Prices.with_own(own.format("claude-haiku-4-5"))
    for model in ("claude-haiku-4-5", HAIKU):
        rate = lists.in_force.rate(model, "output", date(2026, 11, 20), **PLAIN)
        assert isinstance(rate, Rate)
        assert rate.low == Decimal(4)
    assert not lists.unknown(())
    with pytest.raises(InvalidQuestion, match="haiku-4-5"):
        PriceList.read(lists.texts[0], own.format("claude-haiku-4-5") + own.format(HAIKU))


NAMES = st.sampled_from(["a", "b", "a-20260101", "a-20260202", "b-20260101", "c-20260101"])


@given(known=st.sets(NAMES), model=NAMES)
def test_a_canonical_id_is_of_the_same_model(known: set[str], model: str) -> None:
    """It is the id itself or a known one that differs in the date alone, and its own canonical id."""
    known_as = canonical(known)
    main_id = known_as(model)
    assert same(main_id, model)
    assert main_id == model or main_id in known
    assert known_as(main_id) == main_id
    assert len({alias for alias in aliases(model, known) if stem(alias) != alias}) <= 1
