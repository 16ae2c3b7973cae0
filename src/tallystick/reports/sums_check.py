"""Sums check: whether the sums of days and of months are those of the charges, group by group."""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.core.causes import EXCEPTIONAL
from tallystick.core.ledger_tables import CHARGES, DAY_SUMS, FIGURES, MONTH_SUMS
from tallystick.core.question import Cell
from tallystick.core.table import LedgerTable
from tallystick.store.engine import Engine

_CHARGES = {column.name for column in CHARGES.columns} - {*FIGURES}
_GROUPS = """
SELECT organization, {when}, count(*) AS groups, sum(hash({hashed})) AS digest
FROM (SELECT {dims}, {sums} FROM ledger.{table} GROUP BY {by}) GROUP BY ALL
"""
_QUERY = """
SELECT organization, CAST({when} AS VARCHAR) AS day, written.groups AS written, coalesce(made.groups, 0) AS made
FROM ({of_sums}) AS written LEFT JOIN ({of_charges}) AS made USING (organization, {when})
WHERE written.digest IS DISTINCT FROM made.digest ORDER BY 1, 2
"""
_MORE = {
    DAY_SUMS: {
        "rows": ("sum(rows)", "count(*)"),
        "exceptions": ("sum(exceptions)", f"count(*) FILTER ({EXCEPTIONAL})"),
    },
    MONTH_SUMS: {
        "rows": ("sum(rows)", "count(*)"),
        "days": ("bit_or(days)", "bit_or(1::BIGINT << day(day)::INT)"),
        "newest": ("max(day) - DATE '1970-01-01'", "max(day) - DATE '1970-01-01'"),
    },
}
"""What sums have beside the figures, as SQL of them and of the charges."""


def _query(sums: LedgerTable, when: str) -> str:
    """The query of the days or months whose sums have other groups than their charges."""
    dims = [
        column.name for column in sums.columns if column.name in _CHARGES and (column.name != "day" or when == "day")
    ]
    groups = []
    for index, table in enumerate((sums, CHARGES)):
        figures = {name: f"sum({name})" for name in FIGURES} | {name: sql[index] for name, sql in _MORE[sums].items()}
        groups.append(
            _GROUPS.format(
                when=when,
                hashed=", ".join((*dims, *figures)),
                dims=", ".join(dims),
                sums=", ".join(f"({sql})::DECIMAL(38, 12) AS {name}" for name, sql in figures.items()),
                table=table.name,
                by=", ".join((*dims, *(f"{name} IS NULL" for name in FIGURES))),
            )
        )
    return _QUERY.format(when=when, of_sums=groups[0], of_charges=groups[1])


def other_sums(engine: Engine) -> Iterator[tuple[Cell, ...]]:
    """The days and months whose sums are not those of their charges, as rows of `verify`.

    What has no sums is not compared.
    """
    for sums, when in ((DAY_SUMS, "day"), (MONTH_SUMS, "month")):
        for row in engine.rows(_query(sums, when)) if engine.holds(sums) else ():
            check = f"{when} sums: other groups than the charges"
            yield row["organization"], row["day"], check, row["made"], row["written"]
