"""Words: the texts of both halves as one ENUM in DuckDB, which groups, joins and sorts as numbers do.

The numbers are in the order of the texts. Rows leave as numbers into one list of texts that all columns share.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

INDEX = pa.int32()


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


def sharing(column: pa.ChunkedArray, words: pa.Array) -> pa.ChunkedArray:
    """A column of type `word` as numbers into these texts, not a list of its own."""
    chunks = [pa.DictionaryArray.from_arrays(chunk.indices.cast(INDEX), words) for chunk in column.chunks]
    return pa.chunked_array(chunks, pa.dictionary(INDEX, words.type))
