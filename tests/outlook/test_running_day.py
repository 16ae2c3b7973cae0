"""Anomalies of the running day, by its hours where the ledger has them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from support.spending import DAYS_OF, RATE, SINCE, USUAL, ledger, rows_of
from tallystick import Ledger
from tallystick.clock import SystemClock
from tallystick.core.ledger_tables import TALLIED_BY
from tallystick.core.report_tables import USAGE_HOUR
from tallystick.store.columns import schema
from tallystick.store.tables import Tables
from tallystick.tally.prices_in_force import Prices

NOW = datetime(2026, 9, 9, 3, tzinfo=UTC)
LATE = datetime(2026, 9, 9, 23, tzinfo=UTC)


@pytest.mark.long
def test_the_running_day_is_a_floor(tmp_path: Path) -> None:
    """Of a running day without hours, what is already far more than a whole usual day is a finding."""
    early = {"key0": lambda _: 60_000_000, "key1": lambda _: 900_000}
    today = rows_of(early, [NOW.date()], billed=None, cause="not billed yet")
    table = ledger(tmp_path, [*rows_of(USUAL, DAYS_OF), *today], NOW).anomalies(SINCE)
    [row] = table.rows
    assert (row["subject"], row["since"], row["state"]) == ("key0", "2026-09-09", "active")
    assert row["spent"] == 60_000_000 * RATE


@pytest.mark.long
def test_a_runaway_loop_shows_within_the_hour_it_is_read(tmp_path: Path) -> None:
    """A key that loops on a running day with hours is told at less than a whole usual day, its neighbors are not."""
    used = {"key0": 3_000_000} | dict.fromkeys(("key1", "key2"), 500_000)
    early = {key: (lambda _, tokens=tokens: tokens) for key, tokens in used.items()}
    today = rows_of(early, [NOW.date()], billed=None, cause="not billed yet")
    book = ledger(tmp_path, [*rows_of(USUAL, DAYS_OF), *today], NOW)
    assert not book.anomalies(SINCE).rows
    hours = [
        dict.fromkeys(("cache_write_5m", "cache_write_1h", "cache_read", "uncached_input", "web_searches"), 0)
        | dict.fromkeys(("workspace", "account", "service_account", "model", "tier", "context", "geo", "speed"), "none")
        | {"organization": "o", "month": f"{day:%Y-%m}", "day": day, "hour_of_day": hour, "key": key, "output": tokens}
        for day in [*DAYS_OF[-28:], NOW.date()]
        for key, usual in USUAL.items()
        for hour in range(3 if day == NOW.date() else 24)
        if (tokens := used.get(key, 0) // 3 if day == NOW.date() else usual(day) // 24)
    ]
    with Tables(tmp_path / "ledger").writing() as writer:
        writer.append(USAGE_HOUR, pa.Table.from_pylist(hours, schema(USAGE_HOUR)))
        writer.commit("o", "records", NOW, {f"{TALLIED_BY}o": Prices.with_own().digest})
    [row] = Ledger(book.path, SystemClock(NOW)).anomalies(SINCE).rows
    assert (row["subject"], row["since"], row["state"]) == ("key0", "2026-09-09", "active")
    assert row["expected"] == pytest.approx(Decimal("2.0"), rel=Decimal("0.2"))


@pytest.mark.long
def test_what_lasts_is_told_once_on_the_running_day(tmp_path: Path) -> None:
    """On the running day a key that runs away since days is no news of its workspace, model and organization."""

    def lately(day: date) -> int:
        return USUAL["key0"](day) * (12 if day >= date(2026, 9, 7) else 1)

    rows = [*rows_of(USUAL | {"key0": lately}, DAYS_OF)]
    rows += rows_of(USUAL | {"key0": lately}, [LATE.date()], billed=None, cause="not billed yet")
    assert [row["subject"] for row in ledger(tmp_path, rows, LATE).anomalies(SINCE).rows] == ["key0"]


@pytest.mark.long
@pytest.mark.parametrize(("times", "evidence"), [(1.4, "clear"), (1, "thin")])
def test_what_goes_on_on_its_second_day_is_clear(tmp_path: Path, times: float, evidence: str) -> None:
    """A key that was a little above yesterday is clear evidence once the running day is above too, thin before."""

    def lately(day: date) -> int:
        return round(USUAL["key0"](day) * (1.4 if day == DAYS_OF[-1] else times if day > DAYS_OF[-1] else 1))

    rows = [*rows_of(USUAL | {"key0": lately}, DAYS_OF)]
    rows += rows_of(USUAL | {"key0": lately}, [LATE.date()], billed=None, cause="not billed yet")
    [row] = ledger(tmp_path, rows, LATE).anomalies(SINCE).rows
    assert (row["subject"], row["since"], row["evidence"]) == ("key0", "2026-09-08", evidence)


@pytest.mark.long
def test_what_comes_again_on_the_running_day_is_the_same(tmp_path: Path) -> None:
    """A key that ran away, was quiet for two days and runs away on the running day is one finding."""

    def twice(day: date) -> int:
        return USUAL["key0"](day) * (12 if day in {date(2026, 9, 6), date(2026, 9, 9)} else 1)

    rows = [*rows_of(USUAL | {"key0": twice}, DAYS_OF)]
    rows += rows_of(USUAL | {"key0": twice}, [LATE.date()], billed=None, cause="not billed yet")
    assert [row["since"] for row in ledger(tmp_path, rows, LATE).anomalies(SINCE).rows] == ["2026-09-06"]


@pytest.mark.long
def test_what_rises_each_month_is_news_the_first_time(tmp_path: Path) -> None:
    """A batch of each month is no news of its key or model a month later, nor on the running day."""

    def batches(day: date) -> int:
        return 40_000_000 if day.day == 9 and day.month >= 7 else USUAL["key0"](day)

    rows = [*rows_of(USUAL | {"key0": batches}, DAYS_OF)]
    rows += rows_of(USUAL | {"key0": batches}, [LATE.date()], billed=None, cause="not billed yet")
    assert [row["since"] for row in ledger(tmp_path, rows, LATE).anomalies(SINCE).rows] == ["2026-07-09"]
