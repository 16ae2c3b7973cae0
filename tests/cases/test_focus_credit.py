"""FOCUS: a quantity that nobody knows has no unit, and a credit is a credit."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from support.case import Case


@pytest.mark.long
def test_credits_and_unknown_quantities(case: Case, tmp_path: Path) -> None:
    """Units are null where quantities are, a line below zero is a Credit, and no quantity is made of its amount."""
    with case.serve("09-focus-credit/scenario.py"):
        assert case("sync", "--without-claude-code", "--source", "reports", "--since", "2026-10-01").code == 0
    file = tmp_path / "focus.csv"
    assert case("export", "focus", "--month", "2026-10", "-o", str(file)).code == 0
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    for row in rows:
        for name in ("Consumed", "Pricing"):
            assert bool(row[f"{name}Quantity"]) == bool(row[f"{name}Unit"])
    credit_rows = [row for row in rows if row["ChargeCategory"] == "Credit"]
    assert sorted(Decimal(row["BilledCost"]) for row in credit_rows) == [Decimal("-2.5"), Decimal("-0.005")]
    assert not any(row["ConsumedQuantity"] or row["ListUnitPrice"] for row in credit_rows)
    assert {row["ChargeCategory"] for row in rows if not row["BilledCost"].startswith("-")} == {"Usage"}
