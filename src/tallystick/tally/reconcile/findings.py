"""Findings: every amount of a gap by cause, and what modifiers did to `priced`, summed by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from tallystick.tally.reconcile.lines import SIZES


@dataclass(frozen=True, slots=True)
class Found:
    """The amounts of one cause and detail in a group's gap, in picodollars; None where they are not known.

    `zero` is whether each of them is 0, `unbilled` whether nothing was billed for any. `in_priced` is what a modifier
    did to `priced`; it adds nothing to the gap.
    """

    group: tuple[str, ...]
    cause: str
    detail: str
    unbilled: bool
    zero: bool
    amount: int | None
    quantity: int | None
    in_priced: int


@dataclass(frozen=True, slots=True)
class Group:
    """What was billed of a group and what is priced, in picodollars."""

    group: tuple[str, ...]
    billed: int
    priced: int


_DIMENSIONS = {
    **dict.fromkeys(("organization", "workspace"), "places"),
    **dict.fromkeys(("model", "kind", "tier", "context", "geo"), "terms"),
    **dict.fromkeys(("day", "week", "month"), "days"),
}
"""What a group can be made by, and the table that has it."""
_TIMES = {
    "day": "strftime(day, '%Y-%m-%d')",
    "week": "strftime(date_trunc('week', day), '%Y-%m-%d')",
    "month": "strftime(day, '%Y-%m')",
}
_FOUND = (
    "cause",
    "detail",
    "unbilled",
    "coalesce(amount = 0, false) AS zero",
    "sum(amount) AS amount",
    "sum(quantity) AS quantity",
    "sum(in_priced) AS in_priced",
    "amount IS NULL AS unknown",
)


def findings(duck: duckdb.DuckDBPyConnection, by: Sequence[str]) -> list[Found]:
    """All that is found of the wanted charges by group, in the order of the charges.

    The amounts of a group sum to the gaps of all its charges.
    """
    query = _grouped(duck, "pieces", _FOUND, by) + " ORDER BY min(turn), min(id * 100 + charge.place)"
    return [Found(tuple(row[: len(by)]), *row[len(by) : -1]) for row in duck.execute(query).fetchall()]


def groups(duck: duckdb.DuckDBPyConnection, by: Sequence[str]) -> list[Group]:
    """The groups of the wanted charges."""
    sums = ("coalesce(sum(billed), 0)", "coalesce(sum(priced), 0)")
    rows = duck.execute(_grouped(duck, "parts", (*sums, "count(*)"), by)).fetchall()
    return [Group(tuple(row[: len(by)]), *row[len(by) : -1]) for row in rows if row[-1]]


def _grouped(duck: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], by: Sequence[str]) -> str:
    """The query of a table's wanted rows in groups; an id is made of the numbers of what it can be grouped by."""
    [(causes, terms, places, days)] = duck.execute(SIZES).fetchall() if by else [(0, 0, 0, 0)]
    width, joins = 2 * causes, {}
    for name, column, size in (("terms", "term", terms), ("places", "place", places), ("days", "number", days)):
        joins[name] = f" JOIN {name} ON {name}.{column} = id // {width} % {size}"
        width *= size
    used = dict.fromkeys(_DIMENSIONS[name] for name in by)
    selection = ", ".join([*(f"{_TIMES.get(name, name)} AS dimension_{name}" for name in by), *columns])
    joined = "".join(joins[name] for name in used)
    return f"SELECT {selection} FROM {table} AS charge{joined} WHERE id % 2 = 1 GROUP BY ALL"  # noqa: S608 - our own names
