from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings, strategies as st

from support.charge_rows import DAY, PICO, PUBLIC, Row, cost_table, line, service, usage_table, use
from tallystick.core.records import COUNTERS
from tallystick.errors import LedgerError
from tallystick.tally.conservation import KIND_OF, conserve
from tallystick.tally.match import charges

NEXT = DAY + timedelta(days=1)
USED = [
    use("a", uncached_input=100, cache_write_5m=5, cache_write_1h=7, cache_read=11, output=50, web_searches=2),
    use("b", uncached_input=200, output=1),
    use("a", day=NEXT, uncached_input=3),
]
BILLED = [line("0.7"), line("0.1", kind="output"), service("0.02", "web_search"), line("0.3", day=NEXT)]
BILLS = {DAY: {"billed": Decimal("0.82")}, NEXT: {"billed": Decimal("0.3")}}


def totals(rows: list[Row]) -> dict[date, dict[str, int]]:
    """The counters of usage rows by day."""
    days = {row["day"] for row in rows}
    return {day: {name: sum(row[name] for row in rows if row["day"] == day) for name in COUNTERS} for day in days}


@cache
def made() -> pa.Table:
    """The charges of two days."""
    return charges(usage_table(USED), cost_table(BILLED), [DAY, NEXT], PUBLIC.listed, PUBLIC.in_force)


def leaking(index: int, column: str, by: Decimal | int) -> pa.Table:
    """The same charges, with one figure of one row another."""
    rows = made().to_pylist()
    rows[index][column] += by
    return pa.Table.from_pylist(rows, made().schema)


def test_what_adds_up_passes() -> None:
    """Charges that sum to bill and use of each day raise nothing."""
    conserve(made(), BILLS, totals(USED))


def test_one_picodollar_is_missed() -> None:
    """One picodollar too much or too little in any charge is refused, with the day and both amounts."""
    rows = made().to_pylist()
    for index, row in enumerate(rows):
        for by in (PICO, -PICO):
            if row["billed"] is None:
                continue
            with pytest.raises(LedgerError) as wrong:
                conserve(leaking(index, "billed", by), BILLS, totals(USED))
            assert str(row["day"]) in wrong.value.what
            assert f"{BILLS[row['day']]['billed'] + by:f}" in wrong.value.what
            assert f"{BILLS[row['day']]['billed']:f}".rstrip("0") in wrong.value.what
            assert "Nothing of it was committed" in wrong.value.what


def test_one_token_is_missed() -> None:
    """One token or search too many or too few of any kind is refused, with the day, the counter and both counts."""
    rows = made().to_pylist()
    counters = {kind: counter for counter, kind in KIND_OF.items() if counter in COUNTERS}
    assert {row["kind"] for row in rows if row["quantity"]} == set(counters)
    for index, row in enumerate(rows):
        if row["quantity"] is None:
            continue
        for by in (1, -1):
            counter = counters[row["kind"]]
            total = totals(USED)[row["day"]][counter]
            with pytest.raises(LedgerError) as wrong:
                conserve(leaking(index, "quantity", by), BILLS, totals(USED))
            assert str(row["day"]) in wrong.value.what
            assert counter in wrong.value.what
            assert f"{total + by:,} in charges against {total:,} used" in wrong.value.what


def test_money_moved_to_another_day_is_missed() -> None:
    """Charges that sum to the bill over all and not day by day are refused."""
    rows = made().to_pylist()
    first, last = (next(row for row in rows if row["day"] == day and row["billed"]) for day in (DAY, NEXT))
    first["billed"] += PICO
    last["billed"] -= PICO
    with pytest.raises(LedgerError, match=str(DAY)):
        conserve(pa.Table.from_pylist(rows, made().schema), BILLS, totals(USED))


def test_tokens_moved_to_another_kind_are_missed() -> None:
    """Charges that sum to all tokens and not kind by kind are refused."""
    rows = made().to_pylist()
    next(row for row in rows if row["kind"] == "cache_write_5m")["quantity"] += 1
    next(row for row in rows if row["kind"] == "cache_write_1h")["quantity"] -= 1
    with pytest.raises(LedgerError, match="cache_write_5m"):
        conserve(pa.Table.from_pylist(rows, made().schema), BILLS, totals(USED))


