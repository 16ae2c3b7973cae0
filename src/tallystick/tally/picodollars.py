"""Picodollars: the same money as whole numbers, for arithmetic that may not round.

DECIMAL(28,12) and a whole number of picodollars are the same bits; only the type's scale differs.
"""

from __future__ import annotations

import pyarrow as pa

from tallystick.core.money import PLACES
from tallystick.store.columns import flat

WHOLE = pa.decimal128(38, 0)
_WHOLE_DOLLARS = pa.decimal128(28, 0)
UNITS_SQL = f"quantity::DECIMAL(26, 0) * 1e-{PLACES}::DECIMAL({PLACES}, {PLACES})"
"""Quantities as SQL has money: a unit as a picodollar, so that the parts of a split are whole units."""


def whole_picodollars(money: pa.ChunkedArray | pa.Array) -> pa.Array:
    """US dollars as whole picodollars; nulls stay null."""
    return _retyped(money, WHOLE)


def dollars(picodollars: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Whole picodollars as US dollars, DECIMAL(28,12); pa.ArrowInvalid where one does not fit."""
    return _retyped(picodollars.cast(_WHOLE_DOLLARS), pa.decimal128(28, PLACES))


def _retyped(values: pa.ChunkedArray | pa.Array, kind: pa.DataType) -> pa.Array:
    array = flat(values)
    return pa.Array.from_buffers(kind, len(array), array.buffers(), array.null_count, array.offset)
