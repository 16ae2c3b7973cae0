from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tallystick.errors import LedgerError
from tallystick.store.exact_answer import exact


def answer_of(value: Any, kind: pa.DataType) -> pa.Table:
    """An answer of one cell."""
    return pa.table({"a": pa.array([value], kind)})


@pytest.mark.parametrize(
    ("answer", "wanted", "cell"),
    [
        (answer_of(Decimal("12.000000000000"), pa.decimal128(38, 12)), "BIGINT", 12),
        (answer_of(Decimal("12.000000000000"), pa.decimal128(38, 12)), "HUGEINT", Decimal(12)),
        (answer_of(7, pa.int32()), "BIGINT", 7),
        (answer_of(7, pa.int64()), "HUGEINT", Decimal(7)),
        (answer_of(Decimal("0.000000000001"), pa.decimal128(38, 12)), "DECIMAL(28,12)", Decimal("0.000000000001")),
        (answer_of(None, pa.null()), "VARCHAR", None),
        (answer_of("x", pa.large_string()), "VARCHAR", "x"),
    ],
)
def test_an_answer_gets_the_types_of_duckdb(answer: pa.Table, wanted: str, cell: Any) -> None:
    """A cell keeps its value, in the name and type that DuckDB has."""
    assert exact(answer, [("b", wanted)]).to_pylist() == [{"b": cell}]


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (answer_of(1.5, pa.float64()), "DECIMAL(28,12)"),
        (answer_of(Decimal("1.50000000000"), pa.decimal128(38, 11)), "DECIMAL(38,12)"),
        (answer_of(Decimal("1.5"), pa.decimal128(38, 1)), "BIGINT"),
        (answer_of(Decimal(2**63), pa.decimal128(38, 0)), "BIGINT"),
        (answer_of(Decimal("1.5"), pa.decimal128(38, 1)), "VARCHAR"),
        (answer_of("1", pa.string()), "BIGINT"),
        (answer_of(0, pa.timestamp("us")), "TIMESTAMP WITH TIME ZONE"),
    ],
)
def test_what_can_have_lost_a_digit_is_refused(answer: pa.Table, wanted: str) -> None:
    """Floats, fewer places, rests and other kinds of value are LedgerError, never a figure."""
    with pytest.raises(LedgerError):
        exact(answer, [("a", wanted)])
