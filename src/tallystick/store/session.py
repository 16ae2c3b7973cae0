"""Session: a DuckDB without a file, to compute in. One for the process, for to start one costs more than most sums."""

from __future__ import annotations

from functools import cache

import duckdb


def scratch(*, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection that sees nothing of any other: what it registers and its TEMP tables go when it is closed.

    `threads` is how many compute, all processors by default; for some thousand rows one costs less than to share them.
    """
    return _started(threads).cursor()


@cache
def _started(threads: int | None) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": threads} if threads else {})
