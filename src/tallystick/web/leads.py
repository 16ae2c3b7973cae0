"""Leads: where rows of a report lead that are told by no dimension: a finding and a month have pages of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tallystick.address import Address
from tallystick.web.links import finding, month
from tallystick.web.page import Row

Lead = Callable[[Row], str]


def leads_of(address: Address) -> Mapping[str, Lead]:
    """Return where the cells of a column lead, by the row, in the answer to a question."""

    def to_finding(row: Row) -> str:
        return finding(str(row["finding"]), address)

    def to_month(row: Row) -> str:
        return month(str(row["month"]), str(row.get("organization") or ""))

    known: Mapping[str, Mapping[str, Lead]] = {
        "anomalies": dict.fromkeys(("subject", "finding"), to_finding),
        "months": {"month": to_month},
    }
    return known.get(address.report, {})
