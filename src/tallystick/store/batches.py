"""Batches: the answer to a query as it comes, some rows at a time, and where it is larger than it may be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from tallystick.errors import InvalidQuestion
from tallystick.store.interrupt import interruptible

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 8_192
"""Rows of a batch of a user's own SQL."""
_ERRORS: dict[str, type[duckdb.Error]] = {
    "Out of Memory Error": duckdb.OutOfMemoryException,
    "IO Error": duckdb.IOException,
    "INTERNAL Error": duckdb.InternalException,
    "INTERRUPT Error": duckdb.InterruptException,
}
"""What DuckDB's errors begin with that are no fault of the query."""


class TooLarge(InvalidQuestion):
    """The answer has more rows or bytes than it may have."""

    def __init__(self, limit: str) -> None:
        super().__init__(
            f"The answer is larger than {limit}.",
            "Ask for fewer: group by less, fewer days, a filter, top. The command line has no limit.",
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """What one question may take: `memory` of its queries, as `2GB`; `rows` and `size`, in bytes, of an answer."""

    memory: str
    rows: int
    size: int

    def check(self, rows: int, size: int = 0) -> None:
        """Raise TooLarge where an answer is larger."""
        if rows > self.rows:
            raise TooLarge(f"{self.rows:,} rows")
        if size > self.size:
            raise TooLarge(f"{self.size >> 20} MB")

    def collect(self, duck: duckdb.DuckDBPyConnection, reader: pa.RecordBatchReader) -> pa.Table:
        """Return what is read; raise TooLarge as soon as it is more than may be."""
        import pyarrow as pa

        collected: list[pa.RecordBatch] = []
        rows = size = 0
        with reader:  # the connection takes no other query while it is open
            for batch in batches(duck, reader):
                rows, size = rows + batch.num_rows, size + batch.nbytes
                self.check(rows, size)
                collected.append(batch)
        return pa.Table.from_batches(collected, reader.schema)


def batches(duck: duckdb.DuckDBPyConnection, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Yield what is read of a query of that connection; raise the errors of DuckDB that it would raise read whole."""
    import pyarrow as pa

    try:
        while (batch := interruptible(duck, lambda: next(reader, None))) is not None:
            yield batch
    except (OSError, pa.ArrowException) as wrong:  # Arrow hands on the words of DuckDB's error alone
        kind = next((kind for words, kind in _ERRORS.items() if str(wrong).startswith(words)), duckdb.DataError)
        raise kind(str(wrong)) from None


def fetched(duck: duckdb.DuckDBPyConnection, limits: Limits | None) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The names of an answer's columns, and its rows; TooLarge where they are more than the limits."""
    names = [name for name, *_ in duck.description or ()]
    if limits is None:
        return names, duck.fetchall()
    rows = duck.fetchmany(limits.rows + 1)
    limits.check(len(rows))
    return names, rows
