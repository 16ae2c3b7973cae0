"""Windows: the words for time, and what an answer says of days that it does not have."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from support.organization import FIRST, NOW, TODAY, Truth, days
from support.tables import column, message, total
from tallystick import Ledger
from tallystick.clock import SystemClock
from tallystick.core.time import DAY
from tallystick.core.time_words import window
from tallystick.errors import InvalidQuestion


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("7d", None, ("2026-11-15", "2026-11-22")),
        ("1d", None, ("2026-11-21", "2026-11-22")),
        ("yesterday", None, ("2026-11-21", "2026-11-22")),
        ("1m", None, ("2026-10-01", "2026-11-01")),
        ("3m", None, ("2026-08-01", "2026-11-01")),
        ("12m", None, ("2025-11-01", "2026-11-01")),
        ("mtd", None, ("2026-11-01", "2026-11-23")),
        ("2026-11-20", None, ("2026-11-20", "2026-11-23")),
        ("2026-10", None, ("2026-10-01", "2026-11-23")),
        ("2026-10", "2026-10", ("2026-10-01", "2026-11-01")),
        ("2026-10", "2026-10-31", ("2026-10-01", "2026-11-01")),
        ("2026-10", "mtd", ("2026-10-01", "2026-11-23")),
        ("2026-10", "last-month", ("2026-10-01", "2026-11-01")),
        ("2026-10-05", "2026-10-07", ("2026-10-05", "2026-10-08")),
        ("2026-10-05", "2026-10-05", ("2026-10-05", "2026-10-06")),
        ("2026-10-05", "7d", ("2026-10-05", "2026-11-22")),
        ("2026-10-05", "yesterday", ("2026-10-05", "2026-11-22")),
        ("7d", "2026-11-18", ("2026-11-15", "2026-11-19")),
        ("7d", "8d", ("2026-11-15", "2026-11-22")),
        ("2026-Q3", None, ("2026-07-01", "2026-11-23")),
        ("2026-Q3", "2026-Q3", ("2026-07-01", "2026-10-01")),
        ("2026", None, ("2026-01-01", "2026-11-23")),
        ("2025", "2025", ("2025-01-01", "2026-01-01")),
        ("today", None, ("2026-11-22", "2026-11-23")),
        ("qtd", None, ("2026-10-01", "2026-11-23")),
        ("ytd", "last-month", ("2026-01-01", "2026-11-01")),
        ("4w", None, ("2026-10-19", "2026-11-16")),
        ("last-week", None, ("2026-11-09", "2026-11-16")),
        ("last-month", None, ("2026-10-01", "2026-11-01")),
        (None, "2026-10", ("2026-10-02", "2026-11-01")),
        ("mtd", "2027-03-01", ("2026-11-01", "2026-11-23")),
        ("mtd", "2026-11", ("2026-11-01", "2026-11-23")),
    ],
)
def test_words_for_time(since: str | None, until: str | None, expected: tuple[str, str]) -> None:
    """Both ends include the UTC days that they name; N d, w, m are ended ones; nothing is of the future."""
    period = window(since, until, NOW)
    assert (f"{period.start:%Y-%m-%d}", f"{period.end:%Y-%m-%d}") == expected


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("7", None),
        ("0d", None),
        ("-7d", None),
        ("2026-13", None),
        ("2026-02-30", None),
        ("last month", None),
        ("", None),
        ("2026-11-01T12:00:00Z", None),
        ("2026-12-01", None),
        ("2026-11-10", "2026-11-09"),
        ("7d", "last-month"),
        ("0001-01-01T00:00:00+01:00", None),
    ],
)
def test_what_is_no_window_is_refused(book: Ledger, since: str, until: str | None) -> None:
    """A word that is no UTC day, and a window without a day, are errors that quote it."""
    with pytest.raises(InvalidQuestion) as wrong:
        book.spend(since=since, until=until)
    assert since in wrong.value.what
    assert wrong.value.hint


def test_an_end_beyond_the_calendar_is_the_running_day() -> None:
    """`until` is cut at the running day, however far it lies: the last month of the calendar too."""
    assert window("mtd", "9999-12", NOW) == window("mtd", None, NOW)


def test_a_month_is_its_days(book: Ledger, truth: Truth) -> None:
    """A whole month by month is one row, the exact sum of its UTC days."""
    table = book.spend("month", "2026-10", "2026-10")
    october = truth.billed(date(2026, 10, 1), date(2026, 10, 31))
    assert table.rows == [{"month": "2026-10", "billed": october}]


def test_a_week_is_called_by_its_monday(book: Ledger, truth: Truth) -> None:
    """A week is named by its Monday and holds the seven days from it on."""
    table = book.spend("week", "2026-10-05", "2026-10-18")
    assert table.rows == [
        {"week": f"{monday}", "billed": truth.billed(monday, monday + 6 * DAY)}
        for monday in (date(2026, 10, 5), date(2026, 10, 12))
    ]


@pytest.mark.parametrize(("by", "cut"), [("month", "2026-10"), ("week", "2026-10-19")])
def test_a_period_that_the_window_cuts_is_named(book: Ledger, by: str, cut: str) -> None:
    """A month or week of which the window holds a part is named: its figure must not be taken for the whole."""
    table = book.spend(by, since="30d")
    assert cut in column(table, by)
    assert [text for text in (*table.warnings, *table.notes) if cut in text and "part" in text]


def test_absent_days_are_unknown_not_zero(book: Ledger) -> None:
    """Days before the ledger begins are named in words and in coverage, and have no row."""
    table = book.spend("day", "2026-09-21", "2026-10-02")
    assert column(table, "day") == ["2026-10-01", "2026-10-02"]
    assert table.coverage["absent"] == [f"2026-09-{day}" for day in range(21, 31)]
    assert (table.coverage["days"], table.coverage["present"]) == (12, 2)
    message(table, "10 days are absent", "unknown, not zero", "21 to 30 Sep")


@pytest.mark.parametrize(("report", "by"), [("spend", ()), ("usage", "model"), ("cache", "day")])
def test_a_window_without_data_has_unknown_totals(book: Ledger, report: str, by: str) -> None:
    """Where the ledger has no day of the window, there are no rows and every total is null, never 0."""
    table = book.ask(report, by=by, since="2026-09-01", until="2026-09-10")
    assert table.rows == []
    assert set(table.totals.values()) == {None}
    assert len(table.totals) == len(
        [heading for heading in table.headings if heading.kind in {"count", "money", "ratio"}]
    )
    message(table, "10 days are absent", "1 to 10 Sep")


@pytest.mark.parametrize("report", ["spend", "usage", "cache"])
def test_an_empty_ledger_has_unknown_totals(empty: Ledger, report: str) -> None:
    """A ledger into which nothing was committed answers with unknown totals, version 0, all days absent."""
    table = empty.ask(report, by="model")
    assert table.rows == []
    assert set(table.totals.values()) == {None}
    assert len(table.coverage["absent"]) == 30
    assert table.as_of == {"version": 0, "at": None}
    message(table, "30 days are absent")


def test_a_known_window_without_use_is_zero(book: Ledger) -> None:
    """Where the days are there and nothing was used, the total is a true zero."""
    table = book.usage("model", "2026-11-15", "2026-11-15", {"workspace": "Migration 2025"})
    assert table.rows == []
    assert table.totals["total_tokens"] == 0


def test_the_running_day_has_no_cost_yet(book: Ledger) -> None:
    """The running day is absent from spend, which says that cost is of ended days; it is no row and no zero."""
    table = book.spend("day", since="mtd")
    assert column(table, "day")[-1] == "2026-11-21"
    assert table.coverage["absent"] == ["2026-11-22"]
    message(table, "22 Nov has not ended", "ended UTC days")


def test_today_alone_has_an_unknown_cost(book: Ledger) -> None:
    """Asked for the running day alone, spend is unknown."""
    table = book.spend(since=f"{TODAY}")
    assert table.rows == []
    assert table.totals == {"billed": None}


def test_the_running_day_of_usage_is_a_part(book: Ledger, truth: Truth) -> None:
    """The running day's tokens are there, and named as a part of the day."""
    table = book.usage("day", since=f"{TODAY}")
    assert total(table, "uncached_input") == truth.tokens(TODAY, TODAY)["uncached_input"]
    assert table.coverage["running"] == ["2026-11-22"]
    message(table, "22 Nov", "running", "part of the day")


