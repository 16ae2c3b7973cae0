from __future__ import annotations

import pytest

from tallystick.tally.prices_in_force import Prices

OWN = """
[[price]]
for = "{model}"
from = 2026-01-01
usd = {{ output = "1" }}
"""
FACTOR = """
[[modifier]]
name = "agreement"
from = 2026-10-06
factor = "0.88"
models = ["{model}"]
"""


def unknown(text: str, used: tuple[str, ...] = ()) -> list[str]:
    """The models of one's own list of which nothing is known."""
    return Prices.with_own(text).unknown(used)


@pytest.mark.parametrize("text", [OWN, FACTOR])
def test_a_model_that_nobody_knows_is_named(text: str) -> None:
    """A model that one's own list alone names is named once, with what is near it; one of the list or in use is not."""
    assert unknown(text.format(model="xyzzy")) == ["xyzzy."]
    [near] = unknown(text.format(model="claude-opus-5-6"))
    assert near.startswith("claude-opus-5-6. Did you mean claude-opus-5-5")
    assert unknown(text.format(model="xyzzy"), ("xyzzy",)) == []
    assert unknown(text.format(model="claude-opus-5-5")) == []


def test_the_public_list_alone_is_in_force() -> None:
    """Without a list of one's own the list prices are those in force, and the digest tells lists from others."""
    public, own = Prices.with_own(), Prices.with_own(OWN.format(model="claude-opus-5-5"))
    assert public.in_force is public.listed
    assert own.in_force is not own.listed
    assert own.listed is public.listed
    assert len({public.digest, own.digest, Prices.with_own(FACTOR.format(model="x")).digest}) == 3
    assert public.digest == Prices.with_own().digest
