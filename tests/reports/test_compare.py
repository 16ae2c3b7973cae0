"""Compare: an answer beside that of another window is exact in every row and total, and unknown stays unknown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from support.command import Tallystick
from tallystick import Ledger
from tallystick.errors import InvalidQuestion

BY = st.sampled_from([(), ("workspace",), ("key", "model"), ("team",), ("day",), ("week", "kind"), ("day", "team")])
SPANS = st.sampled_from(["5d", "1w", "2w", "20d"])


@settings(max_examples=20)
@given(BY, SPANS, st.none() | st.integers(1, 5))
def test_before_is_the_answer_of_the_window_before(owned: Ledger, by: Any, since: str, top: int | None) -> None:
    """Rows and totals of `before` are those of the same question of that window; change is the exact difference."""
    table = owned.spend(by, since, compare="previous", top=top)
    assert table.question
    assert table.question.against
    window = table.question.against
    assert window.end == table.question.window.start
    before = owned.spend(by, window.start.date(), window.end.date().replace(day=window.end.day - 1))
    assert table.totals["billed_before"] == before.totals["billed"]
    for row in [*table.rows, table.totals]:
        if row["billed"] is not None and row["billed_before"] is not None:
            assert row["billed_change"] == row["billed"] - row["billed_before"]
    assert sum(row["billed"] or 0 for row in table.rows) == table.totals["billed"]
    apart = [message.dollars or 0 for message in table.messages if "without a counterpart" in message.text]
    assert sum([row["billed_before"] or 0 for row in table.rows], sum(apart)) == before.totals["billed"]
    if top is None and not apart:
        amounts = sorted(row["billed_before"] for row in table.rows if row["billed_before"])
        assert amounts == sorted(row["billed"] for row in before.rows if row["billed"])


def test_the_rest_of_the_answer_stays(book: Ledger) -> None:
    """A comparison adds columns; the others are what they were."""
    plain, table = (book.usage("model", "7d", **more) for more in ({}, {"compare": "previous"}))
    names = [heading.name for heading in plain.headings]
    assert [heading.name for heading in table.headings] == [
        *names,
        *("total_tokens_before", "total_tokens_change", "total_tokens_growth"),
    ]
    rows = [{name: row[name] for name in names} for row in table.rows]
    assert [row for row in rows if row["total_tokens"]] == [row for row in plain.rows if row["total_tokens"]]
    assert table.totals["total_tokens_before"] == book.usage((), "2026-11-08", "2026-11-14").totals["total_tokens"]


def test_what_is_not_in_the_ledger_is_unknown(book: Ledger) -> None:
    """Of a window that was never read nothing is known, so neither is a change; by day each absent day is unknown."""
    year = book.spend("workspace", "7d", compare="year")
    assert {row["billed_before"] for row in [*year.rows, year.totals]} == {None}
    assert {row["billed_change"] for row in [*year.rows, year.totals]} == {None}
    assert any("Before: " in text and "absent" in text for text in year.warnings)
    days = book.spend("day", "2026-10-04", "2026-10-09", compare="previous")
    known = {row["day"]: row["billed_before"] is not None for row in days.rows}
    assert known == {f"2026-10-{day:02}": day > 6 for day in range(4, 10)}


@pytest.mark.parametrize(
    ("days", "before"),
    [
        ({"month": "2026-10"}, ("2026-09-01", "2026-10-01")),
        ({"month": "mtd"}, ("2026-10-01", "2026-10-22")),
        ({"since": "3d"}, ("2026-11-16", "2026-11-19")),
    ],
)
def test_a_month_is_compared_with_the_month_before(book: Ledger, days: Any, before: tuple[str, str]) -> None:
    """A month is compared with the month before, its ended days with as many; any other window with one as long."""
    against = book.spend((), **days, compare="previous").question
    assert against
    assert against.against
    assert (f"{against.against.start:%Y-%m-%d}", f"{against.against.end:%Y-%m-%d}") == before


def test_groups_of_one_window_alone_are_zero_in_the_other(two: Ledger, book: Ledger) -> None:
    """A group that is new has nothing before, and one that is gone has nothing now; neither is left out."""
    table = book.spend("key,model", "1d", "1d", compare="previous")
    gone = [row for row in table.rows if row["billed"] == 0]
    new = [row for row in table.rows if row["billed_before"] == 0]
    assert all(row["billed_change"] == -row["billed_before"] for row in gone)
    assert all(row["billed_change"] == row["billed"] for row in new)
    assert gone or new
    assert {row["organization"] for row in two.spend("key", "3d", compare="previous").rows} == {*two.organizations()}


def test_what_cannot_be_compared_is_refused(book: Ledger, tallystick: Tallystick) -> None:
    """Days of a zone, and days before all use, are refused with what to do."""
    with pytest.raises(InvalidQuestion, match="time zone"):
        book.usage("day", "7d", tz="Asia/Tokyo", compare="previous")
    with pytest.raises(InvalidQuestion, match="nothing was used before"):
        book.spend("day", "2023-01-03", "2023-01-04", compare="year")
    tallystick("spend", "--compare", "yaer").refused(2, "year")
    assert "billed_before" in tallystick("spend", "--since", "7d", "--compare", "previous", "--format", "csv").out
