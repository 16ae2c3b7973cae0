"""Month sums: the charges of a month summed over its days, for the questions that are by who used.

Charges are summed where they agree in every other column and in which of their figures are null, as in day sums. Where
charges of some days become others, the old ones are taken away and the new ones added: no other day is read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.ledger_tables import CHARGES, FIGURES, MONTH_SUMS
from tallystick.store.columns import encoded, flat
from tallystick.store.session import scratch

_TEXTS = [field.name for field in encoded(MONTH_SUMS) if pa.types.is_dictionary(field.type)]
_MOST: dict[str, Any] = {name: 2**63 if name == "quantity" else 10**16 for name in FIGURES}
"""What no figure of a row reaches: it is as wide as its column."""
_CODE = 2**62
"""The most rows that one code tells apart."""
_SUMS = f"""
SELECT min(place) AS place, {", ".join(f"sum({name}) AS {name}" for name in FIGURES)}, bit_or(days) AS days,
    sum(rows)::BIGINT AS rows
FROM parts GROUP BY {{by}} HAVING sum(rows) <> 0
"""  # noqa: S608 - our own names


def month_sums(
    charges: pa.Table, before: pa.Table | None = None, removed: pa.Table | None = None, days: Collection[date] = ()
) -> pa.Table | None:
    """Sum charges, as rows of MONTH_SUMS, in no order; None where a sum is too large for its column.

    With `before`, the sums so far of their months, these are what they become once `charges` stand in the place of
    those `removed`: all that the `days` had.
    """
    bits = pc.shift_left(pa.scalar(1, pa.int64()), pc.day(charges["day"]))
    sums = _summed([_part(charges, 1, bits)])
    if before is not None and _fits(sums):
        parts = [_part(before, before["rows"], _elsewhere(before, days)), _part(sums, sums["rows"], sums["days"])]
        sums = _summed(parts + ([_part(_negated(removed), -1, 0)] if removed is not None else []))
    if not _fits(sums):
        return None
    day = _newest(sums["month"], sums["days"])
    fits = encoded(MONTH_SUMS)
    return sums.append_column("day", day).select(fits.names).cast(fits)


def _fits(sums: pa.Table) -> bool:
    """Whether every figure fits its column."""
    bounds = ((name, bound) for name in FIGURES for bound in pc.min_max(sums[name]).as_py().values())
    return all(abs(bound or 0) < _MOST[name] for name, bound in bounds)


def _summed(parts: Sequence[pa.Table]) -> pa.Table:
    """Sum what is alike; a group that is left without a charge is gone."""
    rows = pa.concat_tables([part for part in parts if part.num_rows] or parts[:1])
    rows = rows.unify_dictionaries().combine_chunks()
    codes = {f"code_{index}": code for index, code in enumerate(_codes(rows))}
    numbers = {name: rows[name] for name in (*FIGURES, "days", "rows")}
    with scratch(threads=1) as duck:
        duck.register("parts", pa.table({**codes, **numbers, "place": _places(rows.num_rows)}))
        sums = duck.sql(_SUMS.format(by=", ".join(codes))).to_arrow_table()
    texts = rows.select(_TEXTS).take(sums["place"])
    return pa.table({**{name: texts[name] for name in _TEXTS}, **{name: sums[name] for name in numbers}})


def _part(rows: pa.Table, counts: Any, bits: Any) -> pa.Table:
    """Charges, or sums of them, with how many they count as and the bits of their days."""
    fits = encoded(CHARGES)
    names = [*_TEXTS, *FIGURES]
    part = rows.select(names).cast(pa.schema([fits.field(name) for name in names]))
    for name, numbers in (("days", bits), ("rows", counts)):
        column = pa.repeat(pa.scalar(numbers, pa.int64()), rows.num_rows) if isinstance(numbers, int) else numbers
        part = part.append_column(name, column)
    return part


def _negated(charges: pa.Table) -> pa.Table:
    """The charges with each figure below zero."""
    for name in FIGURES:
        charges = charges.set_column(charges.column_names.index(name), name, pc.negate(charges[name]))
    return charges


def _elsewhere(sums: pa.Table, days: Collection[date]) -> pa.ChunkedArray:
    """The bits of the days of sums but for some."""
    masks: dict[str, int] = {}
    for day in days:
        masks[f"{day:%Y-%m}"] = masks.get(f"{day:%Y-%m}", 0) | 1 << day.day
    return pc.bit_wise_and(sums["days"], _by_month(sums["month"], lambda month: ~masks.get(month, 0), pa.int64()))


def _newest(months: pa.ChunkedArray, days: pa.ChunkedArray) -> pa.ChunkedArray:
    """The newest day of each month of which the bit is set."""
    firsts = _by_month(months, lambda month: date.fromisoformat(f"{month}-01"), pa.date32()).cast(pa.int32())
    later = pc.subtract(pc.floor(pc.log2(days)), 1).cast(pa.int32())
    return pc.add(firsts, later).cast(pa.date32())


def _by_month(months: pa.ChunkedArray, value_of: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    """What each month has: there are few of them in many rows."""
    texts = flat(months.unify_dictionaries())
    return pa.array(map(value_of, texts.dictionary.to_pylist()), kind).take(texts.indices)


def _places(count: int) -> pa.Array:
    """The places of so many rows."""
    return pc.subtract(pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), count)), 1)


def _codes(rows: pa.Table) -> Iterable[pa.Array]:
    """Whole numbers that tell rows apart as their texts do, and which of their figures are null: few to group by."""
    parts = [(flat(rows[name]).indices, len(flat(rows[name]).dictionary)) for name in _TEXTS]
    parts += [(rows[name].is_null(), 2) for name in FIGURES if 0 < rows[name].null_count < rows.num_rows]
    code, size = pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows), 1
    for numbers, count in parts:
        if size * count > _CODE:
            yield code
            code, size = pc.multiply(code, 0), 1
        if count > 1:
            code, size = pc.add(pc.multiply(code, count), flat(numbers).cast(pa.int64())), size * count
    yield code
