"""Lines: record batches as lines of text, a column at a time: no Python value is made of a number or a day."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.money import PLACES


def cells(column: pa.Array, text: Callable[[str], str]) -> pa.Array:
    """A column as text: digits of numbers, days and instants as the API writes them; nulls stay.

    Text goes through `text`, once for each distinct value.
    """
    if pa.types.is_string(column.type):
        dictionary_array = column.dictionary_encode()
        return pa.array([text(value) for value in dictionary_array.dictionary.to_pylist()], pa.string()).take(
            dictionary_array.indices
        )
    if pa.types.is_decimal(column.type):
        return digits(column)
    written = column.cast(pa.string())
    return pc.replace_substring(written, " ", "T") if pa.types.is_timestamp(column.type) else written


def digits(money: pa.Array) -> pa.Array:
    """Decimals of 12 places in digits, as `core.money.plain` has them; nulls stay."""
    picodollars = pa.Array.from_buffers(
        pa.decimal128(38, 0), len(money), money.buffers(), money.null_count, money.offset
    )
    padded = pc.utf8_lpad(pc.abs(picodollars).cast(pa.string()), PLACES + 1, "0")
    fraction = pc.utf8_rpad(pc.utf8_rtrim(pc.utf8_slice_codeunits(padded, -PLACES), "0"), 2, "0")
    sign = pc.if_else(pc.less(picodollars, pa.scalar(0, picodollars.type)), "-", "")
    return pc.binary_join_element_wise(sign, pc.utf8_slice_codeunits(padded, 0, -PLACES), ".", fraction, "")


def written(parts: list[pa.Array | str]) -> memoryview:
    """Columns and what stands between them, row after row, as one run of bytes."""
    rows = pc.binary_join_element_wise(*parts, "")
    _, offsets, data = rows.buffers()
    ends = memoryview(offsets).cast("i")
    return memoryview(data)[ends[rows.offset] : ends[rows.offset + len(rows)]]