def test_provisional_days_are_named(book: Ledger) -> None:
    """Days read under 35 days after their end are provisional by name; older ones are settled."""
    table = book.spend(since=f"{FIRST}", until="2026-11-21")
    assert table.coverage["settled"] == 17
    assert table.coverage["provisional"] == [f"{day}" for day in days(FIRST, TODAY)[17:-1]]
    message(table, "Provisional", "18 Oct to 21 Nov")


def test_settled_days_need_no_message(book: Ledger) -> None:
    """An answer about settled days alone warns of nothing but use whose cost or price is nowhere."""
    table = book.spend(since="2026-10-01", until="2026-10-17")
    assert (table.coverage["settled"], table.coverage["present"], table.coverage["days"]) == (17, 17, 17)
    texts = (*table.warnings, *table.notes)
    assert not [text for text in texts if "priority tier" not in text and "no list price" not in text]


def test_a_day_read_while_running_is_named_for_ever(book: Ledger) -> None:
    """Asked a week later without another sync, the day that was read while running is still a part, the rest absent."""
    table = Ledger(book.path, SystemClock(NOW + 7 * DAY)).usage("day", "7d")
    assert column(table, "day") == ["2026-11-22"]
    assert table.coverage["running"] == ["2026-11-22"]
    assert table.coverage["absent"] == [f"2026-11-{day}" for day in range(23, 29)]


@pytest.mark.long
def test_time_in_python(book: Ledger, truth: Truth) -> None:
    """Python takes dates and datetimes as days that are included, and `month=` for both ends."""
    october = truth.billed(date(2026, 10, 1), date(2026, 10, 31))
    for table in (
        book.spend((), date(2026, 10, 1), date(2026, 10, 31)),
        book.spend((), datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)),
        book.spend((), "2026-10-01", "2026-10-31"),
        book.spend((), month="2026-10"),
        book.spend((), month="last-month"),
        book.spend((), month=date(2026, 10, 7)),
    ):
        assert table.totals["billed"] == october
    assert book.reconcile(month="2026-10").totals["billed"] == october
    assert book.variance(month=date(2026, 11, 1), against="2026-10").totals["before"] == october
    with pytest.raises(InvalidQuestion, match="both"):
        book.spend(since="2026-10", month="2026-10")


def test_a_day_that_is_not_over_is_not_counted_of_a_month(book: Ledger) -> None:
    """A partial month counts the days that have ended: of November, on the 22nd, 21."""
    table = book.spend("month", since="2026-10-20")
    assert "2026-11 is partial: 21 of 30 days." in table.notes
