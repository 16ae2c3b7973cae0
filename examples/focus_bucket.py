"""A month as FOCUS in the folder of a bucket: `python focus_bucket.py 2026-10 /mnt/finops/focus`.

The file is complete when it has its name; a month that is written again replaces its file.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tallystick import Ledger
from tallystick.formats import FORMATS


def write_month(ledger: Ledger, month: str, bucket: Path) -> Path:
    """Write BUCKET/billing_period=MONTH/anthropic.parquet, as tools that read partitions expect it; its path."""
    path = bucket / f"billing_period={month}" / "anthropic.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        FORMATS["parquet"].stream(ledger.export_focus(month), file)
    return part.replace(path)


if __name__ == "__main__":
    month, folder = sys.argv[1:]
    print(write_month(Ledger.open(), month, Path(folder)))