def test_a_lost_day_is_missed() -> None:
    """A day of which no charge is left is refused, for its bill or for its use alone."""
    remainder = made().filter(pc.equal(made()["day"], pa.scalar(DAY)))
    with pytest.raises(LedgerError, match=str(NEXT)):
        conserve(remainder, BILLS, {})
    with pytest.raises(LedgerError, match=str(NEXT)):
        conserve(remainder, {DAY: BILLS[DAY]}, totals(USED))


def test_money_on_a_day_without_a_bill_is_missed() -> None:
    """A charge with an amount on a day whose bill was not read is refused."""
    with pytest.raises(LedgerError, match=str(NEXT)):
        conserve(made(), {DAY: BILLS[DAY]}, totals(USED))


def test_a_day_with_neither_half_is_not_looked_at() -> None:
    """An empty day passes, billed zero or not at all."""
    conserve(
        charges(usage_table([]), cost_table([]), [], PUBLIC.listed, PUBLIC.in_force), {DAY: {"billed": Decimal(0)}}, {}
    )


@pytest.mark.long
@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 10**15), st.integers(-(10**27), 10**27)), min_size=1, max_size=5),
    st.integers(0, 4),
    st.sampled_from((PICO, -PICO)),
)
def test_a_leak_is_found_beside_any_sums(drawn: list[tuple[int, int]], index: int, by: Decimal) -> None:
    """A picodollar is missed beside any amounts, of 16 digits before the point too; without it, all passes."""
    used = [use(f"key_{number}", uncached_input=count) for number, (count, _) in enumerate(drawn)]
    lines = [
        line(Decimal(amount).scaleb(-12), description=f"{number}", kind=("uncached_input", "output")[number % 2])
        for number, (_, amount) in enumerate(drawn)
    ]
    bills = {DAY: {"billed": Decimal(sum(amount for _, amount in drawn)).scaleb(-12)}}
    table = charges(usage_table(used), cost_table(lines), [DAY], PUBLIC.listed, PUBLIC.in_force)
    conserve(table, bills, totals(used))
    rows = [row for row in table.to_pylist() if row["billed"] is not None]
    rows[index % len(rows)]["billed"] += by
    with pytest.raises(LedgerError, match=str(DAY)):
        conserve(pa.Table.from_pylist(rows, table.schema), bills, {})


def test_a_lost_discount_is_missed() -> None:
    """Where the API says what it lists at, discounts of charges are the difference to the bill, to the picodollar."""
    rows = made().to_pylist()
    next(row for row in rows if row["day"] == DAY and row["billed"])["discount"] = Decimal("0.18")
    discounted = pa.Table.from_pylist(rows, made().schema)
    listed = {DAY: BILLS[DAY] | {"list": Decimal(1)}}
    conserve(discounted, listed, {})
    conserve(made(), {DAY: BILLS[DAY] | {"list": Decimal("0.82")}}, {})
    with pytest.raises(LedgerError, match=r"discounts of 0\.00 USD in charges against 0\.18 USD"):
        conserve(made(), listed, {})
    with pytest.raises(LedgerError, match=r"0\.180000000001 USD"):
        conserve(discounted, {DAY: listed[DAY] | {"list": 1 + PICO}}, {})


def test_what_is_billed_without_use_has_no_quantity() -> None:
    """A kind of which all charges have no quantity was used nought times; any other total of it is refused."""
    unused = [use("a", uncached_input=100)]
    billed = charges(usage_table(unused), cost_table(BILLED[:3]), [DAY], PUBLIC.listed, PUBLIC.in_force)
    assert None in [row["quantity"] for row in billed.to_pylist() if row["kind"] == "web_search"]
    conserve(billed, {DAY: BILLS[DAY]}, totals(unused))
    with pytest.raises(LedgerError, match="web_searches of 0 in charges against 1 used"):
        conserve(billed, {DAY: BILLS[DAY]}, {DAY: {"web_searches": 1}})
