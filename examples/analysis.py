"""Spend by week and model, and the days furthest from what their weekday usually costs: a notebook as a script.

Needs pandas. Floats are for looking at, not for adding up: sums of money come from the ledger, exact.
"""

from __future__ import annotations

import pandas as pd

from tallystick import Ledger


def by_week(ledger: Ledger, since: str = "8w") -> pd.DataFrame:
    """Return US dollars, a row for each week and a column for each model, the dearest model first."""
    frame = ledger.spend(by=["week", "model"], since=since).to_pandas(floats=True)
    weeks = frame.pivot_table(index="week", columns="model", values="billed", aggfunc="sum", fill_value=0.0)
    return weeks[weeks.sum().sort_values(ascending=False).index]


def unusual_days(ledger: Ledger, since: str = "8w", count: int = 5) -> pd.DataFrame:
    """Return the days whose spend is furthest from the median of their weekday."""
    frame = ledger.spend(by="day", since=since).to_pandas(floats=True)
    weekday = pd.to_datetime(frame["day"]).dt.day_name()
    frame["usual"] = frame.groupby(weekday)["billed"].transform("median")
    frame["difference"] = frame["billed"] - frame["usual"]
    return frame.sort_values("difference", key=abs, ascending=False).head(count)


if __name__ == "__main__":
    book = Ledger.open()
    print(by_week(book).round(2).to_string())
    print(unusual_days(book).round(2).to_string(index=False))
