"""Day sums: the charges of a day summed over who used, for the questions that are by anything else.

Charges are summed where they agree in every other column and in which of their figures are null. So a sum stands for
its charges in whatever is summed of them and in whatever is asked of a figure being known.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.causes import REQUESTS_ONLY
from tallystick.core.ledger_tables import CHARGES, DAY_SUMS, FIGURES
from tallystick.store.columns import encoded, flat
from tallystick.store.session import scratch

_LARGE: Mapping[str, Any] = {name: 2**39 if name == "quantity" else Decimal(10**8) for name in FIGURES}
"""A charge of so much in one figure stays alone: of less, 16 million charges can be summed in the column's width."""
_SUMS = f"""
SELECT {{by}}, {", ".join(f"sum({name}) AS {name}" for name in FIGURES)}, count(*) AS rows
FROM charges_of_days GROUP BY {{by}}
"""  # noqa: S608 - our own names
"""DuckDB's sum: it takes as long as Arrow's, which keeps 20 MB of what it no longer needs."""


def day_sums(charges: pa.Table) -> pa.Table:
    """Sum charges, as rows of DAY_SUMS, in no order."""
    fits = encoded(DAY_SUMS)
    if not charges.num_rows:
        return fits.empty_table()
    rows = charges.select(encoded(CHARGES).names).cast(encoded(CHARGES)).unify_dictionaries().combine_chunks()
    words: dict[str, pa.Array] = {}
    columns: dict[str, pa.Array] = {}
    for name in fits.names:
        if name in rows.column_names and name not in FIGURES:
            column = flat(rows[name])
            is_text = pa.types.is_dictionary(column.type)
            words |= {name: column.dictionary} if is_text else {}
            columns[name] = column.indices if is_text else column
    partly = [name for name in FIGURES if 0 < rows[name].null_count < rows.num_rows]
    columns |= {f"no {name}": rows[name].is_null() for name in partly}
    if large := [name for name in FIGURES if any(abs(bound or 0) >= _LARGE[name] for bound in _bounds(rows[name]))]:
        alone = functools.reduce(pc.or_kleene, (pc.greater_equal(pc.abs(rows[name]), _LARGE[name]) for name in large))
        columns["number"] = pc.if_else(alone.fill_null(False), pa.array(range(rows.num_rows)), -1)
    with scratch(threads=1) as duck:
        duck.register("charges_of_days", pa.table({**columns, **{name: rows[name] for name in FIGURES}}))
        sums = duck.sql(_SUMS.format(by=", ".join(f'"{name}"' for name in columns))).to_arrow_table()
    summed = {name: flat(sums[name]) for name in columns if name in fits.names}
    summed |= {name: pa.DictionaryArray.from_arrays(summed[name], words[name]) for name in words}
    summed |= {name: sums[name] for name in (*FIGURES, "rows")}
    summed["exceptions"] = pc.if_else(_exceptional(summed), summed["rows"], 0)
    return pa.table({name: summed[name] for name in fits.names}).cast(fits)


def _bounds(figures: pa.ChunkedArray) -> Iterable[Any]:
    """The least and the most of figures; None where all are null."""
    bounds: dict[str, Any] = pc.min_max(figures).as_py()
    return bounds.values()


def _exceptional(charges: Mapping[str, Any]) -> pa.ChunkedArray:
    """What EXCEPTIONAL says of each row."""
    cause, tier = (charges[name].cast(pa.string()) for name in ("cause", "tier"))
    rateless = pc.and_(pc.is_null(charges["priced"]), pc.is_valid(charges["quantity"]))
    any_of_three = pc.or_(pc.or_(pc.not_equal(cause, "none"), pc.equal(tier, "priority")), rateless)
    return pc.and_(pc.not_equal(cause, REQUESTS_ONLY), any_of_three)
