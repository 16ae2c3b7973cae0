"""Words: the texts of both halves as numbers in their order, which DuckDB plans, groups, joins and sorts the fastest.

An ENUM would be the same in the rows, but DuckDB compares its texts one by one wherever it plans a statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.store.columns import flat

NUMBER = pa.int32()
_QUOTED = re.compile(r"'([^']*)'")


class Words:
    """Every text of these tables and the constants; `texts` has them by their numbers."""

    def __init__(self, tables: Iterable[pa.Table], constants: Iterable[str]) -> None:
        texts = set(constants)
        for table in tables:
            for column in table.columns:
                if _is_text(column.type):
                    texts.update(pc.unique(column).to_pylist())
        self.texts = pa.array(sorted(texts), pa.string())
        self._numbers = {text: number for number, text in enumerate(self.texts.to_pylist())}

    def text(self, number: int) -> str:
        """The text of a number."""
        return str(self.texts[number])

    def numbers(self, texts: Iterable[str]) -> pa.Array:
        """The numbers of those of these texts that are among them."""
        return pa.array([self._numbers[text] for text in texts if text in self._numbers], NUMBER)

    def numbered(self, table: pa.Table) -> pa.Table:
        """The table with numbers in the place of texts."""
        columns = [self._numbered(column) if _is_text(column.type) else column for column in table.columns]
        return pa.table(columns, names=table.schema.names)

    def sql(self, statement: str) -> str:
        """The statement with numbers in the place of its quoted texts."""
        return _QUOTED.sub(lambda quoted: str(self._numbers[quoted[1]]), statement)

    def encoded(self, numbers: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
        """Numbers as the texts, each of which is in the list once; no others are."""
        own = flat(numbers).dictionary_encode()
        return pa.DictionaryArray.from_arrays(own.indices, self.texts.take(own.dictionary), safe=False)

    def _numbered(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        chunks = [
            pc.index_in(chunk.dictionary, self.texts).take(chunk.indices)
            if pa.types.is_dictionary(chunk.type)
            else pc.index_in(chunk, self.texts)
            for chunk in column.chunks
        ]
        return pa.chunked_array(chunks, NUMBER)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_dictionary(kind))
