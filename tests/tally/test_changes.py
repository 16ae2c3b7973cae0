"""Changes and parts: nothing is lost between two states of the bill, nor between the teams of a charge."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings, strategies as st

from tallystick.core.ledger_tables import FIGURES
from tallystick.core.money import total
from tallystick.tally.attribute import Attribution
from tallystick.tally.figures import ChargeRows, figures
from tallystick.tally.owners import Owners
from tallystick.tally.reconcile.line_changes import changes
from tallystick.tally.rules import FIELDS

MONEY = pa.decimal128(28, 12)
WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""To make a failure smaller takes minutes here."""
OWNERS = Owners.read(
    [
        {"team": "docs", "cost_center": "4711", "workspace": ["w0"]},
        {"team": "platform", "workspace": ["w1"]},
        {"shared": {"rule": "fixed", "shares": {"docs": "1/3", "platform": "2/3"}}, "workspace": ["w2"]},
        {"shared": {"rule": "proportional", "teams": ["docs", "platform", "idle"]}, "workspace": ["w3"]},
        {"shared": {"rule": "even", "teams": ["a", "b", "c"]}, "workspace": ["w4"]},
    ]
)
amounts = st.integers(-(10**15), 10**15).map(lambda number: Decimal(number).scaleb(-12))
charge = st.fixed_dictionaries(
    {
        "workspace": st.sampled_from([f"w{n}" for n in range(6)]),
        "day": st.sampled_from([date(2026, 10, 1), date(2026, 10, 2)]),
        "quantity": st.none() | st.integers(0, 10**12),
        **{name: st.none() | amounts for name in FIGURES if name != "quantity"},
    }
)
line = st.fixed_dictionaries(
    {
        "model": st.sampled_from("abc"),
        "unit": st.sampled_from([None, "tokens"]),
        "quantity": st.none() | st.integers(0, 3),
        "billed": st.none() | st.integers(-2, 2).map(Decimal),
    }
)


def _charges(rows: list[dict[str, Any]]) -> pa.Table:
    fixed = {"organization": "org", "key": "k", "actor": "a", "model": "m"}
    fits = pa.schema(
        [*((name, pa.string()) for name in FIELDS), ("day", pa.date32()), ("quantity", pa.int64()), ("nth", pa.int64())]
        + [(name, MONEY) for name in FIGURES if name != "quantity"]
    )
    return pa.Table.from_pylist([fixed | row | {"nth": number} for number, row in enumerate(rows)], fits)


@pytest.mark.long
@settings(max_examples=20, deadline=None, phases=WITHOUT_SHRINKING)
@given(st.lists(charge, max_size=8))
def test_parts_of_every_figure_sum_to_the_whole(rows: list[dict[str, Any]]) -> None:
    """Of each charge the parts of each figure sum to it exactly, and are unknown where it is."""
    parts: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in figures(OWNERS, _charges(rows), {}).to_pylist():
        parts[row["nth"]].append(row)
    for number, charge in enumerate(rows):
        for name in FIGURES:
            split = [row[name] for row in parts[number]]
            if charge[name] is None:
                assert set(split) <= {None}
            else:
                assert sum(split) == charge[name], name


@pytest.mark.long
@settings(max_examples=20, deadline=None, phases=WITHOUT_SHRINKING)
@given(st.lists(charge, max_size=8))
def test_teams_have_what_sums_say(rows: list[dict[str, Any]]) -> None:
    """A team's parts of what was billed are the same, charge by charge or summed."""
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    for row in figures(OWNERS, _charges(rows), {}).to_pylist():
        amounts[row["team"]].append(row["billed"] or Decimal(0))
    known = _charges([{**row, "billed": row["billed"] or Decimal(0)} for row in rows])
    sums = {row["team"]: row["billed"] for row in Attribution(OWNERS, ChargeRows(known), {}).sums(["team"])}
    assert {team: total(amounts) for team, amounts in amounts.items() if total(amounts)} == {
        team: billed for team, billed in sums.items() if billed
    }


def _lines(rows: list[dict[str, Any]]) -> pa.Table:
    fits = pa.schema([("model", pa.string()), ("unit", pa.string()), ("quantity", pa.int64()), ("billed", MONEY)])
    return pa.Table.from_pylist(rows, fits)


