"""Spend: what was billed, from the charges, so by everything that the bill or the use knows (design, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.core.breakdowns import BREAKDOWN_DIMENSIONS
from tallystick.core.dimensions import SUBJECTS, TERMS, TIMES
from tallystick.core.money import ratio
from tallystick.core.question import Cell, Kind
from tallystick.core.records import REQUESTS
from tallystick.query.pivot import Measure, Pivot
from tallystick.query.pivot_report import pivot_report
from tallystick.query.report import ChargeSum
from tallystick.store.views import ALL_TOLD

_DAILY = "the ledger keeps what was billed by UTC day."
_REQUESTED = f"CASE WHEN kind = '{REQUESTS}' THEN quantity ELSE 0 END"


def _complete_sum(column: str) -> str:
    """The sum of a column over what was billed; null where a charge does not know it."""
    row_filter = "FILTER (billed IS NOT NULL)"
    return f"CASE WHEN count(billed) = count({column}) {row_filter} THEN sum({column}) {row_filter} END"


def _per_request(row: Mapping[str, Any]) -> Cell:
    return None if not row["requests"] else ratio(row["billed"] or 0, row["requests"])


SPEND = Pivot(
    name="spend",
    money=True,
    dimensions=(
        *SUBJECTS,
        *("description", "cost_type"),
        *TERMS,
        *("method", "team", "cost_center"),
        *TIMES[2:],
    ),
    by=("workspace",),
    measures=(Measure("billed", Kind.MONEY, "USD", "billed", charges=ChargeSum("billed", "billed")),),
    order="billed",
    more=(
        Measure("list", Kind.MONEY, "USD", aggregate=_complete_sum("list"), charges=ChargeSum("list", "billed")),
        Measure(
            "discount",
            Kind.MONEY,
            "USD",
            aggregate=_complete_sum("discount"),
            charges=ChargeSum("discount", "billed"),
        ),
        Measure(
            "requests",
            Kind.COUNT,
            "requests",
            aggregate=f"CASE WHEN bool_and({ALL_TOLD}) THEN sum({_REQUESTED}) END",
            charges=ChargeSum("quantity", "used", (REQUESTS,)),
        ),
        Measure(
            "cost_per_request",
            Kind.NUMBER,
            "USD",
            derived=_per_request,
            needs=("requests",),
            charges=ChargeSum(half="billed"),
        ),
    ),
    refused={"hour": _DAILY, "minute": _DAILY},
    breakdowns=BREAKDOWN_DIMENSIONS,
)


REPORT = pivot_report(SPEND)
