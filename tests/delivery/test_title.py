"""Title: which days a delivery says that it holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from support.deliveries import SCREEN, World
from support.spending import DAYS_OF, NOW, USUAL, ledger, rows_of
from tallystick.core.time import DAY
from tallystick.delivery.content import content
from tallystick.delivery.parcel import decision, parcels
from tallystick.delivery.period import last_ended, of_day

AUGUST = date(2026, 8, 1)


@pytest.mark.parametrize(
    ("ask", "every", "first", "title", "days"),
    [
        ("summary", "week", None, "September 2026 so far, to 8 Sep", (date(2026, 9, 1), 8)),
        ("summary", "week", date(2026, 8, 17), "August 2026", (AUGUST, 31)),
        ("summary", "month", None, "August 2026", (AUGUST, 31)),
        ("chargeback", "day", None, "September 2026 so far, to 9 Sep", (date(2026, 9, 1), 8)),
        ("spend", "week", None, "31 Aug to 6 Sep 2026", (date(2026, 8, 31), 7)),
        ("findings", "day", None, "as of 9 Sep 2026", None),
    ],
)
def test_a_title_has_the_days_of_the_figures(
    ask: str, every: str, first: date | None, title: str, days: tuple[date, int] | None, tmp_path: Path
) -> None:
    """A report that is asked of months or of now is titled by the days that its figures are of, not by its period."""
    text = f'[[deliver]]\nname = "news"\nask = "{ask}"\nevery = "{every}"\nto = "screen"\n'
    ledger(tmp_path, rows_of(USUAL, DAYS_OF), text=SCREEN + text)
    made = World(tmp_path)
    [order] = made.orders()
    period = of_day(order.every, first) if first else last_ended(order.every, NOW)
    context = made.book().context()
    [parcel] = parcels([order], [decision(order, period, 1, [""], NOW, "")])
    holds = content(context, parcel, "")
    assert holds.title == f"news, {title}"
    if days:
        start, count = days
        rows = rows_of(USUAL, [start + DAY * index for index in range(count)])
        assert f"{sum(row['billed'] for row in rows):,.2f} USD" in holds.words
