from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings, strategies as st

from support.charge_rows import PICO
from support.written_ledger import charge
from tallystick.core.causes import NOT_BILLED_YET, REQUESTS_ONLY
from tallystick.core.ledger_tables import CHARGES, DAY_SUMS, FIGURES
from tallystick.errors import LedgerError
from tallystick.store.columns import schema
from tallystick.tally.conservation import conserve_sums
from tallystick.tally.day_sums import day_sums

Row = dict[str, Any]
DAYS = [date(2026, 10, 31), date(2026, 11, 1)]
DIMS = [column.name for column in CHARGES.columns if column.name in {of.name for of in DAY_SUMS.columns} - {*FIGURES}]


def table(rows: Sequence[Row]) -> pa.Table:
    """Charges as the ledger has them."""
    return pa.Table.from_pylist(list(rows), schema(CHARGES))


def group_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What the charges of one sum agree in."""
    return (*(row[name] for name in DIMS), *(row[name] is None for name in FIGURES))


def added(rows: Sequence[Mapping[str, Any]], name: str) -> Any:
    """A figure of all rows; None where no row knows it."""
    known = [row[name] for row in rows if row[name] is not None]
    return sum(known[1:], known[0]) if known else None


amounts = st.none() | st.decimals(-2, 2, places=12) | st.sampled_from([Decimal(9999999999999999), Decimal(-(10**9))])
counts = st.none() | st.integers(0, 9) | st.sampled_from([2**39 - 1, 2**39, 2**62, 2**63 - 1])
charges = st.builds(
    lambda day, fields: {**charge(day), **fields},
    st.sampled_from(DAYS),
    st.fixed_dictionaries(
        {
            "key": st.sampled_from("abc"),
            "actor": st.sampled_from("ab"),
            "kind": st.sampled_from(["output", "requests"]),
            "tier": st.sampled_from(["standard", "priority"]),
            "cause": st.sampled_from(["none", NOT_BILLED_YET, REQUESTS_ONLY]),
            "quantity": counts,
            **dict.fromkeys(FIGURES[1:], amounts),
        }
    ),
)


@settings(max_examples=150)
@given(st.lists(charges, max_size=30))
def test_sums_are_those_of_their_charges(rows: list[Row]) -> None:
    """Whatever charges are, each figure of each group is summed exactly, and every charge is counted once."""
    sums = day_sums(table(rows))
    conserve_sums(table(rows), sums)
    assert sums.schema.names == [column.name for column in DAY_SUMS.columns]
    expected, made = defaultdict(list), defaultdict(list)
    for row in rows:
        expected[group_of(row)].append(row)
    for row in sums.to_pylist():
        made[group_of(row)].append(row)
    assert made.keys() == expected.keys()
    for group, group_rows in expected.items():
        assert [added(made[group], name) for name in FIGURES] == [added(group_rows, name) for name in FIGURES]
        assert sum(row["rows"] for row in made[group]) == len(group_rows)


def test_charges_of_many_users_are_one_row() -> None:
    """Charges that differ in key and actor alone are one row, which says how many they are."""
    known = {"priced": Decimal(1), "billed": Decimal(2)}
    rows = [charge(DAYS[0], key=f"k{number}", actor=f"a{number % 7}", **known) for number in range(50)]
    [row] = day_sums(table(rows)).to_pylist()
    assert (row["rows"], row["quantity"], row["billed"], row["exceptions"]) == (50, 350, Decimal(100), 0)


def test_what_is_unknown_stays_apart() -> None:
    """A charge that is not billed and one that is are two rows: a sum tells what is unknown as its charges do."""
    rows = [charge(DAYS[0], key="a", billed=Decimal(1)), charge(DAYS[0], key="b", cause=NOT_BILLED_YET)]
    rows.append(charge(DAYS[0], key="c"))
    sums = day_sums(table(rows)).to_pylist()
    assert Counter((row["billed"], row["cause"], row["rows"]) for row in sums) == Counter(
        {(Decimal(1), "none", 1): 1, (None, NOT_BILLED_YET, 1): 1, (None, "none", 1): 1}
    )


def test_huge_counts_neither_wrap_nor_stop() -> None:
    """Counts whose sum is beyond 64 bits, and amounts whose sum is beyond the places of money, keep their own rows."""
    rows = [charge(DAYS[0], key=f"k{number}", quantity=2**62, billed=Decimal(10**16 - 1)) for number in range(4)]
    rows += [charge(DAYS[0], key=f"l{number}", quantity=1, billed=Decimal(1)) for number in range(4)]
    sums = day_sums(table(rows))
    conserve_sums(table(rows), sums)
    assert sorted((row["quantity"], row["rows"]) for row in sums.to_pylist()) == [(4, 4), *[(2**62, 1)] * 4]


@pytest.mark.parametrize(
    ("name", "limit", "step"), [("quantity", 2**39, 1), *((name, Decimal(10**8), PICO) for name in FIGURES[1:])]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_large_charges_alone_stay_apart(name: str, limit: Any, step: Any, sign: int) -> None:
    """Charges at the limit of a figure keep a row each, those just below it share one, and so do those without it."""
    for figure, rows in ((limit, 4), (limit - step, 2)):
        figures = [figure * sign] * 3 + [None] * 3
        sums = day_sums(table([charge(DAYS[0], key=f"k{n}", **{name: cell}) for n, cell in enumerate(figures)]))
        assert sums.num_rows == rows


def test_exceptions_are_counted() -> None:
    """Charges with a cause, in priority tier or without a known price are exceptions; counts of requests are none."""
    known = {"priced": Decimal(1), "billed": Decimal(1)}
    rows = [
        charge(DAYS[0], **known),
        charge(DAYS[0], **known, tier="priority"),
        charge(DAYS[0], billed=Decimal(1)),
        charge(DAYS[0], billed=Decimal(1), quantity=None),
        charge(DAYS[0], **known, cause=NOT_BILLED_YET),
        charge(DAYS[0], kind="requests", cause=REQUESTS_ONLY),
    ]
    assert [day_sums(table([row])).to_pylist()[0]["exceptions"] for row in rows] == [0, 1, 1, 0, 1, 0]


_MADE = [
    charge(DAYS[0], key="a", billed=Decimal(1), list=Decimal(2), priced=Decimal(3), priced_high=Decimal(4)),
    charge(DAYS[0], key="b", billed=Decimal(1), discount=Decimal(1)),
    charge(DAYS[1], key="c", quantity=None),
]


@pytest.mark.parametrize("name", [*FIGURES, "rows"])
def test_sums_that_are_not_those_of_the_charges_are_refused(name: str) -> None:
    """One more or less of any figure, or one that is unknown and was known, is refused with its day."""
    sums = day_sums(table(_MADE))
    step = 1 if name in {"quantity", "rows"} else PICO
    for index, row in enumerate(sums.to_pylist()):
        for other in (None, *(row[name] + by for by in (step, -step) if row[name] is not None)):
            if row[name] != other and not (name == "rows" and other is None):
                rows = sums.to_pylist()
                rows[index][name] = other
                with pytest.raises(LedgerError, match=str(row["day"])):
                    conserve_sums(table(_MADE), pa.Table.from_pylist(rows, sums.schema))


def test_a_day_without_its_sums_is_refused() -> None:
    """Sums that lack a day of the charges are refused, and so are sums of a day without charges."""
    sums = day_sums(table(_MADE))
    first = pc.equal(sums["day"], pa.scalar(DAYS[0]))
    with pytest.raises(LedgerError, match=str(DAYS[1])):
        conserve_sums(table(_MADE), sums.filter(first))
    with pytest.raises(LedgerError, match=str(DAYS[1])):
        conserve_sums(table(_MADE[:2]), sums)