def _sums(rows: list[dict[str, Any]], figure: str) -> dict[tuple[Any, Any], Any]:
    sums: dict[tuple[Any, Any], Any] = {}
    for row in rows:
        line_key = (row["model"], row["unit"])
        sums.setdefault(line_key, None)
        if row[figure] is not None:
            sums[line_key] = (sums[line_key] or 0) + row[figure]
    return sums


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(st.lists(line, max_size=8), st.lists(line, max_size=8))
def test_changes_lead_from_one_to_the_other(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    """Each line that differs is there once, with both sides as they are; what is unknown or absent is null, not 0."""
    rows = changes(_lines(before), _lines(after), ["model", "unit"]).to_pylist()
    named = {(row["model"], row["unit"]): row for row in rows}
    assert len(named) == len(rows)
    sums = {
        (side, name): _sums(rows, name)
        for side, rows in (("b", before), ("a", after))
        for name in ("quantity", "billed")
    }
    differ = set()
    for figure in ("quantity", "billed"):
        old, new = sums["b", figure], sums["a", figure]
        differ |= {line_key for line_key in {*old, *new} if old.get(line_key) != new.get(line_key)}
    assert set(named) == differ
    for line_key, row in named.items():
        for figure in ("quantity", "billed"):
            old, new = sums["b", figure].get(line_key), sums["a", figure].get(line_key)
            assert (row[f"{figure}_before"], row[f"{figure}_after"]) == (old, new)
            change = None if old is None and new is None else (new or 0) - (old or 0)
            assert row[f"{figure}_change"] == change


def _of(workspace: str, quantity: int | None, billed: str | None, **more: Any) -> dict[str, Any]:
    unknown = dict.fromkeys(FIGURES)
    known = {"workspace": workspace, "day": date(2026, 10, 1), "quantity": quantity}
    return unknown | known | {"billed": None if billed is None else Decimal(billed)} | more


def _by_team(rows: list[dict[str, Any]], number: int) -> dict[str, tuple[Any, Any, Any]]:
    parts = figures(OWNERS, _charges(rows), {}).to_pylist()
    return {row["team"]: (row["quantity"], row["billed"], row["rule"]) for row in parts if row["nth"] == number}


def test_a_shared_charge_is_split_in_every_figure() -> None:
    """Of a charge that teams share each figure is split by the same weights, to the unit; what is unknown stays so."""
    rows = [_of("w0", 90, "9"), _of("w1", 10, "3"), _of("w2", 100, None), _of("w3", 8, "2"), _of("w5", 5, "5")]
    assert _by_team(rows, 0) == {"docs": (90, Decimal(9), 0)}
    assert _by_team(rows, 2) == {"docs": (33, None, 2), "platform": (67, None, 2)}
    assert _by_team(rows, 3) == {"docs": (6, Decimal("1.5"), 3), "platform": (2, Decimal("0.5"), 3)}
    assert _by_team(rows, 4) == {"unowned": (5, Decimal(5), -1)}


def test_a_team_with_a_part_in_nothing_has_no_row() -> None:
    """An even part of one unit is one team's; the others have no row, nor has a charge of zero that is shared."""
    assert _by_team([_of("w4", 1, None)], 0) == {"a": (1, None, 4)}
    assert set(_by_team([_of("w4", 1, "0.000000000002")], 0)) == {"a", "b"}
    assert _by_team([_of("w0", 0, "0")], 0) == {"docs": (0, Decimal(0), 0)}


def test_without_rules_nobody_owns_anything() -> None:
    """Without rules each charge has one row, of no team."""
    [row] = figures(Owners.read([]), _charges([_of("w0", 3, "1")]), {}).to_pylist()
    assert (row["team"], row["rule"], row["quantity"], row["billed"]) == ("unowned", -1, 3, Decimal(1))


def test_proportional_parts_weigh_by_what_is_read_for_them() -> None:
    """Where the charges are a part of those by which rules weigh, these are read for it."""
    shared, owned = _of("w3", 8, "2"), [_of("w0", 1, "1"), _of("w1", 1, "3")]
    parts = figures(OWNERS, _charges([shared]), {}, lambda: _charges([shared, *owned])).to_pylist()
    assert {row["team"]: row["billed"] for row in parts} == {"docs": Decimal("0.5"), "platform": Decimal("1.5")}


def test_what_was_not_billed_weighs_nothing() -> None:
    """A charge without an amount has no weight where others are shared in proportion."""
    rows = [_of("w0", 1, None), _of("w1", 1, "3"), _of("w3", 8, "2")]
    assert _by_team(rows, 2) == {"platform": (8, Decimal(2), 3)}


def test_what_nobody_owns_stays_though_it_is_nothing() -> None:
    """A charge of nothing that no rule matches has its row, also where the first rule shares."""
    owners = Owners.read([{"shared": {"rule": "even", "teams": ["a", "b"]}, "workspace": ["w4"]}])
    rows = figures(owners, _charges([_of("w5", 0, "0"), _of("w4", 2, "2")]), {}).to_pylist()
    assert sorted((row["team"], row["quantity"]) for row in rows) == [("a", 1), ("b", 1), ("unowned", 0)]
