from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from tallystick.core.models import canonical
from tallystick.tally.alias import known_as

MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)
DATED, STEM = "odd-4-20261001", "odd-4"


def half(*rows: tuple[date, str]) -> pa.Table:
    """One half of days: day and model."""
    days, models = zip(*rows, strict=True)
    return pa.table({"day": pa.array(days, pa.date32()), "model": pa.array(models)})


def models_of(*halves: pa.Table, known: tuple[str, ...] = ()) -> list[list[str]]:
    """The ids that the models of each half have."""
    return [table["model"].to_pylist() for table in known_as(canonical(known), *halves)]


def test_a_model_has_the_id_of_the_price_list() -> None:
    """Both halves have the id that the price lists have, whichever way they spell it."""
    used, billed = half((MONDAY, DATED)), half((MONDAY, STEM))
    assert models_of(used, billed, known=(STEM,)) == [[STEM], [STEM]]
    assert models_of(used, billed, known=(DATED,)) == [[DATED], [DATED]]
    assert models_of(used, known=(STEM,)) == [[STEM]]
    assert models_of(billed, known=(DATED,)) == [[DATED]]


def test_a_model_of_no_list_is_matched_on_its_day() -> None:
    """A model of no list loses its date on days on which the halves spell it both ways, and on no other day."""
    used, billed = half((MONDAY, DATED), (TUESDAY, DATED)), half((MONDAY, STEM))
    assert models_of(used, billed) == [[STEM, DATED], [STEM]]


@pytest.mark.parametrize("model", ["even-4-20261001", "zero-4-20261001"])
def test_another_model_of_the_day_is_no_obstacle(model: str) -> None:
    """A model loses its date on its day whatever dated ids other models have on it, and those keep theirs."""
    used, billed = half((MONDAY, DATED), (MONDAY, model)), half((MONDAY, STEM))
    assert models_of(used, billed) == [[STEM, model], [STEM]]


@pytest.mark.parametrize("models", [(DATED, "odd-4-20261101", STEM), (DATED, "odd-4-20261101"), (DATED, "even-4")])
def test_what_stands_for_several_stays(models: tuple[str, ...]) -> None:
    """An id without a date that two dated ones could be, or none, renames nothing."""
    table = half(*((MONDAY, model) for model in models))
    assert models_of(table) == [[*models]]
