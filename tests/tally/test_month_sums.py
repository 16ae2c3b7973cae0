from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from support.charge_rows import PICO
from support.written_ledger import charge
from tallystick.core.causes import NOT_BILLED_YET
from tallystick.core.ledger_tables import CHARGES, FIGURES, MONTH_SUMS
from tallystick.store.columns import schema
from tallystick.tally.conservation import conserve_sums
from tallystick.tally.month_sums import month_sums

Row = dict[str, Any]
DAYS = [date(2026, 10, 1), date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 1)]
DIMS = [
    column.name for column in CHARGES.columns if column in MONTH_SUMS.columns and column.name not in {*FIGURES, "day"}
]
"""What the charges of one sum agree in."""


def table(rows: Sequence[Row]) -> pa.Table:
    """Charges as the ledger has them."""
    return pa.Table.from_pylist(list(rows), schema(CHARGES))


def added(rows: Sequence[Row], name: str) -> Any:
    """A figure of all rows; None where no row knows it."""
    known = [row[name] for row in rows if row[name] is not None]
    amount = sum(known[1:], known[0]) if known else None
    return amount.quantize(PICO) if isinstance(amount, Decimal) else amount


def expected(rows: Sequence[Row]) -> list[Row]:
    """The sums of charges, worked out one by one."""
    groups = defaultdict(list)
    for row in rows:
        groups[(*(row[name] for name in DIMS), *(row[name] is None for name in FIGURES))].append(row)
    return [
        {
            **dict(zip(DIMS, group, strict=False)),
            **{name: added(group_rows, name) for name in FIGURES},
            "day": max(row["day"] for row in group_rows),
            "days": sum({1 << row["day"].day for row in group_rows}),
            "rows": len(group_rows),
        }
        for group, group_rows in groups.items()
    ]


def in_order(rows: Sequence[Row] | pa.Table) -> list[str]:
    """Rows in an order, whatever the order of their columns."""
    listed = rows.to_pylist() if isinstance(rows, pa.Table) else rows
    told = ({name: f"{cell:f}" if isinstance(cell, Decimal) else cell for name, cell in row.items()} for row in listed)
    return sorted(repr(sorted(row.items())) for row in told)


charges = st.builds(
    lambda day, fields: {**charge(day), **fields},
    st.sampled_from(DAYS),
    st.fixed_dictionaries(
        {
            "key": st.sampled_from("abc"),
            "actor": st.sampled_from("ab"),
            "kind": st.sampled_from(["output", "requests"]),
            "cause": st.sampled_from(["none", NOT_BILLED_YET]),
            "relaxed": st.sampled_from(["none", "geo"]),
            "quantity": st.none() | st.integers(-9, 9) | st.just(2**50),
            **dict.fromkeys(FIGURES[1:], st.none() | st.decimals(-2, 2, places=12) | st.just(Decimal(10**14))),
        }
    ),
)


@settings(max_examples=100)
@given(st.lists(charges, max_size=30))
def test_sums_are_those_of_their_charges(rows: list[Row]) -> None:
    """Whatever charges are, a month's sum has their figures, how many they are, their days and the newest of these."""
    sums = month_sums(table(rows))
    assert sums is not None
    conserve_sums(table(rows), sums, "month")
    assert sums.schema.names == [column.name for column in MONTH_SUMS.columns]
    assert in_order(sums) == in_order(expected(table(rows).to_pylist()))


@settings(max_examples=100)
@given(st.lists(charges, max_size=20), st.lists(charges, max_size=20), st.sets(st.sampled_from(DAYS)))
def test_sums_of_days_that_changed_are_those_of_all_charges(
    before: list[Row], after: list[Row], changed: set[date]
) -> None:
    """To take away what days had and to add what they have gives the sums that all charges have, row for row."""
    removed, new = ([row for row in rows if row["day"] in changed] for rows in (before, after))
    sums = month_sums(table(new), month_sums(table(before)), table(removed), changed)
    assert sums is not None
    assert in_order(sums) == in_order(expected([row for row in before if row["day"] not in changed] + new))


@pytest.mark.parametrize(("name", "figure"), [("quantity", 2**62), ("billed", Decimal(5 * 10**15))])
def test_sums_beyond_their_columns_are_none(name: str, figure: Any) -> None:
    """Of figures whose sum takes more than its column has no sum is made; one of them alone is a sum."""
    rows = [charge(day, **{name: figure}) for day in DAYS[:2]]
    assert month_sums(table(rows)) is None
    assert month_sums(table(rows[:1])) is not None


def test_charges_of_many_days_are_one_row() -> None:
    """Charges that differ in their day alone are one row of their month."""
    rows = [charge(date(2026, 10, number), billed=Decimal(number)) for number in range(1, 32)]
    sums = month_sums(table([*rows, charge(DAYS[-1])]))
    assert sums is not None
    assert Counter((row["month"], row["days"], row["rows"]) for row in sums.to_pylist()) == Counter(
        {("2026-10", 2**32 - 2, 31): 1, ("2026-11", 2, 1): 1}
    )


def test_many_texts_are_told_apart() -> None:
    """More combinations of texts than one number can tell are told apart all the same."""
    names = ("workspace", "key", "actor", "product", "model", "kind", "tier", "context", "geo", "speed", "method")
    rows = [charge(DAYS[0], **dict.fromkeys(names, f"{number}")) for number in range(100)]
    sums = month_sums(table(rows))
    assert sums is not None
    assert in_order(sums) == in_order(expected(table(rows).to_pylist()))
