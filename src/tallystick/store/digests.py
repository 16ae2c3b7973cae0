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
_AT_ONCE = 16_384
"""Rows whose texts are hashes at once, so that these take little memory."""
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


def _hashed(duck: duckdb.DuckDBPyConnection, rows: pa.Table) -> pa.RecordBatchReader:
    """The rows with hashes in the place of texts, some at a time."""
    for index, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            rows = rows.set_column(index, field.name, rows[field.name].dictionary_encode())
    rows = rows.unify_dictionaries()
    lists = {field.name: rows[field.name].chunk(0).dictionary for field in rows.schema if _is_listed(field.type)}
    duck.register("texts", pa.table({"text": pa.chunked_array([*lists.values()], pa.string())}))
    text_hashes, hashes = duck.sql(_HASHES).to_arrow_table()["hash"].combine_chunks(), dict[str, pa.Array]()
    for name, texts in lists.items():
        hashes[name], text_hashes = text_hashes[: len(texts)], text_hashes[len(texts) :]

    def hashed(batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = zip(batch.schema.names, batch.columns, strict=True)
        hashes_by_name = {
            name: hashes[name].take(column.indices) if name in hashes else column for name, column in columns
        }
        return pa.record_batch(hashes_by_name)

    batches = rows.to_batches(max_chunksize=_AT_ONCE)
    return pa.RecordBatchReader.from_batches(hashed(batches[0].slice(0, 0)).schema, map(hashed, batches))


def _is_listed(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind))


def count_of(digest: str) -> int:
    """Return the number of rows that a digest is of; none of an empty one."""
    return int(digest.partition("-")[0] or 0)
