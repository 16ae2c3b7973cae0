"""The words for time: what `--since`, `--until`, `--month` and `--on` name, and in what words they are refused."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, strategies as st

from tallystick.core.time import DAY, Grain, Window, instant
from tallystick.core.time_words import EXAMPLES, month_name, month_of, utc_day, window
from tallystick.core.zones import Zone
from tallystick.errors import InvalidQuestion

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
"""A Sunday."""
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
    span = window(f"{count}d", None, now)
    assert span == Window(today(now) - count * DAY, today(now))
    assert len(span.days()) == count


@pytest.mark.long
@given(NOWS, st.integers(1, 47))
def test_months_back(now: datetime, count: int) -> None:
    """`3m` is the last 3 ended months: it ends where this month begins, and holds each of their days."""
    span = window(f"{count}m", None, now)
    assert span == Window(month_back(now, count), month_back(now, 0))
    firsts = [month_back(now, back) for back in range(count, 0, -1)]
    assert len(span.days()) == sum(monthrange(first.year, first.month)[1] for first in firsts)


@given(NOWS)
def test_month_to_date(now: datetime) -> None:
    """`mtd` begins with the month and holds the running day, on the first and on the last day of a month too."""
    span = window("mtd", None, now)
    assert span == Window(month_back(now, 0), tomorrow(now))
    assert now in span
    assert len(span.days()) == now.day


@given(NOWS)
def test_yesterday(now: datetime) -> None:
    """`yesterday` is the one day before the running one."""
    assert window("yesterday", None, now) == window("1d", None, now) == Window(today(now) - DAY, today(now))


@given(NOWS, st.integers(0, 500), st.integers(0, 500))
def test_two_days(now: datetime, since: int, until: int) -> None:
    """`--since` and `--until` both include their day; an end before the start is asked wrongly."""
    start, end = today(now) - since * DAY, today(now) - until * DAY
    words = (f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}", now)
    if start <= end:
        assert window(*words) == Window(start, end + DAY)
        assert window(start.date(), end.date(), now) == window(start, end, now) == window(*words)
    else:
        with pytest.raises(InvalidQuestion, match="before --since"):
            window(*words)


@given(NOWS, st.integers(0, 23), st.integers(0, 23))
def test_two_months(now: datetime, first: int, later: int) -> None:
    """A month as `--since` begins with it, as `--until` includes it, and no window goes past the running day."""
    since, until = month_back(now, first + later), month_back(now, later)
    span = window(f"{since:%Y-%m}", f"{until:%Y-%m}", now)
    assert span == Window(since, min(Grain.MONTH.after(until), tomorrow(now)))


@given(NOWS, st.integers(0, 23))
def test_a_month_is_both_ends(now: datetime, back: int) -> None:
    """`month` is the month as `--since` and as `--until`; so are any day of it and any instant of that day."""
    start = month_back(now, back)
    span = window(None, None, now, month=f"{start:%Y-%m}")
    assert span == window(f"{start:%Y-%m}", f"{start:%Y-%m}", now)
    for when in (start.date(), (span.end - DAY).date(), span.end - timedelta(seconds=1)):
        assert window(None, None, now, month=when) == span
    assert window(None, None, now, month="last-month") == month_of(None, now) == window("1m", None, now)


@given(NOWS, st.sampled_from(["2023-Q1", "2024-q4", "2025-Q2", "2026-Q3"]))
def test_a_quarter_is_its_three_months(now: datetime, word: str) -> None:
    """`2026-Q3` names July to September, in either case."""
    first = int(word[-1]) * 3 - 2
    assert window(word, word, now) == window(f"{word[:4]}-{first:02}", f"{word[:4]}-{first + 2:02}", now)


@given(NOWS, st.integers(2023, 2026))
def test_a_year_is_its_days(now: datetime, year: int) -> None:
    """`2025` names its twelve months."""
    assert window(f"{year}", f"{year}", now) == window(f"{year}-01-01", f"{year}-12-31", now)


@given(NOWS)
def test_to_date(now: datetime) -> None:
    """`qtd` and `ytd` begin with the running quarter and year and hold the running day."""
    assert window("ytd", None, now) == Window(datetime(now.year, 1, 1, tzinfo=UTC), tomorrow(now))
    quarter = window("qtd", None, now)
    assert quarter == Window(month_back(now, (now.month - 1) % 3), tomorrow(now))
    assert quarter == window(f"{now.year}-Q{(now.month + 2) // 3}", None, now)


@given(NOWS, st.integers(1, 99))
def test_weeks_back(now: datetime, count: int) -> None:
    """`4w` is the last 4 ended weeks, from Monday to Sunday; `last-week` is one."""
    span = window(f"{count}w", None, now)
    assert (span.start.weekday(), span.end.weekday(), len(span.days())) == (0, 0, 7 * count)
    assert span.end <= now < span.end + 7 * DAY
    assert window("last-week", None, now) == window("1w", None, now)


@given(NOWS)
def test_today(now: datetime) -> None:
    """`today` is the running day."""
    assert window("today", None, now) == window("mtd", "today", now) & window("today", "today", now)
    assert window("today", None, now) == Window(today(now), tomorrow(now))


@pytest.mark.long
@given(NOWS, st.integers(0, 800))
def test_without_an_end(now: datetime, back: int) -> None:
    """A day, month or year without `--until` goes on to the end of the running day."""
    start = today(now) - back * DAY
    assert window(f"{start:%Y-%m-%d}", None, now) == Window(start, tomorrow(now))
    assert window(f"{start:%Y-%m}", None, now) == Window(Grain.MONTH.floor(start), tomorrow(now))
    assert window(f"{start:%Y}", None, now) == Window(start.replace(month=1, day=1), tomorrow(now))


ENDED = ("2d", "3w", "1m", "yesterday", "last-week", "last-month")
RUNNING = ("mtd", "qtd", "ytd", "today")


@given(NOWS, st.sampled_from(["90d", "12m", "2023-01", "2023-01-01"]), st.sampled_from([*ENDED, *RUNNING]))
def test_words_as_an_end(now: datetime, since: str, until: str) -> None:
    """A word as `--until` ends with the last day that it names, which is where it ends alone."""
    assert window(since, until, now) == Window(window(since, None, now).start, window(until, None, now).end)


@given(NOWS, st.sampled_from(ENDED))
def test_words_that_end_by_themselves(now: datetime, word: str) -> None:
    """`7d`, `4w`, `3m`, `yesterday`, `last-week`, `last-month` alone end with what they name, never with today."""
    assert window(word, None, now) == window(word, word, now)
    assert window(word, None, now).end <= today(now)


@given(NOWS, st.integers(0, 400))
def test_an_end_alone(now: datetime, back: int) -> None:
    """`--until` alone is the 30 days that end with it, and neither is the last 30 ended days."""
    end = today(now) - back * DAY
    assert window(None, f"{end:%Y-%m-%d}", now) == Window(max(end - 29 * DAY, instant("2023-01-01")), end + DAY)
    assert window(None, None, now) == window("30d", None, now)


@given(NOWS, st.timedeltas(timedelta(days=1), timedelta(days=900)))
def test_never_past_the_running_day(now: datetime, ahead: timedelta) -> None:
    """A day ahead as `--until` is the end of the running day; as `--since` it is asked wrongly."""
    later = f"{now + ahead + DAY:%Y-%m-%d}"
    assert window("2023-01-01", later, now) == Window(instant("2023-01-01"), tomorrow(now))
    with pytest.raises(InvalidQuestion):
        window(later, None, now)


@given(NOWS)
def test_far_ends(now: datetime) -> None:
    """The last day, month, quarter and year that can be written end at the running day too."""
    for until in ("9999-11", "9999-12", "9999-12-31", "9999-Q4", "9999"):
        assert window("2023-01-01", until, now).end == tomorrow(now)


@pytest.mark.parametrize("since", ["9999d", "9999w", "9999m", "0001"])
def test_far_starts(since: str) -> None:
    """As many days, weeks and months back as can be written begin with the first day on which anything was used."""
    assert window(since, None, NOW).start == instant("2023-01-01")


def test_only_words_are_near_misses() -> None:
    """What is near a number with its unit, and no word, is answered with what can be written alone."""
    with pytest.raises(InvalidQuestion) as refused:
        window("7x", None, NOW)
    assert refused.value.hint.startswith("Write 2026-10-01")


@given(NOWS, st.integers(-12, 14), st.integers(0, 400))
def test_an_instant_is_its_day(now: datetime, hours: int, back: int) -> None:
    """A datetime with a zone names the UTC day that it lies in; with `--tz` the local day."""
    when = now.astimezone(timezone(timedelta(hours=hours))) - back * DAY
    assert window(when, None, now).start == max(today(now) - back * DAY, instant("2023-01-01"))
    tokyo = Zone.of("Asia/Tokyo")
    local = when.astimezone(timezone(timedelta(hours=9)))
    assert tokyo.wall(tokyo.window(when, when, now)).days() == [local.date()]


@pytest.mark.parametrize(
    "word",
    [
        *("", " ", "last week", "0d", "-7d", "07d", "7", "3 m", "10000d", "1y", "last-year", "now"),
        *("2026-13", "2026-00", "2026-02-30", "2027-02-29", "2026-1-1", "26-10-01", "2026-10-", "2026-Q5", "0000"),
        *("2026-10-01T08:00:00Z", "2026-10-01T00:00:00Z", "2026-10-01T00:00:00+02:00", "yesterday ", "\uff12d"),
        *("20261001", "2026-W40", "2026-W40-4", "\u0662026-10"),
    ],
)
def test_words_refused(word: str) -> None:
    """Anything else is asked wrongly, and the answer lists what can be written."""
    for since, until in ((word, None), ("2023-01-01", word)):
        with pytest.raises(InvalidQuestion) as refused:
            window(since, until, NOW)
        assert refused.value.exit_code == 2
        assert repr(word) in refused.value.what
        assert refused.value.hint.startswith("Write the day: 2026-10-01") or set(EXAMPLES) <= set(
            refused.value.hint.rstrip(".").replace(",", "").split()
        )


@pytest.mark.parametrize(
    ("word", "meant"),
    [("last week", "last-week"), ("lastmonth", "last-month"), ("yesterdy", "yesterday"), ("7", "7d"), ("MTD ", "mtd")],
)
def test_a_near_miss_is_named(word: str, meant: str) -> None:
    """A word that is nearly one is answered with that one."""
    with pytest.raises(InvalidQuestion) as refused:
        window(word, None, NOW)
    assert refused.value.hint.startswith("Did you mean")
    assert meant in refused.value.hint.partition("?")[0]


@pytest.mark.parametrize("word", ["7D", "MTD", "Yesterday", "2026-q3", "2026Q3", "Last-Month"])
def test_case_does_not_matter(word: str) -> None:
    """Words for time are taken in either case."""
    assert window(word, None, NOW) == window(word.lower(), None, NOW)


@pytest.mark.parametrize("when", [datetime(2026, 10, 1, 8), 20261001, 7.5, (2026, 10)])  # noqa: DTZ001 - local time
def test_local_time_is_never_guessed(when: Any) -> None:
    """A datetime without a zone, but for midnight, and what is no time are asked wrongly."""
    for since, until, month in ((when, None, None), ("2023", when, None), (None, None, when)):
        with pytest.raises(InvalidQuestion):
            window(since, until, NOW, month=month)
    assert window(datetime(2026, 10, 1), None, NOW) == window("2026-10-01", None, NOW)  # noqa: DTZ001


@pytest.mark.parametrize("word", ["2026-Q3", "2026", "7d", "last-week", "2026-13", "2026-12", "2022-12", "", "octber"])
def test_what_is_no_month_is_refused(word: str) -> None:
    """`--month` takes one month alone, that has begun, and says so."""
    with pytest.raises(InvalidQuestion):
        window(None, None, NOW, month=word)
    with pytest.raises(InvalidQuestion):
        window("2026-10", None, NOW, month="2026-10")


def test_a_month_by_its_words() -> None:
    """What takes one month takes 2026-10, last-month, mtd and a date."""
    assert [month_name(word, NOW) for word in ("2026-10", "last-month", "mtd", date(2026, 9, 30), "2027-05")] == [
        *("2026-10", "2026-10", "2026-11", "2026-09", "2027-05")
    ]


def test_a_day_by_its_words() -> None:
    """What takes one day takes 2026-10-01, today, yesterday and a date, so far ahead as is allowed."""
    days = [utc_day(word, NOW) for word in ("2026-10-01", "today", "yesterday", date(2026, 9, 30), "2027-11-01")]
    assert [f"{day}" for day in days] == ["2026-10-01", "2026-11-22", "2026-11-21", "2026-09-30", "2027-11-01"]
    for word, ahead in (("2026-10", DAY), ("7d", DAY), ("2027-12-31", 366 * DAY), ("2026-11-23", 0 * DAY)):
        with pytest.raises(InvalidQuestion):
            utc_day(word, NOW, ahead)
