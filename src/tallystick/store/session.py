"""Session: a DuckDB without a file, to compute in. What does not fit into memory goes to a folder of the user's own."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping, Sequence
from functools import cache
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import duckdb


def scratch(*, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection that sees nothing of any other: what it registers and its TEMP tables go when it is closed.

    There is one DuckDB for the process, for to start one costs more than most sums. `threads` is how many compute, all
    processors by default; for some thousand rows one costs less than to share them.
    """
    return _started(threads).cursor()


def database(threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own, which gives back what a query took at its end, not only half a gigabyte and more."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": _overflow_folder(os.getpid()),
        "allocator_bulk_deallocation_flush_threshold": "16MB",
    }
    if threads:
        config["threads"] = threads
    return duckdb.connect(config=config)


def rows(duck: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The rows of a query, a dictionary each, without Arrow."""
    answer = duck.execute(query)
    names = [name for name, *_ in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def temp_table(
    duck: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str], cells: Sequence[Sequence[Any]]
) -> None:
    """Make a TEMP table of rows of cells, without Arrow; `columns` are the SQL types by name."""
    lists = [list(column) for column in zip(*cells, strict=True)] or [[] for _ in columns]
    listed = (f"unnest(${index}::{kind}[]) AS {column}" for index, (column, kind) in enumerate(columns.items(), 1))
    duck.execute(f"CREATE TEMP TABLE {name} AS SELECT {', '.join(listed)}", lists)


@cache
def _started(threads: int | None) -> duckdb.DuckDBPyConnection:
    return database(threads)


@cache
def _overflow_folder(_process: int) -> str:
    """The process's own folder, readable by its user alone; empty, which is none, where there is no place for it.

    DuckDB's default is `.tmp` in the working directory, where charges would lie about.
    """
    try:
        folder = mkdtemp(prefix="tallystick-")
    except OSError:
        return ""
    atexit.register(rmtree, folder, ignore_errors=True)
    return folder
