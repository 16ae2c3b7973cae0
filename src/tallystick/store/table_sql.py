"""Table SQL: the query by which DuckDB reads a table of the ledger from its files."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tallystick.core.select import literal
from tallystick.core.table import ORGANIZATION, LedgerTable
from tallystick.store.views import SQL

_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""How Hive calls a folder of rows that have null there: what DuckDB reads in an organization of that id."""


def table_sql(table: LedgerTable, files: Sequence[str], organizations: Collection[str] | None = None) -> str:
    """Return the query of all rows of a table; one without files still has its columns.

    Delta gives all files of a table the same columns, so DuckDB opens the first alone to know them. Of
    `organizations`, ids, it has the rows alone; a table that does not tell whose its rows are has none then.
    """
    has_organization = any(column.name == ORGANIZATION.name for column in table.columns)
    if not files or (organizations is not None and not (has_organization and organizations)):
        nothing = ", ".join(f"NULL::{SQL[column.type]} AS {column.name}" for column in table.columns)
        return f"SELECT {nothing} WHERE false"
    listed = ", ".join(map(literal, files))
    named_so = table.partitions if _NULL_PARTITION in listed else ()  # the ledger has no null there
    columns = ", ".join(
        f"coalesce({column.name}, '{_NULL_PARTITION}') AS {column.name}" if column.name in named_so else column.name
        for column in table.columns
    )
    hive = "hive_partitioning = false"
    if table.partitions:
        types = ", ".join(f"'{name}': VARCHAR" for name in table.partitions)
        hive = f"hive_partitioning = true, hive_types = {{{types}}}"
    rows = f"SELECT {columns} FROM read_parquet([{listed}], {hive})"  # noqa: S608
    if organizations is None:
        return rows
    return f"SELECT * FROM ({rows}) WHERE organization IN ({', '.join(map(literal, sorted(organizations)))})"  # noqa: S608
