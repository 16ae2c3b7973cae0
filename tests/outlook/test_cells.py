"""Cells: what each key spent, day by day, is the same however many statements it is read in."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.spending import DAYS_OF, USUAL, ledger, rows_of
from tallystick.core.filter import Filter
from tallystick.core.time import DAY, Window, midnight
from tallystick.outlook.anomalies import cells as reading

WINDOW = Window(midnight(DAYS_OF[0]) + DAY * 3, midnight(DAYS_OF[-1]))


@pytest.mark.parametrize("where", [{}, {"key": Filter.of("key0")}, {"organization": Filter.of("o")}])
def test_months_are_read_apart_as_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: dict[str, Filter]
) -> None:
    """The days of a large ledger, read a month at a time, are those of one statement, each cell and line."""
    context = ledger(tmp_path, rows_of(USUAL, DAYS_OF)).context()
    together = reading.cells(context.engine, WINDOW, where)
    monkeypatch.setattr(reading, "MANY", 1)
    apart = reading.cells(context.engine, WINDOW, where)
    assert together.by_cell
    assert (apart.by_cell, apart.lines) == (together.by_cell, together.lines)
    assert {len(daily.dollars) for daily in apart.by_cell.values()} == {len(WINDOW.days())}


def test_a_cell_has_the_dollars_of_its_days(tmp_path: Path) -> None:
    """Each day of a cell is what its charges of that day were billed, and 0 on a day without any."""
    rows = [row for row in rows_of(USUAL, DAYS_OF) if row["day"] != DAYS_OF[10] or row["key"] != "key0"]
    read = reading.cells(ledger(tmp_path, rows).context().engine, WINDOW, {})
    for cell, daily in read.by_cell.items():
        billed = {row["day"]: float(row["billed"]) for row in rows if row["key"] == cell.key}
        assert list(daily.dollars) == [billed.get(day, 0.0) for day in WINDOW.days()]
