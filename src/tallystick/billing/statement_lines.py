"""Statement lines: charges of a team that are alike in all but the day, as lines with their price, terms and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.money import EXACT, ratio
from tallystick.core.price_entries import PLAIN, UNITS
from tallystick.query.closings import ADJUSTMENT
from tallystick.query.month_lines import LINE

OWN, SHARED = "own", "shared"
PARTS = (OWN, SHARED, ADJUSTMENT)
"""What a line of a statement is: a team's own, its part of a shared line, or what was restated of a closed month."""
ZERO = Decimal(0)
_SAME = ("cost_center", *LINE, "method", "rule", "how")
_ORDINARY = frozenset({*PLAIN.values(), "not_available", "unknown", "none"})
"""What need not be said of a line: nothing special was asked for, or no report tells."""
PRICE_PLACES = 6
"""Places of a unit price: the effective one of the month, what was billed over what was used."""
_ORDER = ("day", "workspace_name", "workspace", "key_name", "key", "model", "kind", "terms", "method", "rule")


def statement_lines(rows: pa.Table, names: Mapping[str, Callable[[str], str]]) -> list[dict[str, Any]]:
    """The lines of statements, of charges or sums of them; an adjustment keeps its day.

    `list` and `quantity` are None where one of the charges does not know it; `line_total` is what the line costs all.
    """
    columns: dict[str, list[Any]] = _summed(rows).to_pydict()
    shared_by = [*zip(*(columns[name] for name in ("part", "day", "counted", *_SAME[1:])), strict=True)]
    totals: dict[tuple[Any, ...], Decimal] = {}
    for line, amount in zip(shared_by, columns["billed_sum"], strict=True):
        totals[line] = EXACT.add(totals.get(line, ZERO), amount)
    quantities = [
        quantity if counted else None
        for quantity, counted in zip(columns["quantity_sum"], columns["counted"], strict=True)
    ]
    units = [UNITS.get(kind, (unit, 1))[1] for kind, unit in zip(columns["kind"], columns["unit"], strict=True)]
    fields: dict[str, Sequence[Any]] = {
        **{name: columns[name] for name in ("organization", "month", "team", "part", *_SAME)},
        "day": [day and str(day) for day in columns["day"]],
        "terms": [*_terms(zip(*(columns[name] for name in PLAIN), strict=True))],
        "quantity": quantities,
        "unit_price": [*map(_unit_price, columns["part"], columns["billed_sum"], quantities, units)],
        "per": [
            unit if count == 1 else f"{count:,} {unit}" for count, unit in zip(units, columns["unit"], strict=True)
        ],
        "list": [
            sum_ if known == count else None
            for sum_, known, count in zip(*(columns[name] for name in _LISTED), strict=True)
        ],
        "line_total": [totals[line] for line in shared_by],
        "amount": columns["billed_sum"],
        **{f"{name}_name": [*map(name_of, columns[name])] for name, name_of in names.items()},
    }
    order = zip(map(PARTS.index, fields["part"]), *(map(_text, fields[name]) for name in _ORDER), strict=True)
    lines = [dict(zip(fields, cells, strict=True)) for cells in zip(*fields.values(), strict=True)]
    places = [*order]
    return [lines[index] for index in sorted(range(len(lines)), key=places.__getitem__)]


def line_totals(rows: pa.Table) -> list[dict[str, Any]]:
    """One line for each team, cost center, part, method and rule, which has its `amount` and no more."""
    sums: list[dict[str, Any]] = _summed(rows).rename_columns({"billed_sum": "amount"}).to_pylist()
    return sums


_LISTED = ("list_sum", "list_count", "billed_count")


def _summed(rows: pa.Table) -> pa.Table:
    """Billed charges summed over the days, `counted` apart from those whose quantity no report tells."""
    rows = rows.filter(pc.is_valid(rows["billed"]))
    adjusted = pc.equal(rows["what"], ADJUSTMENT)
    shared = pc.invert(pc.is_in(rows["how"], pa.array(["team", "none"])))
    part = pc.case_when(pc.make_struct(adjusted, shared), ADJUSTMENT, SHARED, OWN)
    day = pc.if_else(adjusted, rows["day"], pa.scalar(None, pa.date32()))
    rows = rows.drop_columns(["day"]).append_column("part", part).append_column("day", day)
    rows = rows.append_column("counted", pc.is_valid(rows["quantity"]))
    by = ["organization", "month", "team", "part", "day", "counted", *_SAME]
    sums = [("billed", "sum"), ("billed", "count"), ("list", "sum"), ("list", "count"), ("quantity", "sum")]
    return rows.group_by(by).aggregate(sums)


def _terms(lines: Iterator[tuple[str, ...]]) -> Iterator[str]:
    """What was asked for beside what is ordinary, in words."""
    words: dict[tuple[str, ...], str] = {}
    for line in lines:
        if line not in words:
            words[line] = ", ".join(term for term in line if term not in _ORDINARY)
        yield words[line]


def _unit_price(part: str, amount: Decimal, quantity: int | None, count: int) -> Decimal | None:
    """What `count` units cost; None where that is not known, and of an adjustment."""
    if not quantity or part == ADJUSTMENT:
        return None
    return ratio(EXACT.multiply(amount, Decimal(count)), quantity, PRICE_PLACES)


def _text(cell: str | None) -> str:
    return cell or ""
