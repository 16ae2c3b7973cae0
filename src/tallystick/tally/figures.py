"""Figures: every figure of single charges split among their owners, each by the weights of what was billed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.ledger_tables import FIGURES
from tallystick.core.money import PLACES
from tallystick.store.session import scratch
from tallystick.tally.attribute import Attribution
from tallystick.tally.owners import Owners, Spellings
from tallystick.tally.picodollars import WHOLE, dollars, whole_picodollars

_IN_ORDER = [("line", "ascending"), ("place", "ascending")]


class ChargeRows:
    """Charges of a table, each a row of its own; `basis` reads those by which proportional rules weigh, if others."""

    finest = None

    def __init__(self, charges: pa.Table, basis: Callable[[], pa.Table] | None = None) -> None:
        self.duck = scratch()
        self._charges = charges
        self._basis = basis or (lambda: charges)

    def make(self, name: str, query: str) -> None:
        """Make a TEMP table of a query."""
        self.duck.execute(f"CREATE TEMP TABLE {name} AS {query}")

    def charges(self) -> str:
        """All of them."""
        return self._read("charges_read", self._charges)

    def basis(self) -> str:
        """Those by which proportional rules weigh."""
        return self._read("basis_read", self._basis())

    def _read(self, name: str, charges: pa.Table) -> str:
        column = charges.schema.get_field_index("billed")
        self.duck.register(name, charges.set_column(column, "billed", whole_picodollars(charges["billed"])))
        billed = "billed::HUGEINT"
        return f"SELECT * REPLACE ({billed} AS billed), {billed} AS each, 1::BIGINT AS rows FROM {name}"  # noqa: S608


def figures(
    owners: Owners, charges: pa.Table, spellings: Spellings, basis: Callable[[], pa.Table] | None = None
) -> pa.Table:
    """Charges with their owners, every figure split by the same weights: `FIGURES` beside what else the charges have.

    A row for each charge and team with a part in it, with `team`, `cost_center`, and `rule`: its place, -1 for none.
    US dollars are split to the picodollar and quantities to the whole unit, exactly; what a charge does not know stays
    null in each of its parts. `basis` reads the charges by which proportional rules weigh, where that is more.
    """
    numbered = charges.append_column("line", pa.array(range(charges.num_rows), pa.int64()))
    looked_at = [*owners.sees, "day", "line"]
    known = _in_place(numbered, "billed", looked_at)
    weighed = (lambda: _in_place(basis(), "billed", looked_at[:-1])) if basis else (lambda: known)
    owned = Attribution(owners, ChargeRows(known, weighed), spellings).parts().sort_by(_IN_ORDER)
    several = pa.array([rule.how != "team" for rule in owners.rules] or [False])
    shared = pc.and_(pc.greater_equal(owned["rule"], 0), several.take(pc.max_element_wise(owned["rule"], 0)))
    lines = owned["line"].combine_chunks()
    rows = charges.take(lines)
    for column in ("team", "cost_center", "rule"):
        rows = rows.append_column(column, owned[column])
    if not pc.any(shared).as_py():
        return rows
    shared_charges = numbered.take(pc.unique(lines.filter(shared)).sort())
    for name in FIGURES:
        part_charges = _in_place(shared_charges, name, looked_at)
        parts = Attribution(owners, ChargeRows(part_charges, weighed), spellings).parts().sort_by(_IN_ORDER)["billed"]
        undivided = rows[name].combine_chunks()
        split = pc.replace_with_mask(undivided, shared.combine_chunks(), _back(parts, undivided.type))
        split = pc.if_else(pc.is_valid(undivided), split, pa.scalar(None, undivided.type))
        rows = rows.set_column(rows.schema.get_field_index(name), name, split)
    return rows.filter(pc.invert(pc.and_(shared, _nothing(rows))))


def _in_place(charges: pa.Table, name: str, looked_at: Sequence[str]) -> pa.Table:
    """What rules look at, with one figure as `billed`, zero where it is not known; units as picodollars."""
    column = charges[name].combine_chunks()
    if pa.types.is_integer(column.type):
        column = dollars(column.cast(WHOLE))
    column = column.fill_null(Decimal(0)) if column.null_count else column
    return charges.select(looked_at).append_column("billed", column)


def _back(parts: pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    return whole_picodollars(parts).cast(kind) if pa.types.is_integer(kind) else parts.combine_chunks()


def _nothing(rows: pa.Table) -> pa.Array:
    """Which rows have a part in nothing: of a team that weighs nothing on that day."""
    empty = [
        pc.fill_null(pc.equal(rows[name], pa.scalar(Decimal(0), pa.decimal128(28, PLACES))), True) for name in FIGURES
    ]
    return functools.reduce(pc.and_, empty)
