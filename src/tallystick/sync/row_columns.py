"""Row columns: dimensions, counts and amounts of a page's rows as Arrow columns.

Texts are numbers into a list of the distinct ones, no text in it twice: sums by group compare the numbers alone.
A row is read by itself only where the column cannot be: so the fault in it is named.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from types import MappingProxyType
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.money import PLACES

Row = TypeVar("Row")

_CENTS, _DOLLARS = pa.decimal128(28, PLACES - 2), pa.decimal128(28, PLACES)
_WRITTEN = r"^-?[0-9]+(\.[0-9]+)?$"
"""What `core.money.from_cents` reads; RE2's `$` is the end of the text and of nothing else."""


def texts(
    rows: Sequence[Any], path: str, absent: str, names: Mapping[str | None, str] = MappingProxyType({})
) -> pa.DictionaryArray:
    """The texts at a path of attributes, or their `names`; `absent` where a row has none, or an empty one."""
    values = pa.array(map(attrgetter(path), rows), pa.string(), size=len(rows)).dictionary_encode("encode")
    words = (text or absent for text in values.dictionary.to_pylist())
    return encoded([names.get(text, text) for text in words]).take(values.indices)


def encoded(words: Sequence[str]) -> pa.DictionaryArray:
    """These texts."""
    return pa.array(words, pa.string()).dictionary_encode()


def constant(text: str, size: int) -> pa.DictionaryArray:
    """One text in so many rows."""
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), size), [text])


def dimensions(
    rows: Sequence[Row], keys: Iterable[Hashable], names: Iterable[str], dims: Callable[[Row], Mapping[str, str]]
) -> dict[str, pa.Array]:
    """Dimensions that are made of several fields; those of rows with one key are equal, and made once by `dims`."""
    row_keys = [*keys]
    samples = dict(zip(row_keys, rows, strict=True))
    positions = {key: position for position, key in enumerate(samples)}
    index = pa.array(map(positions.__getitem__, row_keys), pa.int32(), size=len(row_keys))
    distinct = [dims(row) for row in samples.values()]
    return {name: encoded([values[name] for values in distinct]).take(index) for name in names}


def counts(rows: Sequence[Any], path: str) -> pa.Array:
    """The counts at a path of attributes; null where a row has none."""
    return pa.array(map(attrgetter(path), rows), pa.int64(), size=len(rows))


def dollars(
    cents: Sequence[str | None], currencies: Iterable[str], one_by_one: Callable[[], Iterable[Decimal | None]]
) -> pa.Array:
    """Exact US dollars of decimal strings of cents, as `from_cents` reads them; null where there is none.

    `one_by_one` gives the same, or raises, where a string or a currency is not as usual.
    """
    if all(currency == "USD" for currency in {*currencies}):
        try:
            amounts = pa.array(cents, pa.string())
            if pc.all(pc.match_substring_regex(amounts, _WRITTEN)).as_py() is not False:
                exact = amounts.cast(_CENTS)  # raises for what is too long on either side of the point
                return pa.Array.from_buffers(_DOLLARS, len(exact), exact.buffers())  # the point two places to the left
        except (pa.ArrowException, UnicodeEncodeError):
            pass
    return pa.array([*one_by_one()], _DOLLARS)
