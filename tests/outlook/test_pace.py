"""Pace: what a period comes to, on days written by hand, on random ones, and on simulated organizations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from support.command import Run
from support.organization import FIRST, NOW, TODAY, Truth, days
from support.tables import message
from tallystick import Ledger
from tallystick.core.money import total
from tallystick.core.time import DAY, Grain, Window, midnight
from tallystick.errors import InvalidQuestion
from tallystick.outlook.daily_spend import Basis, Day
from tallystick.outlook.pace import HISTORY, Pace, history, messages, pace
from tallystick.sim import World

Tallystick = Callable[..., Run]
NOVEMBER = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
OCTOBER = Grain.MONTH.around(datetime(2026, 10, 1, tzinfo=UTC))
WEEK = tuple(map(Decimal, ("10", "11", "12", "13", "14", "2", "1")))
NOTHING = Decimal(0)
dollars = st.integers(0, 10**16).map(lambda number: Decimal(number).scaleb(-12))


def billed(amounts: Mapping[date, Decimal]) -> list[Day]:
    """Days of which the bill was read."""
    return [Day(day, amount, NOTHING, Basis.BILLED) for day, amount in amounts.items()]


def weekly(first: date, last: date) -> dict[date, Decimal]:
    """Days that cost what their weekday always does."""
    return {day: WEEK[day.weekday()] for day in days(first, last)}


def test_weekdays_that_never_stray_are_met_exactly() -> None:
    """Where each weekday always costs the same the month comes to that, to the picodollar, and the range is that."""
    known = billed(weekly(TODAY - HISTORY * DAY, TODAY - DAY))
    forecast = pace([*known, Day(TODAY, NOTHING, NOTHING, Basis.PART)], NOVEMBER, NOW)
    month_total = sum(weekly(date(2026, 11, 1), date(2026, 11, 30)).values())
    assert (forecast.expected, forecast.low, forecast.high, forecast.known) == (
        month_total,
        month_total,
        month_total,
        HISTORY,
    )
    assert forecast.billed == sum(weekly(date(2026, 11, 1), TODAY - DAY).values())


@pytest.mark.long
@given(st.lists(dollars, min_size=HISTORY, max_size=HISTORY), dollars, dollars)
def test_the_pace_is_what_the_page_says(amounts: list[Decimal], so_far: Decimal, not_yet: Decimal) -> None:
    """Billed days as billed, used ones as priced, a running one at its part or mean, the rest at means."""
    known = dict(zip(days(TODAY - HISTORY * DAY, TODAY - DAY), amounts, strict=True))
    yesterday = Day(TODAY - DAY, NOTHING, not_yet, Basis.USED)
    given_ = [*billed(known)[:-1], yesterday, Day(TODAY, NOTHING, so_far, Basis.PART)]
    forecast = pace(given_, NOVEMBER, NOW)
    first = next((day for day, amount in known.items() if amount), TODAY - HISTORY * DAY)
    judged = {day: Fraction(amount) for day, amount in known.items() if first <= day < TODAY - DAY}
    if not judged or not any(judged.values()):
        return
    overall = sum(judged.values()) / len(judged)

    def mean(day: date) -> Fraction:
        same = [amount for past_day, amount in judged.items() if past_day.weekday() == day.weekday()]
        return sum(same, Fraction(0)) / len(same) if same else overall

    month_total = sum((Fraction(known[day]) for day in days(date(2026, 11, 1), TODAY - 2 * DAY)), Fraction(not_yet))
    month_total += max(Fraction(so_far), mean(TODAY))
    month_total += sum((mean(day) for day in days(TODAY + DAY, date(2026, 11, 30))), Fraction(0))
    assert forecast.expected is not None
    assert abs(Fraction(forecast.expected) - month_total) <= Fraction(1, 10**12)
    assert forecast.used == total([so_far, not_yet])
    if forecast.low is not None and forecast.high is not None:
        assert forecast.spent <= forecast.low <= forecast.expected <= forecast.high


def test_a_running_day_is_never_less_than_its_part() -> None:
    """A running day counts what it used where that is more than its weekday's mean; what is left is not negative."""
    known = billed(weekly(TODAY - HISTORY * DAY, TODAY - DAY))
    usual = pace([*known, Day(TODAY, NOTHING, NOTHING, Basis.PART)], NOVEMBER, NOW)
    quiet = pace([*known, Day(TODAY, NOTHING, Decimal("0.5"), Basis.PART)], NOVEMBER, NOW)
    busy = pace([*known, Day(TODAY, NOTHING, Decimal(100), Basis.PART)], NOVEMBER, NOW)
    assert usual.expected == quiet.expected
    assert busy.expected == quiet.expected + 100 - WEEK[TODAY.weekday()]  # type: ignore[operator]


