"""Conservation: charges add up to bill and use, for every day, to the last place; checked before each commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tallystick.core.ledger_tables import FIGURES
from tallystick.core.money import EXACT, plain
from tallystick.core.records import COUNTERS, REQUESTS
from tallystick.errors import LedgerError
from tallystick.store.columns import summable

KIND_OF = {counter: "web_search" if counter == "web_searches" else counter for counter in (*COUNTERS, REQUESTS)}
"""The kind of charge that each counter of a usage report becomes; requests are counted and never billed."""


def conserve(
    charges: pa.Table, billed: Mapping[date, Mapping[str, Any]], used: Mapping[date, Mapping[str, int]]
) -> None:
    """Raise LedgerError, with the day and the amounts, unless the charges of each day sum to these totals.

    `billed` are control totals of the bill: `billed` and, where the API says it, `list`, in US dollars; `used` of each
    counter. A day that is in neither is not looked at; a day without a bill may have no billed charge.
    """
    money = charges.group_by(["day"], use_threads=False).aggregate([("billed", "sum"), ("discount", "sum")]).to_pylist()
    sums = {row["day"]: row for row in money}
    for day in sorted({*billed, *used}):
        control, row = billed.get(day, {}), sums.get(day, {})
        bill_sum, charge_sum = control.get("billed") or Decimal(0), row.get("billed_sum") or Decimal(0)
        if EXACT.subtract(bill_sum, charge_sum):
            raise _broken(day, f"charges of {plain(charge_sum)} USD against a bill of {plain(bill_sum)} USD")
        if (listed := control.get("list")) is not None:
            less, off = EXACT.subtract(listed, bill_sum), row.get("discount_sum") or Decimal(0)
            if EXACT.subtract(less, off):
                raise _broken(day, f"discounts of {plain(off)} USD in charges against {plain(less)} USD in the bill")
    counted = charges.group_by(["day", "kind"], use_threads=False).aggregate([("quantity", "sum")]).to_pylist()
    quantities = {(row["day"], row["kind"]): row["quantity_sum"] or 0 for row in counted}
    for day, totals in used.items():
        for counter, total in totals.items():
            found_count = quantities.get((day, KIND_OF[counter]), 0)
            if found_count != total:
                raise _broken(day, f"{counter} of {found_count:,} in charges against {total:,} used")


def conserve_sums(charges: pa.Table, sums: pa.Table, by: str = "day") -> None:
    """Raise LedgerError, with the day and the figure, unless the sums of charges come to these charges."""
    if broken := difference(charges, sums, by):
        raise _broken(*broken)


def difference(charges: pa.Table, sums: pa.Table, by: str) -> tuple[date | str, str] | None:
    """Return the first day or month on which the sums of charges do not come to these charges, and by which figure.

    They count as many charges and as many of each known figure, and sum to the same. Charges may be sums themselves.
    """
    tables = (charges, sums)
    known = [name for name in FIGURES if any(rows[name].null_count < rows.num_rows for rows in tables)]
    partly = [name for name in known if any(rows[name].null_count for rows in tables)]
    of_charges, of_sums = (_figures(rows, known, partly, by) for rows in tables)
    for when in sorted(of_charges.keys() | of_sums.keys()):
        actual, expected = (figures.get(when, {}) for figures in (of_sums, of_charges))
        for name in sorted(actual.keys() | expected.keys()):
            if actual.get(name) != expected.get(name):
                return when, f"{name} of {actual.get(name)} in its sums against {expected.get(name)} in charges"
    return None


def _figures(rows: pa.Table, known: Iterable[str], partly: Iterable[str], by: str) -> dict[Any, dict[str, Any]]:
    """What charges or sums of them come to on each day or in each month: how many, and each of the `known` figures.

    Of `partly` known ones also how many know it.
    """
    count = rows["rows"] if "rows" in rows.column_names else pa.repeat(pa.scalar(1, pa.int64()), rows.num_rows)
    columns = {"charges": count} | {name: summable(rows[name]) for name in known}
    columns |= {f"known {name}": pc.if_else(pc.is_valid(rows[name]), count, 0) for name in partly}
    table = pa.table({by: rows[by], **columns}).unify_dictionaries()
    groups = table.group_by([by], use_threads=False).aggregate([(name, "sum") for name in columns])
    return {row[by]: {name: row[f"{name}_sum"] for name in columns} for row in groups.to_pylist()}


def _broken(when: date | str, difference: str) -> LedgerError:
    return LedgerError(
        f"The tally of {when} does not add up: {difference}. Nothing of it was committed.",
        "This is a defect of tallystick: please report it with these figures.",
    )
