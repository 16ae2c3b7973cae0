"""Dialects: how other engines read a Delta table as a version of the ledger pins it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tallystick.core.select import literal
from tallystick.core.table import LedgerTable, Type
from tallystick.store.views import SQL


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an engine makes a view, reads a Delta table of a version, and names the types of a table without rows.

    `pinned` has fields for the table's path, its name and its Delta version; without it the engine is given files.
    """

    create: str
    types: Mapping[Type, str]
    pinned: str = ""
    settings: str = ""
    reads_buckets: bool = True

    def rows(self, table: LedgerTable, path: str, version: int) -> str:
        """Return the query of all rows of a table as it was at a Delta version; 0 has no rows, only columns."""
        if not version:
            nothing = ", ".join(f"CAST(NULL AS {self.types[column.type]}) AS {column.name}" for column in table.columns)
            return f"SELECT {nothing} WHERE 1 = 0"
        quoted = "`" + path.replace("`", "``") + "`"
        return self.pinned.format(text=literal(path), quoted=quoted, version=version)


DUCKDB = Dialect("CREATE OR REPLACE VIEW", SQL)
CLICKHOUSE = Dialect(
    "CREATE OR REPLACE VIEW",
    {
        Type.TEXT: "Nullable(String)",
        Type.COUNT: "Nullable(Int64)",
        Type.DAY: "Nullable(Date32)",
        Type.INSTANT: "Nullable(DateTime64(6, 'UTC'))",
        Type.MONEY: "Nullable(Decimal(28, 12))",
    },
    "SELECT * FROM deltaLakeLocal({text}) SETTINGS delta_lake_snapshot_version = {version}",
    " SETTINGS join_use_nulls = 1",  # else a missing name is an empty text
    reads_buckets=False,
)
SPARK = Dialect(
    "CREATE OR REPLACE TEMPORARY VIEW",
    {**SQL, Type.TEXT: "STRING", Type.INSTANT: "TIMESTAMP"},
    "SELECT * FROM delta.{quoted} VERSION AS OF {version}",
)
"""Spark's, which Sail and Databricks take."""