@pytest.mark.parametrize("state", [Basis.ABSENT, Basis.PART])
def test_a_day_that_is_not_known_is_expected_and_named(state: Basis) -> None:
    """An ended day of which nothing or a part is known is expected at the run rate, never zero, and is named."""
    gap = date(2026, 11, 10)
    known = [entry for entry in billed(weekly(TODAY - HISTORY * DAY, TODAY - DAY)) if entry.day != gap]
    forecast = pace(
        [*known, Day(gap, NOTHING, NOTHING, state), Day(TODAY, NOTHING, NOTHING, Basis.PART)], NOVEMBER, NOW
    )
    assert forecast.expected == sum(weekly(date(2026, 11, 1), date(2026, 11, 30)).values())
    assert gap in (forecast.absent if state is Basis.ABSENT else forecast.part)
    assert sum("2026-11-10" in message.text for message in messages([forecast], NOW)) == 1


@pytest.mark.long
@given(st.lists(dollars, min_size=31, max_size=31))
def test_an_ended_month_comes_to_what_it_was(amounts: list[Decimal]) -> None:
    """Of an ended month of which every day is known the pace, low and high are its spend."""
    month = dict(zip(OCTOBER.days(), amounts, strict=True))
    forecast = pace(billed(month), OCTOBER, NOW)
    assert forecast.expected == forecast.low == forecast.high == forecast.spent == total(amounts)
    assert not list(messages([forecast], NOW))


def test_the_first_of_a_month() -> None:
    """On the first, with nothing used yet, all comes from the weeks before; the range is there."""
    first = datetime(2026, 11, 1, tzinfo=UTC)
    known = weekly(first.date() - HISTORY * DAY, first.date() - DAY)
    strayed = {day: amount + (day.day % 3) for day, amount in known.items()}
    forecast = pace([*billed(strayed), Day(first.date(), NOTHING, NOTHING, Basis.PART)], NOVEMBER, first)
    assert forecast.spent == 0
    assert forecast.low is not None
    assert forecast.high is not None
    assert forecast.expected is not None
    assert 0 < forecast.low < forecast.expected < forecast.high


def test_little_to_go_by_is_said() -> None:
    """With a few known days there is a pace and no range, which is said; with none there is no pace."""
    today = Day(TODAY, NOTHING, NOTHING, Basis.PART)
    few = pace([*billed(weekly(TODAY - 3 * DAY, TODAY - DAY)), today], NOVEMBER, NOW)
    assert few.expected is not None
    assert (few.low, few.high, few.known) == (None, None, 3)
    assert any("little to go by: 3 billed days" in message.text for message in messages([few], NOW))
    none = pace([today], NOVEMBER, NOW)
    assert (none.expected, none.low, none.days, none.reached(Decimal(1))) == (None, None, (), None)
    assert any("little to go by: 0 billed days" in message.text for message in messages([none], NOW))
    ten = pace([*billed(weekly(TODAY - 10 * DAY, TODAY - DAY)), today], NOVEMBER, NOW)
    assert ten.low is None
    assert any("no range" in message.text for message in messages([ten], NOW))
    fortnight = pace([*billed(weekly(TODAY - 14 * DAY, TODAY - DAY)), today], NOVEMBER, NOW)
    assert fortnight.low is not None
    assert not any("range" in message.text or "go by" in message.text for message in messages([fortnight], NOW))


def test_what_began_lately_is_judged_from_its_first_day() -> None:
    """Days before a scope first spent anything say nothing of it; idle days after that do."""
    idle = dict.fromkeys(days(TODAY - HISTORY * DAY, TODAY - 22 * DAY), NOTHING)
    lately = weekly(TODAY - 21 * DAY, TODAY - DAY)
    today = Day(TODAY, NOTHING, NOTHING, Basis.PART)
    forecast = pace([*billed(idle | lately), today], NOVEMBER, NOW)
    assert forecast.expected == sum(weekly(date(2026, 11, 1), date(2026, 11, 30)).values())
    assert forecast.known == 21
    ceased = pace(
        [*billed(weekly(TODAY - HISTORY * DAY, TODAY - 22 * DAY)), *billed(dict.fromkeys(lately, NOTHING)), today],
        NOVEMBER,
        NOW,
    )
    assert ceased.expected is not None
    assert 0 < ceased.expected < forecast.expected  # type: ignore[operator]


def test_growth_widens_the_range_upwards() -> None:
    """Where days grew steadily the range reaches to what the month comes to if they go on to grow."""
    grown = {day: Decimal(100 + number) for number, day in enumerate(days(TODAY - HISTORY * DAY, TODAY - DAY))}
    forecast = pace([*billed(grown), Day(TODAY, NOTHING, NOTHING, Basis.PART)], NOVEMBER, NOW)
    goes_on = sum(100 + HISTORY + number for number in range(9)) + forecast.billed
    assert forecast.expected is not None
    assert forecast.high is not None
    assert forecast.low is not None
    assert forecast.expected < goes_on
    assert abs(forecast.high - goes_on) < goes_on / 50
    assert forecast.expected - forecast.low < forecast.high - forecast.expected


