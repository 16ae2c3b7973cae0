"""Session: a DuckDB without a file, to compute in. One for the process, for to start one costs more than most sums."""

from __future__ import annotations

from functools import cache

import duckdb


def scratch() -> duckdb.DuckDBPyConnection:
    """A connection that sees nothing of any other: what it registers and its TEMP tables go when it is closed."""
    return _started().cursor()


@cache
def _started() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()
