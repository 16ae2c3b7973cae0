"""What each team is charged for a month, as CSV: `python chargeback.py 2026-10 chargeback.csv`.

Amounts are exact; the last row is the bill, which the rows add up to.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from tallystick import Ledger


def chargeback(ledger: Ledger, month: str, path: Path) -> None:
    """Write team, cost center and amount of a month; SystemExit where the ledger lacks days or bills of it."""
    table = ledger.spend(by=["team", "cost_center"], month=month)
    if any(table.coverage.get(gap) for gap in ("absent", "not_billed_yet", "bill_not_read")):
        sys.exit(f"{month} is not complete: {' '.join(table.warnings)}")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["team", "cost_center", "billed"])
        writer.writerows([row["team"], row["cost_center"], row["billed"]] for row in table.rows)
        writer.writerow(["total", "", table.totals["billed"]])


if __name__ == "__main__":
    month, target = sys.argv[1:]
    chargeback(Ledger.open(), month, Path(target))
