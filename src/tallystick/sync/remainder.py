"""Remainders: what no filter can name is the answer with fewer filters less those with more, group by group.

An amount of a remainder can be below zero: a refund or a credit that no filter names. A count cannot; where it is, the
answers are of different moments. That requests add up over groups is nowhere said: fewer than none are unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.records import COUNTERS, REQUESTS
from tallystick.store.columns import flat

Filters = frozenset[tuple[str, str]]
"""The filters of a query of the cube."""
_QUERY = "query"
"""The column of a query's number, so that rows of two queries are never one."""


def remainders(
    answers: Mapping[Filters, Sequence[pa.Table]],
    fixed: Mapping[Filters, Mapping[str, str]],
    measures: Sequence[str],
    under: Callable[[pa.Table, Mapping[str, str]], pa.Table],
) -> pa.Table:
    """The rows of every query, one for each group, each without what queries with more filters hold of it.

    `fixed` is what each query holds fixed besides; `measures` are the figures of a row, all other columns its group.
    `under` gives rows under what another query held fixed.
    """
    rests: dict[Filters, pa.Table] = {}
    for filters in sorted(answers, key=lambda names: (-len(names), sorted(names))):
        rows = pa.concat_tables(answers[filters])
        for finer, rest in rests.items():
            if filters < finer:
                rows = pa.concat_tables([rows, _negated(under(rest, fixed[filters]), measures)])
        is_subtracted = any(names < filters for names in answers)
        rests[filters] = _summed(rows, measures) if is_subtracted else rows
    queries = (
        rows.append_column(_QUERY, pa.repeat(pa.scalar(number, pa.int32()), rows.num_rows))
        for number, rows in enumerate(rests.values())
    )
    return _summed(pa.concat_tables(queries), measures).drop_columns(_QUERY)  # in one go: most cost of a sum is fixed


def judged(rows: pa.Table) -> tuple[pa.Table, set[date]]:
    """The rows that can be, and the days of those that cannot: a counter below zero."""
    counters = [name for name in COUNTERS if name in rows.schema.names]
    below = _any(rows, counters, pc.less)
    if REQUESTS in rows.schema.names:
        requests = pc.if_else(pc.less(rows[REQUESTS], 0), pa.scalar(None, pa.int64()), rows[REQUESTS])
        rows = rows.set_column(rows.schema.get_field_index(REQUESTS), rows.schema.field(REQUESTS), requests)
    return rows.filter(pc.invert(below)), set(rows.filter(below)["day"].to_pylist())


def _negated(rows: pa.Table, measures: Sequence[str]) -> pa.Table:
    """The rows with their figures negated."""
    for name in measures:
        rows = rows.set_column(rows.schema.get_field_index(name), rows.field(name), pc.negate(rows[name]))
    return rows


def _summed(rows: pa.Table, measures: Sequence[str]) -> pa.Table:
    """One row a group, none of nothing: several actors without a name come each in its own (analytics-api 1.5)."""
    rows = rows.unify_dictionaries().combine_chunks()
    by = [name for name in rows.schema.names if name not in measures]
    if not _is_distinct(rows.select(by)):
        known = pc.ScalarAggregateOptions(skip_nulls=False)
        summed = rows.group_by(by, use_threads=False).aggregate([(name, "sum", known) for name in measures])
        summed = summed.rename_columns([name.removesuffix("_sum") for name in summed.schema.names])
        rows = summed.select(rows.schema.names).cast(rows.schema)
    return rows.filter(_any(rows, measures, pc.not_equal))


def _is_distinct(groups: pa.Table) -> bool:
    """Whether no two rows are alike, by a number of each that alike rows share; far cheaper than their sums."""
    numbers = pa.repeat(pa.scalar(0, pa.int64()), groups.num_rows)
    for column in groups.columns:
        codes = flat(column).dictionary_encode()
        numbers = pc.add(pc.multiply(numbers, len(codes.dictionary)), codes.indices)
    return bool(pc.count_distinct(numbers).as_py() == groups.num_rows)


def _any(
    rows: pa.Table, measures: Sequence[str], compare: Callable[[pa.ChunkedArray, Any], pa.ChunkedArray]
) -> pa.ChunkedArray:
    """Which rows have a figure that compares so with zero; one that is not known does not."""
    result = pa.chunked_array([pa.repeat(False, rows.num_rows)])
    for name in measures:
        kind = rows.schema.field(name).type
        zero = pa.scalar(Decimal(0) if pa.types.is_decimal(kind) else 0, kind)
        result = pc.or_(result, pc.fill_null(compare(rows[name], zero), False))
    return result
