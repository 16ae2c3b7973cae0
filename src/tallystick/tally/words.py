"""Words: the texts of both halves as one ENUM in DuckDB, which groups, joins and sorts as numbers do.

The numbers are in the order of the texts.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa
import pyarrow.compute as pc


def enum(duck: duckdb.DuckDBPyConnection, tables: Iterable[pa.Table], constants: Iterable[str]) -> pa.Array:
    """Make the type `word` of every text in these tables and the constants; return the texts in their order."""
    texts = set(constants)
    for table in tables:
        for column in table.columns:
            if pa.types.is_string(column.type) or pa.types.is_dictionary(column.type):
                texts.update(pc.unique(column).to_pylist())
    words = pa.array(sorted(texts - {None}), pa.string())
    duck.register("word_list", pa.table({"word": words}))
    duck.execute("CREATE TEMP TYPE word AS ENUM (SELECT word FROM word_list)")
    return words
