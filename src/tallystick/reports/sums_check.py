"""Sums check: whether the day sums are those of the charges, group by group."""

from __future__ import annotations

from tallystick.core.causes import EXCEPTIONAL
from tallystick.core.ledger_tables import CHARGES, DAY_SUMS, FIGURES
from tallystick.core.question import Cell
from tallystick.core.table import LedgerTable
from tallystick.store.engine import Engine

_DIMS = [column.name for column in DAY_SUMS.columns if column.name in {of.name for of in CHARGES.columns} - {*FIGURES}]
_BY = ", ".join((*_DIMS, *(f"{name} IS NULL" for name in FIGURES)))
_GROUPS = """
SELECT organization, day, count(*) AS groups, sum(hash({hashed})) AS digest
FROM (SELECT {dims}, {sums} FROM ledger.{table} GROUP BY {by}) GROUP BY ALL
"""


def _groups(table: LedgerTable, rows: str, exceptions: str) -> str:
    """The groups of each day, as many as there are and a digest of them."""
    sums = {**{name: f"sum({name})" for name in FIGURES}, "rows": rows, "exceptions": exceptions}
    return _GROUPS.format(
        hashed=", ".join((*_DIMS, *sums)),
        dims=", ".join(_DIMS),
        sums=", ".join(f"{sql}::DECIMAL(38, 12) AS {name}" for name, sql in sums.items()),
        table=table.name,
        by=_BY,
    )


_QUERY = f"""
SELECT organization, CAST(day AS VARCHAR) AS day, written.groups AS written, coalesce(made.groups, 0) AS made
FROM ({_groups(DAY_SUMS, "sum(rows)", "sum(exceptions)")}) AS written
LEFT JOIN ({_groups(CHARGES, "count(*)", f"count(*) FILTER ({EXCEPTIONAL})")}) AS made USING (organization, day)
WHERE written.digest IS DISTINCT FROM made.digest ORDER BY 1, 2
"""  # noqa: S608 - our own names


def other_day_sums(engine: Engine) -> list[tuple[Cell, ...]]:
    """The days whose sums are not those of their charges, as rows of `verify`; a day without sums is not compared."""
    if not engine.holds(DAY_SUMS):
        return []
    return [
        (row["organization"], row["day"], "day sums: other groups than the charges", row["made"], row["written"])
        for row in engine.rows(_QUERY)
    ]
