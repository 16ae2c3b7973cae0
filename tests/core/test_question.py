from __future__ import annotations

import json
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from tallystick.core.question import Heading, Kind, Question, Table, window
from tallystick.core.time import DAY, Grain, Window, instant
from tallystick.errors import InvalidQuestion

_EDGES = [
    datetime(2028, 2, 29, 12, 30, tzinfo=UTC),
    datetime(2028, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2027, 3, 1, tzinfo=UTC),
    datetime(2026, 12, 31, 23, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
    datetime(2100, 2, 28, 1, tzinfo=UTC),
]
NOWS = st.sampled_from(_EDGES) | st.datetimes(
    datetime(2027, 1, 1),  # noqa: DTZ001 - bounds
    datetime(2032, 12, 31, 23, 59),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def today(now: datetime) -> datetime:
    """Where the running day begins."""
    return Grain.DAY.floor(now)


def tomorrow(now: datetime) -> datetime:
    """Where the running day ends."""
    return today(now) + DAY


def month_back(now: datetime, count: int) -> datetime:
    """The first of the month so many months before this one."""
    months = now.year * 12 + now.month - 1 - count
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


@given(NOWS, st.integers(1, 999))
def test_days_back(now: datetime, count: int) -> None:
    """`7d` is the last 7 ended days: it ends with yesterday."""
    asked = window(f"{count}d", None, now)
    assert asked == Window(today(now) - count * DAY, today(now))
    assert len(asked.days()) == count


@given(NOWS, st.integers(1, 47))
def test_months_back(now: datetime, count: int) -> None:
    """`3m` is the last 3 ended months: it ends where this month begins, and holds each of their days."""
    asked = window(f"{count}m", None, now)
    assert asked == Window(month_back(now, count), month_back(now, 0))
    firsts = [month_back(now, back) for back in range(count, 0, -1)]
    assert len(asked.days()) == sum(monthrange(first.year, first.month)[1] for first in firsts)


@given(NOWS)
def test_month_to_date(now: datetime) -> None:
    """`mtd` begins with the month and holds the running day, on the first and on the last day of a month too."""
    asked = window("mtd", None, now)
    assert asked == Window(month_back(now, 0), tomorrow(now))
    assert now in asked
    assert len(asked.days()) == now.day


@given(NOWS)
def test_yesterday(now: datetime) -> None:
    """`yesterday` is the one day before the running one."""
    assert window("yesterday", None, now) == window("1d", None, now) == Window(today(now) - DAY, today(now))


@given(NOWS, st.integers(0, 500), st.integers(0, 500))
def test_two_days(now: datetime, since: int, until: int) -> None:
    """`--since` is inclusive and `--until` exclusive, both days; nothing between them is asked wrongly."""
    start, end = today(now) - since * DAY, today(now) - until * DAY
    said = (f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}", now)
    if start < end:
        assert window(*said) == Window(start, end)
    else:
        with pytest.raises(InvalidQuestion, match="no day"):
            window(*said)


@given(NOWS, st.integers(0, 23), st.integers(0, 23))
def test_two_months(now: datetime, first: int, later: int) -> None:
    """A month as `--since` begins with it, as `--until` includes it, and no window goes past the running day."""
    since, until = month_back(now, first + later), month_back(now, later)
    asked = window(f"{since:%Y-%m}", f"{until:%Y-%m}", now)
    assert asked == Window(since, min(Grain.MONTH.after(until), tomorrow(now)))


@given(NOWS, st.integers(0, 800))
def test_without_an_end(now: datetime, back: int) -> None:
    """A day or month without `--until` goes on to the end of the running day."""
    start = today(now) - back * DAY
    assert window(f"{start:%Y-%m-%d}", None, now) == Window(start, tomorrow(now))
    assert window(f"{start:%Y-%m}", None, now) == Window(Grain.MONTH.floor(start), tomorrow(now))


@given(
    NOWS, st.sampled_from(["90d", "12m", "2023-01", "2023-01-01"]), st.sampled_from(["2d", "1m", "mtd", "yesterday"])
)
def test_words_as_an_end(now: datetime, since: str, until: str) -> None:
    """A word as `--until` ends, exclusively, where that word begins."""
    assert window(since, until, now) == Window(window(since, None, now).start, window(until, None, now).start)


@given(NOWS, st.timedeltas(timedelta(days=1), timedelta(days=900)))
def test_never_past_the_running_day(now: datetime, ahead: timedelta) -> None:
    """A day ahead as `--until` is the end of the running day; as `--since` it is asked wrongly."""
    later = f"{now + ahead + DAY:%Y-%m-%d}"
    assert window("2023-01-01", later, now) == Window(instant("2023-01-01"), tomorrow(now))
    with pytest.raises(InvalidQuestion):
        window(later, None, now)


@given(NOWS)
def test_far_ends(now: datetime) -> None:
    """The last month and day that can be written end at the running day too."""
    for until in ("9999-11", "9999-12", "9999-12-31"):
        assert window("2023-01-01", until, now).end == tomorrow(now)


@pytest.mark.parametrize(
    "word",
    [
        *("", " ", "today", "last week", "0d", "-7d", "07d", "7", "7D", "7w", "3 m", "MTD", "10000d"),
        *("2026-13", "2026-00", "2026-02-30", "2027-02-29", "2026-1-1", "26-10-01", "2026", "2026-10-"),
        *("2026-10-01T08:00:00Z", "2026-10-01T00:00:00", "2026-10-01T00:00:00+02:00", "yesterday ", "\uff12d"),
        *("20261001", "2026-W40", "2026-W40-4"),
    ],
)
def test_words_refused(word: str) -> None:
    """Anything that is not a day, a month or one of the words is asked wrongly, and the answer lists what can be."""
    now = datetime(2026, 11, 3, 9, tzinfo=UTC)
    for since, until in ((word, None), ("2023-01-01", word)):
        with pytest.raises(InvalidQuestion) as refused:
            window(since, until, now)
        assert refused.value.exit_code == 2
        assert "mtd" in str(refused.value)


TABLE = Table(
    question=Question(
        "spend", Window(instant("2026-10-01"), instant("2026-11-01")), ("model",), {"key": ("apikey_1",)}, 3
    ),
    headings=(
        Heading("model", Kind.DIMENSION),
        Heading("billed", Kind.MONEY, "USD"),
        Heading("output", Kind.COUNT, "tokens"),
        Heading("share", Kind.RATIO),
    ),
    cells=[("claude-<b>", Decimal("1.250000000001"), 7, Decimal("0.5")), ("none", Decimal(0), None, None)],
    totals={"billed": Decimal("1.250000000001"), "output": 7},
    caveats=("One day is missing & named.",),
    coverage={"days": 30},
    as_of={"version": 4},
)


def test_an_answer_in_json() -> None:
    """An answer in JSON has the documented keys, money and ratios as exact strings, what is unknown as null."""
    said = json.loads(json.dumps(TABLE.written()))
    assert list(said) == ["report", "question", "columns", "rows", "totals", "caveats", "coverage", "as_of"]
    assert said["report"] == "spend"
    assert said["question"] == {
        "report": "spend",
        "since": "2026-10-01T00:00:00Z",
        "until": "2026-11-01T00:00:00Z",
        "by": ["model"],
        "where": {"key": ["apikey_1"]},
        "top": 3,
    }
    assert said["columns"][1] == {"name": "billed", "kind": "money", "unit": "USD"}
    assert said["rows"] == [
        {"model": "claude-<b>", "billed": "1.250000000001", "output": 7, "share": "0.50"},
        {"model": "none", "billed": "0.00", "output": None, "share": None},
    ]
    assert said["totals"] == {"billed": "1.250000000001", "output": 7}


def test_an_answer_in_arrow() -> None:
    """Money is an exact decimal in Arrow, also where there is no row."""
    arrow = TABLE.to_arrow()
    assert arrow.schema.field("billed").type == pa.decimal128(38, 12)
    assert arrow["billed"].to_pylist() == [Decimal("1.250000000001"), Decimal(0)]
    assert arrow["output"].to_pylist() == [7, None]
    empty = Table(TABLE.question, TABLE.headings, [], {})
    assert empty.to_arrow().schema == arrow.schema
    assert empty.rows == []


def test_an_answer_in_a_notebook() -> None:
    """What the ledger says is shown as text, never as markup."""
    shown = TABLE._repr_html_()
    assert "claude-&lt;b&gt;" in shown
    assert "missing &amp; named" in shown
    assert "<b>" not in shown
