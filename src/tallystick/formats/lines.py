"""Lines: record batches as lines of text, a column at a time: no Python value is made of a number or a day."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.money import PLACES


def cells(column: pa.Array, text: Callable[[str], str], null: str, around: str = "") -> pa.Array | str:
    """A column as text: digits of numbers, days and instants as the API writes them; a text that all rows have alone.

    Text goes through `text`, once for each distinct value. `null` stands for nulls, `around` both sides of money, days
    and instants.
    """
    if pa.types.is_string(column.type):
        dictionary_array = column.dictionary_encode()
        texts = [text(value) for value in dictionary_array.dictionary.to_pylist()]
        if len(texts) == 1 and not column.null_count:
            return texts[0]
        return pc.fill_null(pa.array(texts, pa.string()).take(dictionary_array.indices), null)
    if column.null_count == len(column):
        return null
    values = _values(column)
    if around and not pa.types.is_integer(column.type):
        values = pc.binary_join_element_wise(around, values, around, "")
    return pc.fill_null(values, null)


def _values(column: pa.Array) -> pa.Array:
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


def written(parts: list[pa.Array | str], rows: int) -> memoryview:
    """Columns and what stands between them, row after row, as one run of bytes; texts of every row are joined once."""
    joined: list[pa.Array | str] = []
    for is_text, several in groupby(parts, key=lambda part: isinstance(part, str)):
        run = [*several]
        joined += ["".join(run)] if is_text else run
    if len(joined) == 1:
        return memoryview("".join(joined).encode() * rows)
    lines = pc.binary_join_element_wise(*joined, "")
    _, offsets, data = lines.buffers()
    ends = memoryview(offsets).cast("i")
    return memoryview(data)[ends[lines.offset] : ends[lines.offset + len(lines)]]