@pytest.mark.long
@given(st.lists(dollars, min_size=30, max_size=30), dollars)
def test_the_day_an_amount_is_reached(amounts: list[Decimal], amount: Decimal) -> None:
    """An amount is reached on the first day up to which the days sum to it, or on none."""
    month = dict(zip(NOVEMBER.days(), amounts, strict=True))
    forecast = pace(billed(month), NOVEMBER, datetime(2026, 12, 5, tzinfo=UTC))
    sums = [total(amounts[: number + 1]) for number in range(30)]
    reached = [day for day, so_far in zip(month, sums, strict=True) if so_far >= amount and so_far]
    assert forecast.reached(amount) == (reached[0] if reached else None)


@pytest.mark.long
def test_the_range_holds_simulated_months() -> None:
    """Of simulated months, judged on six of their days, 70 to 95 % lie in their 80 % range."""
    hits = tried = 0
    for seed in (11, 12, 13, 14):
        world = World(start=date(2026, 5, 1), end=TODAY, seed=seed, keys=16, requests_per_key_day=6)
        truth = {day: world.billed(day) for day in days(date(2026, 5, 1), date(2026, 10, 31))}
        for month in range(7, 11):
            period = Grain.MONTH.around(datetime(2026, month, 1, tzinfo=UTC))
            actual = total([truth[day] for day in period.days()])
            for day in (1, 6, 11, 16, 21, 26):
                forecast = forecast_at(truth, date(2026, month, day), period)
                assert forecast.low is not None
                assert forecast.high is not None
                tried += 1
                hits += forecast.low <= actual <= forecast.high
    assert tried == 96
    assert 0.7 <= hits / tried <= 0.95


def forecast_at(truth: Mapping[date, Decimal], today: date, period: Window) -> Pace:
    """The pace as it was at the beginning of a day."""
    now = midnight(today)
    known = billed({day: amount for day, amount in truth.items() if day < today})
    return pace([*known, Day(today, NOTHING, NOTHING, Basis.PART)], period, now)


@pytest.mark.long
def test_of_a_ledger(book: Ledger, truth: Truth) -> None:
    """A ledger's month: billed as the world was, use of the running day priced and apart, the rest expected."""
    row = book.pace().rows[0]
    assert row["billed"] == truth.billed(date(2026, 11, 1), TODAY - DAY)
    used = [
        request.cost()
        for request in truth.world.requests(TODAY)
        if request.at < NOW and request.group.tier != "priority"
    ]
    assert 0 < row["not_billed_yet"] <= sum(used)  # type: ignore[operator]
    assert row["spent"] == row["billed"] + row["not_billed_yet"]  # type: ignore[operator]
    assert row["judged_by"] == (TODAY - FIRST) // timedelta(days=1)
    assert row["low"] <= row["pace"] <= row["high"]  # type: ignore[operator]
    october = book.pace(on="2026-10-15").rows[0]
    assert october["pace"] == october["low"] == october["spent"] == truth.billed(FIRST, date(2026, 10, 31))
    quarter, year = book.pace(every="quarter"), book.pace(every="year")
    assert quarter.rows[0]["billed"] == year.rows[0]["billed"]
    assert year.rows[0]["pace"] > quarter.rows[0]["pace"]  # type: ignore[operator]
    assert message(year, "2026-01-01 to 2026-09-30", "run rate")


@pytest.mark.long
def test_workspaces_add_up(book: Ledger) -> None:
    """What is billed and used of all workspaces is that of the whole; each has its own pace."""
    names = [row["workspace"] for row in book.spend("workspace", since="mtd").rows]
    rows = [book.pace({"workspace": str(name)}).rows[0] for name in names]
    all_spend = book.pace().rows[0]
    for column in ("billed", "not_billed_yet", "spent"):
        assert total([row[column] for row in rows]) == all_spend[column]  # type: ignore[misc]


@pytest.mark.long
def test_wrong_questions(book: Ledger, tallystick: Tallystick) -> None:
    """Another period, dimension or value is refused with what there is."""
    with pytest.raises(InvalidQuestion, match="month, quarter, year"):
        book.pace(every="decade")
    tallystick("pace", "--where", "kind=output").refused(2, "no pace by kind", "workspace")
    tallystick("pace", "--where", "workspace=Publik Sector").refused(2, "Public Sector")
    tallystick("pace", "--on", "2027-01-01").refused(2, "future")
    assert tallystick("pace", "--every", "quarter", "--format", "json").json["rows"][0]["pace"]


def test_history_is_eight_weeks_and_today() -> None:
    """A pace is judged by the eight weeks before today, which is read too."""
    assert (history(NOW).start.date(), history(NOW).end.date()) == (TODAY - HISTORY * DAY, TODAY + DAY)


def test_a_period_of_which_nothing_is_known(book: Ledger) -> None:
    """Of a period without a known day the spend is unknown, not zero."""
    [row] = book.pace(on="2026-03-15").rows
    assert row["billed"] is row["not_billed_yet"] is row["spent"] is None
