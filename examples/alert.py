"""Exit with 1 where a key spent more on a day than it should: `python alert.py --limit 200`, from cron or CI.

Looks at the last seven ended days; 2 is for a wrong command line, as everywhere.
"""

from __future__ import annotations

import argparse
import sys
from decimal import Decimal

from tallystick import Ledger


def over(ledger: Ledger, limit: Decimal, since: str = "7d") -> list[str]:
    """Return a line for each key and day with more than `limit` US dollars, the dearest first."""
    days = [
        (row["billed"], f"{row['key_name']} spent {row['billed']:,.2f} USD on {row['day']}")
        for row in ledger.spend(by=["day", "key"], since=since).rows
        if isinstance(row["billed"], Decimal) and row["billed"] > limit
    ]
    return [line for _, line in sorted(days, reverse=True)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Exit with 1 where a key spent more than a limit on a day.")
    parser.add_argument("--limit", type=Decimal, required=True, help="US dollars for a key and day")
    lines = over(Ledger.open(), parser.parse_args().limit)
    print("\n".join(lines))
    sys.exit(bool(lines))
