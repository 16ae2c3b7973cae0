"""Digests: what tells the rows of one day from others, whatever their order."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa

from tallystick.store.session import scratch

_DIGESTS = """
SELECT day, count(*) || '-' || printf('%x', (sum(hash({columns})) % 18446744073709551616)::UBIGINT) AS digest
FROM rows_of_days GROUP BY day
"""
_HASHES = "SELECT hash(text) AS hash FROM texts"


def digests(rows: pa.Table) -> dict[date, str]:
    """Return the digest of the rows of each day that has any: their number, and the sum of their hashes.

    A text counts by its hash, which is made once for all rows. The hashes are DuckDB's: another release of it may make
    others, and a day then only looks changed.
    """
    if not rows.num_rows:
        return {}
    with scratch(threads=1) as duck:
        duck.register("rows_of_days", _hashed(duck, rows))
        return dict(duck.execute(_DIGESTS.format(columns=", ".join(sorted(rows.schema.names)))).fetchall())


def _hashed(duck: duckdb.DuckDBPyConnection, rows: pa.Table) -> pa.Table:
    """The rows with hashes in the place of texts."""
    for index, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            rows = rows.set_column(index, field.name, rows[field.name].dictionary_encode())
    names = [field.name for field in rows.schema if pa.types.is_dictionary(field.type)]
    lists = [chunk.dictionary for name in names for chunk in rows[name].chunks]
    duck.register("texts", pa.table({"text": pa.chunked_array(lists, pa.string())}))
    hashes, start = duck.sql(_HASHES).to_arrow_table()["hash"].combine_chunks(), 0
    for name in names:
        taken = []
        for chunk in rows[name].chunks:
            taken.append(hashes.slice(start, len(chunk.dictionary)).take(chunk.indices))
            start += len(chunk.dictionary)
        column = pa.chunked_array(taken, hashes.type)
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows


def count_of(digest: str) -> int:
    """Return the number of rows that a digest is of; none of an empty one."""
    return int(digest.partition("-")[0] or 0)
