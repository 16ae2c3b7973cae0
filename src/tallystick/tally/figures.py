"""Figures: every figure of single charges split among their owners, each by the weights of what was billed."""

from __future__ import annotations

import functools
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.money import PLACES
from tallystick.tally.attribute import Attribution
from tallystick.tally.owners import Owners, Spellings
from tallystick.tally.picodollars import WHOLE, dollars, whole

_IN_ORDER = [("line", "ascending"), ("place", "ascending")]
FIGURES = ("quantity", "list", "priced", "billed", "discount")
"""What of a charge is split."""


def figures(owners: Owners, charges: pa.Table, spellings: Spellings) -> pa.Table:
    """Charges with their owners, every figure split by the same weights: `FIGURES` beside what else the charges have.

    A row for each charge and team with a part in it, with `team`, `cost_center`, and `rule`: its place, -1 for none.
    US dollars are split to the picodollar and quantities to the whole unit, exactly; what a charge does not know stays
    null in each of its parts.
    """
    numbered = charges.append_column("line", pa.array(range(charges.num_rows), pa.int64()))
    known = _in_place(numbered, "billed")
    money = Attribution(owners, known, spellings).parts().sort_by(_IN_ORDER)
    several = pa.array([rule.how != "team" for rule in owners.rules] or [False])
    shared = pc.and_(pc.greater_equal(money["rule"], 0), several.take(pc.max_element_wise(money["rule"], 0)))
    places = pc.indices_nonzero(shared)
    lines = money["line"].combine_chunks()
    shared_charges = numbered.take(pc.unique(lines.take(places)).sort())
    for name in FIGURES:
        whole_of = numbered[name].combine_chunks().take(lines)
        if len(places):
            figure_parts = (
                Attribution(owners, _in_place(shared_charges, name), spellings, lambda: known)
                .parts()
                .sort_by(_IN_ORDER)
            )
            split_of = _back(figure_parts["billed"], whole_of.type)
            parts = pc.replace_with_mask(whole_of, shared.combine_chunks(), split_of)
            whole_of = pc.if_else(pc.is_valid(whole_of), parts, pa.scalar(None, whole_of.type))
        money = money.set_column(money.schema.get_field_index(name), name, whole_of)
    return money.filter(pc.invert(pc.and_(shared, _nothing(money)))).drop_columns(["line", "place"])


def _in_place(charges: pa.Table, name: str) -> pa.Table:
    """The charges with one figure in the place of what was billed, zero where it is not known; units as picodollars."""
    column = charges[name].combine_chunks()
    if pa.types.is_integer(column.type):
        column = dollars(column.cast(WHOLE))
    column = column.fill_null(Decimal(0)) if column.null_count else column
    return charges.set_column(charges.schema.get_field_index("billed"), "billed", column)


def _back(parts: pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    return whole(parts).cast(kind) if pa.types.is_integer(kind) else parts.combine_chunks()


def _nothing(rows: pa.Table) -> pa.Array:
    """Which rows have a part in nothing: of a team that weighs nothing on that day."""
    empty = [
        pc.fill_null(pc.equal(rows[name], pa.scalar(Decimal(0), pa.decimal128(28, PLACES))), True) for name in FIGURES
    ]
    return functools.reduce(pc.and_, empty)
