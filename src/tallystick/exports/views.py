"""Views: the SQL by which another engine reads one version of the ledger where it lies, as `tallystick sql` does."""

from __future__ import annotations

import re

from tallystick.core.ledger_tables import PINNED
from tallystick.core.report_tables import USAGE_HOUR
from tallystick.core.table import LedgerTable
from tallystick.errors import InvalidQuestion
from tallystick.store.dialects import CLICKHOUSE, DUCKDB, SPARK, Dialect
from tallystick.store.engine import Engine
from tallystick.store.table_sql import table_sql
from tallystick.store.views import VIEWS

_TABLE = re.compile(r"\bledger\.(?=[a-z])")
_SHARED = {table.name: table for table in PINNED if table is not USAGE_HOUR}
"""The tables whose views are in SQL that every engine takes; hours are added to days in DuckDB's own."""
SHARED_VIEWS = tuple(view for view in VIEWS if view.name in _SHARED)
"""The views that other engines get. `owned` is made by the rules, `used` and `bill` in SQL of DuckDB's own."""


DIALECTS = {"duckdb": DUCKDB, "clickhouse": CLICKHOUSE, "spark": SPARK}
"""The engines by the word that a user types; Sail and Databricks take Spark's."""


def script(engine: Engine, name: str) -> str:
    """Return statements that make the views of the engine's version, each ended by a semicolon and a line break.

    Each table is a view too, `ledger_charges` that of charges. InvalidQuestion where the engine is not known.
    """
    if name not in DIALECTS:
        raise InvalidQuestion(f"There are no views for the engine {name!r}.", f"Engines: {', '.join(DIALECTS)}.")
    dialect = DIALECTS[name]
    if engine.tables.remote and not dialect.reads_buckets:
        raise InvalidQuestion(
            f"The views for {name} are of tables in a folder, and {engine.tables.name} is a bucket.",
            "Copy the ledger into a folder: tallystick copy FROM TO.",
        )
    statements = [
        f"{dialect.create} ledger_{table.name} AS {_rows(engine, table, dialect)}" for table in _SHARED.values()
    ] + [
        f"{dialect.create} {view.name} AS {_TABLE.sub('ledger_', view.sql)}{dialect.settings}" for view in SHARED_VIEWS
    ]
    return "".join(f"{statement};\n" for statement in statements)


def _rows(engine: Engine, table: LedgerTable, dialect: Dialect) -> str:
    """The query of all rows of a table as the version pins it; one without any still has its columns."""
    tables = engine.tables
    if not dialect.pinned:
        return table_sql(table, [tables.address(file) for file in tables.listed(table, engine.version)])
    return dialect.rows(table, tables.address(tables.folder(table)), engine.version.tables.get(table.name, 0))
