"""Forecast: what a period comes to, on days written by hand, on random ones, and on simulated organizations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from support.command import Run
from support.organization import FIRST, NOW, TODAY, Truth, days
from support.spending import DAYS_OF, USUAL, ledger, rows_of
from support.tables import message
from tallystick import Ledger
from tallystick.core.filter import Filter
from tallystick.core.money import total
from tallystick.core.question import Table
from tallystick.core.time import DAY, Grain, Window, midnight
from tallystick.errors import InvalidQuestion
from tallystick.outlook.daily_spend import Basis, Day, Where
from tallystick.outlook.forecast import HISTORY, Forecast, forecast, history, messages
from tallystick.outlook.forecast_effects import Effect, Effects
from tallystick.outlook.forecast_model import Method
from tallystick.outlook.forecast_report import answer, period_to
from tallystick.outlook.forecast_score import HEADINGS as SCORES, backtest
from tallystick.query.groups import RECONCILING
from tallystick.sim import World
from tallystick.tally.events import Events

Tallystick = Callable[..., Run]
NOVEMBER = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
OCTOBER = Grain.MONTH.around(datetime(2026, 10, 1, tzinfo=UTC))
WEEK = tuple(map(Decimal, ("10", "11", "12", "13", "14", "2", "1")))
NOTHING = Decimal(0)
RUNNING = Day(TODAY, NOTHING, NOTHING, Basis.PART)
dollars = st.integers(0, 10**16).map(lambda number: Decimal(number).scaleb(-12))


def billed(amounts: Mapping[date, Decimal]) -> list[Day]:
    """Days of which the bill was read."""
    return [Day(day, amount, NOTHING, Basis.BILLED) for day, amount in amounts.items()]


def weekly(first: date, last: date) -> dict[date, Decimal]:
    """Days that cost what their weekday always does."""
    return {day: WEEK[day.weekday()] for day in days(first, last)}


PAST = weekly(TODAY - HISTORY * DAY, TODAY - DAY)
MONTH = sum(weekly(date(2026, 11, 1), date(2026, 11, 30)).values(), NOTHING)


def near(amount: Decimal | None, expected: Decimal, share: str = "0.001") -> bool:
    """Whether an amount is within a share of what is expected."""
    return amount is not None and abs(amount - expected) <= expected * Decimal(share)


def test_what_no_bill_tells_of_is_unknown_and_not_zero() -> None:
    """On the first of a month nothing is billed: that is unknown; a billed day that cost nothing is zero."""
    first, used = NOVEMBER.start.date(), Decimal("1.88")
    noon = NOVEMBER.start + timedelta(hours=12)
    past = billed(weekly(first - HISTORY * DAY, first - DAY))
    running = Day(first, NOTHING, used, Basis.PART)
    assert forecast([*past, running], NOVEMBER, noon).so_far == (None, used, used)
    free = Day(first, NOTHING, NOTHING, Basis.BILLED)
    assert forecast([*past, free, replace(running, day=first + DAY)], NOVEMBER, noon + DAY).so_far == (
        NOTHING,
        used,
        used,
    )


def test_weekdays_that_never_stray_are_met() -> None:
    """Where each weekday always costs the same the month comes to that, with a narrow range around it."""
    ahead = forecast([*billed(PAST), RUNNING], NOVEMBER, NOW)
    assert near(ahead.expected, MONTH)
    assert (ahead.method, ahead.known) == (Method.LEVEL, HISTORY)
    assert ahead.billed == sum(weekly(date(2026, 11, 1), TODAY - DAY).values())
    assert ahead.low is not None
    assert ahead.high is not None
    assert ahead.high - ahead.low < MONTH / 20


@given(st.lists(dollars, min_size=60, max_size=60), dollars)
def test_ranges_lie_around_each_other(amounts: list[Decimal], so_far: Decimal) -> None:
    """Whatever the days: what is spent is never above a low end, and each range holds the narrower one."""
    known = dict(zip(days(TODAY - 60 * DAY, TODAY - DAY), amounts, strict=True))
    ahead = forecast([*billed(known), replace(RUNNING, used=so_far)], NOVEMBER, NOW)
    assert ahead.expected is not None
    assert ahead.expected >= ahead.spent
    ends = [ahead.ranges[95][0], ahead.ranges[80][0], ahead.ranges[50][0]]
    ends += [ahead.ranges[50][1], ahead.ranges[80][1], ahead.ranges[95][1]]
    assert ends == sorted(ends)
    assert ends[0] >= ahead.spent


def test_a_running_day_is_never_less_than_its_part() -> None:
    """A running day counts what it used where that is more than expected; what is left is not negative."""
    usual = forecast([*billed(PAST), RUNNING], NOVEMBER, NOW)
    quiet = forecast([*billed(PAST), replace(RUNNING, used=Decimal("0.5"))], NOVEMBER, NOW)
    busy = forecast([*billed(PAST), replace(RUNNING, used=Decimal(100))], NOVEMBER, NOW)
    assert usual.expected == quiet.expected
    assert near(busy.expected, MONTH + 100 - WEEK[TODAY.weekday()])


@pytest.mark.parametrize("state", [Basis.ABSENT, Basis.PART])
def test_a_day_that_is_not_known_is_expected_and_named(state: Basis) -> None:
    """An ended day of which nothing or a part is known is expected as days to come are, never zero, and is named."""
    gap = date(2026, 11, 10)
    known = [entry for entry in billed(PAST) if entry.day != gap]
    ahead = forecast([*known, Day(gap, NOTHING, NOTHING, state), RUNNING], NOVEMBER, NOW)
    assert near(ahead.expected, MONTH)
    assert gap in (ahead.absent if state is Basis.ABSENT else ahead.part)
    assert sum("2026-11-10" in message.text for message in messages([ahead], NOW)) == 1


def test_late_days_are_waited_for() -> None:
    """Use that is not billed yet counts as priced; days of which neither is known do not pull a forecast down."""
    late = [
        day if day.day < TODAY - 3 * DAY else replace(day, basis=Basis.ABSENT, billed=NOTHING) for day in billed(PAST)
    ]
    assert near(forecast([*late, RUNNING], NOVEMBER, NOW).expected, MONTH)
    used = [
        day if day.day < TODAY - 3 * DAY else replace(day, basis=Basis.USED, billed=NOTHING, used=day.billed)
        for day in billed(PAST)
    ]
    ahead = forecast([*used, RUNNING], NOVEMBER, NOW)
    assert near(ahead.expected, MONTH)
    assert ahead.known == HISTORY


@given(st.lists(dollars, min_size=31, max_size=31))
def test_an_ended_month_comes_to_what_it_was(amounts: list[Decimal]) -> None:
    """Of an ended month of which every day is known what is expected, low and high are its spend."""
    ahead = forecast(billed(dict(zip(OCTOBER.days(), amounts, strict=True))), OCTOBER, NOW)
    assert ahead.expected == ahead.low == ahead.high == ahead.spent == total(amounts)
    assert ahead.method is Method.KNOWN
    assert not list(messages([ahead], NOW))


def test_little_to_go_by_is_said() -> None:
    """With a few known days the run rate speaks, without a range, which is said; with none nothing is expected."""
    few = forecast([*billed(weekly(TODAY - 3 * DAY, TODAY - DAY)), RUNNING], NOVEMBER, NOW)
    assert few.expected is not None
    assert (few.ranges, few.known, few.method) == ({}, 3, Method.RATE)
    assert any("little to go by: 3 billed days" in message.text for message in messages([few], NOW))
    none = forecast([RUNNING], NOVEMBER, NOW)
    assert (none.expected, none.ranges, none.days, none.reached(Decimal(1))) == (None, {}, (), None)
    ten = forecast([*billed(weekly(TODAY - 10 * DAY, TODAY - DAY)), RUNNING], NOVEMBER, NOW)
    assert any("no range" in message.text for message in messages([ten], NOW))
    fortnight = forecast([*billed(weekly(TODAY - 14 * DAY, TODAY - DAY)), RUNNING], NOVEMBER, NOW)
    assert fortnight.low is not None
    assert "28 are needed" in fortnight.why
    assert not any("range" in message.text or "go by" in message.text for message in messages([fortnight], NOW))


@pytest.mark.parametrize(("factor", "share"), [("3", "0.1"), ("0.25", "0.15"), ("0", "0.01")])
def test_a_launch_or_a_shutdown_is_followed_within_days(factor: str, share: str) -> None:
    """Five days after spend tripled, fell to a quarter or ceased, the days to come are expected at the new level."""
    shifted = {day: amount * (Decimal(factor) if day >= TODAY - 5 * DAY else 1) for day, amount in PAST.items()}
    ahead = forecast([*billed(shifted), RUNNING], NOVEMBER, NOW)
    usual = sum(weekly(TODAY, date(2026, 11, 30)).values(), NOTHING)
    assert ahead.expected is not None
    assert abs(ahead.expected - ahead.spent - usual * Decimal(factor)) <= usual * max(Decimal(factor), 1) * Decimal(
        share
    )


def test_idle_days_make_a_mean_speak() -> None:
    """Where nothing is spent on many days the mean of four weeks speaks, not the weekdays, and says so."""
    rare = {day: Decimal(70 if number % 5 == 0 else 0) for number, day in enumerate(PAST)}
    ahead = forecast([*billed(rare), RUNNING], NOVEMBER, NOW)
    assert ahead.method is Method.MEAN
    assert "many days" in ahead.why
    assert near(ahead.expected, Decimal(30 * 14), "0.1")


def test_month_ends_are_learned() -> None:
    """Where the last day of each month costs twice the usual, so does that of this month, most of it."""
    doubled = {day: amount * (2 if (day + DAY).day == 1 else 1) for day, amount in PAST.items()}
    ahead = forecast([*billed(doubled), RUNNING], NOVEMBER, NOW)
    last = dict(ahead.days)[date(2026, 11, 30)]
    assert 1.5 * float(WEEK[0]) < float(last) < 2.1 * float(WEEK[0])


def test_known_changes_are_applied() -> None:
    """A factor, dollars a day and a part of spend change the days from their first on, and the answer names them."""
    first = TODAY + 3 * DAY
    usual = sum(weekly(first, date(2026, 11, 30)).values(), NOTHING)

    def expected(effect: Effect) -> Decimal | None:
        ahead = forecast([*billed(PAST), RUNNING], NOVEMBER, NOW, Effects((effect,)))
        assert ahead.effects == ("planned",)
        return ahead.expected

    def holds(day: date) -> bool:
        return day >= first

    assert near(expected(Effect("planned", holds, factor=2.0)), MONTH + usual)
    assert near(expected(Effect("planned", holds, dollars=5.0)), MONTH + 5 * ((date(2026, 11, 30) - first).days + 1))
    half = {day: float(amount) / 2 for day, amount in PAST.items()}
    assert near(expected(Effect("planned", holds, factor=0.0, part=half)), MONTH - usual / 2)


def test_a_change_that_came_as_planned_is_not_counted_twice() -> None:
    """Days that already hold a planned change are judged without it, and the days to come hold it once."""
    first = TODAY - 2 * DAY
    doubled = {day: amount * (2 if day >= first else 1) for day, amount in PAST.items()}
    effect = Effect("planned", lambda day: day >= first, factor=2.0, endless=True)
    ahead = forecast([*billed(doubled), RUNNING], NOVEMBER, NOW, Effects((effect,)))
    assert near(ahead.expected, MONTH + sum(weekly(first, date(2026, 11, 30)).values(), NOTHING))


def test_marked_days_teach_what_the_next_one_costs() -> None:
    """A holiday without a size costs what its past days did of the same weekdays around them."""
    marked = [TODAY - 70 * DAY, TODAY - 33 * DAY, TODAY + 2 * DAY]
    low = {day: amount / 4 if day in marked else amount for day, amount in PAST.items()}
    [event] = Events.read([{"reason": "Holiday", "day": marked}]).rows
    from tallystick.outlook.forecast_effects import of_event

    effect = of_event(event, {day: float(amount) for day, amount in low.items()}, None)
    assert "times 0.25" in effect.reason
    ahead = forecast([*billed(low), RUNNING], NOVEMBER, NOW, Effects((effect,)))
    assert near(ahead.expected, MONTH - WEEK[marked[-1].weekday()] * 3 / 4)


@given(st.lists(dollars, min_size=30, max_size=30), dollars)
def test_the_day_an_amount_is_reached(amounts: list[Decimal], amount: Decimal) -> None:
    """An amount is reached on the first day up to which the days sum to it, or on none."""
    month = dict(zip(NOVEMBER.days(), amounts, strict=True))
    ahead = forecast(billed(month), NOVEMBER, datetime(2026, 12, 5, tzinfo=UTC))
    sums = [total(amounts[: number + 1]) for number in range(30)]
    reached = [day for day, so_far in zip(month, sums, strict=True) if so_far >= amount and so_far]
    assert ahead.reached(amount) == (reached[0] if reached else None)


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
                ahead = forecast_at(truth, date(2026, month, day), period)
                assert ahead.low is not None
                assert ahead.high is not None
                tried += 1
                hits += ahead.low <= actual <= ahead.high
    assert tried == 96
    assert 0.7 <= hits / tried <= 0.95


def forecast_at(truth: Mapping[date, Decimal], today: date, period: Window) -> Forecast:
    """The forecast as it was at the beginning of a day."""
    known = billed({day: amount for day, amount in truth.items() if day < today})
    return forecast([*known, Day(today, NOTHING, NOTHING, Basis.PART)], period, midnight(today))


def test_of_a_ledger(book: Ledger, truth: Truth) -> None:
    """A ledger's month: billed as the world was, use of the running day priced and apart, the rest expected."""
    row = book.forecast().rows[0]
    assert row["billed"] == truth.billed(date(2026, 11, 1), TODAY - DAY)
    used = [
        request.cost()
        for request in truth.world.requests(TODAY)
        if request.at < NOW and request.group.tier != "priority"
    ]
    assert 0 < row["not_billed_yet"] <= sum(used)  # type: ignore[operator]
    assert row["spent"] == row["billed"] + row["not_billed_yet"]  # type: ignore[operator]
    assert row["judged_by"] == (TODAY - FIRST) // timedelta(days=1)
    assert row["low_95"] <= row["low_80"] <= row["expected"] <= row["high_80"] <= row["high_95"]  # type: ignore[operator]
    october = book.forecast(until="2026-10").rows[0]
    assert october["expected"] == october["low_80"] == october["spent"] == truth.billed(FIRST, date(2026, 10, 31))
    quarter, year = book.forecast(until="quarter"), book.forecast(until="year")
    assert quarter.rows[0]["billed"] == year.rows[0]["billed"]
    assert year.rows[0]["expected"] > quarter.rows[0]["expected"]  # type: ignore[operator]
    assert message(year, "2026-01-01 to 2026-09-30", "days to come")


@pytest.mark.parametrize("by", ["workspace", "model", "key", "team"])
def test_parts_of_a_ledger_add_up(book: Ledger, by: str) -> None:
    """What is billed, used and expected of all parts is that of the whole, exactly; the answer says how."""
    parts, whole = book.forecast(by), book.forecast().rows[0]
    for column in ("billed", "not_billed_yet", "spent", "expected"):
        assert total([row[column] for row in parts.rows]) == whole[column] == parts.totals[column]  # type: ignore[misc]
    if parts.rows[-1]["method"] == Method.REST:
        assert message(parts, "reconciling item", "Ranges do not add up")


@pytest.mark.parametrize("by", ["workspace", "model", "key", "team"])
def test_one_thing_has_one_forecast(book: Ledger, by: str) -> None:
    """What a part is forecast to come to is what the forecast of it alone says, with every range, to the last place."""
    event = {"reason": "Launch", "workspace": "Production", "from": TODAY + DAY, "dollars_per_day": "40"}
    parts = [row for row in forecast_of(book, by, {}, event).rows if row["method"] != Method.REST]
    names = [heading.name for heading in forecast_of(book, "", {}).headings]
    assert parts
    for part in parts[:6]:
        [alone] = forecast_of(book, "", {by: Filter.of(str(part[by]))}, event).rows
        assert {name: part[name] for name in names} == alone


@pytest.mark.parametrize(("until", "where"), [("month", None), ("quarter", {"team": "unowned"})])
def test_days_of_a_forecast_add_up(book: Ledger, until: str, where: dict[str, str] | None) -> None:
    """By day every day of the period is a row, those to come first; all add up to the period, exactly."""
    by_day, [whole] = book.forecast("day", until=until, where=where), book.forecast(until=until, where=where).rows
    window = by_day.question.window  # type: ignore[union-attr]
    days_ahead = [str(day) for day in window.days() if day >= TODAY]
    assert [row["day"] for row in by_day.rows] == [*days_ahead, *(str(day) for day in window.days() if day < TODAY)]
    assert total([row["expected"] for row in by_day.rows]) == whole["expected"] == by_day.totals["expected"]  # type: ignore[misc]
    assert total([spent for row in by_day.rows if isinstance(spent := row["spent"], Decimal)]) == whole["spent"]
    assert message(by_day, "ranges of days do not add up")


def test_a_day_of_a_forecast_is_known_or_has_ranges(book: Ledger) -> None:
    """An ended day comes to what it cost; of a day to come nothing is spent, and it has ranges."""
    rows = {str(row["day"]): row for row in book.forecast("day").rows}
    ended, ahead = rows[str(TODAY - DAY)], rows[str(TODAY + DAY)]
    assert ended["spent"] == ended["expected"] == ended["low_80"] == ended["high_95"]
    assert (ended["method"], ended["judged_by"]) == ("known", 0)
    assert ahead["spent"] is ahead["billed"] is None
    assert ahead["low_80"] < ahead["low_50"] < ahead["expected"] < ahead["high_50"] < ahead["high_80"]  # type: ignore[operator]


def forecast_of(book: Ledger, by: str, where: Where, *events: Mapping[str, object]) -> Table:
    """The forecast of this month by a dimension, of some charges, with these events."""
    context = replace(book.context(), read_events=lambda: Events.read(events))
    return answer(
        context, replace(context.question("forecast", (by,) if by else ()), window=period_to(None, NOW), where=where)
    )


def test_an_event_of_the_settings_counts(book: Ledger) -> None:
    """A planned change of one workspace raises it and the whole, and the answer names it."""
    usual = {str(row["workspace"]): row["expected"] for row in book.forecast("workspace").rows}
    name = next(iter(usual))
    event = {"reason": "Launch", "workspace": name, "from": TODAY + DAY, "dollars_per_day": "1000"}
    context = replace(book.context(), read_events=lambda: Events.read([event]))
    question = replace(context.question("forecast", ("workspace",)), window=period_to(None, NOW))
    planned = answer(context, question)
    rise = {str(row["workspace"]): row["expected"] - usual[str(row["workspace"])] for row in planned.rows}  # type: ignore[operator]
    ahead = 1000 * (date(2026, 11, 30) - TODAY).days
    assert rise[name] == pytest.approx(ahead, rel=0.05)
    assert sum(rise.values()) == pytest.approx(ahead, rel=0.01)
    others = [value for value in usual if value not in {name, RECONCILING}]
    held = replace(question, by=(), where={"workspace": Filter.of(*others)})
    assert message(planned, "Launch")
    assert not any("Launch" in each.text for each in answer(context, held).messages)


def test_an_event_outside_what_is_asked_about_is_no_part_of_it(book: Ledger) -> None:
    """A forecast by parts of some has no part that is planned for others; what is planned for them counts in full."""
    [one, other] = book.spend(by="workspace", since="30d").rows[:2]
    usual = forecast_of(book, "model", {"workspace": Filter.of(str(one["workspace"]))})
    planned = {"reason": "Launch", "model": "new", "from": TODAY + DAY, "dollars_per_day": "1000"}
    ahead = 1000 * (date(2026, 11, 30) - TODAY).days
    for workspace, rise in ((one["workspace"], ahead), (one["workspace_name"], ahead), (other["workspace"], 0)):
        event = planned | {"workspace": workspace}
        for where in (Filter.of(str(one["workspace"])), Filter.of(str(one["workspace_name"]))):
            parts = forecast_of(book, "model", {"workspace": where}, event)
            assert ("new" in {row["model"] for row in parts.rows}) == bool(rise)
            assert near(parts.totals["expected"], usual.totals["expected"] + rise, "0.01")  # type: ignore[arg-type, operator]
    unnamed = forecast_of(book, "model", {"workspace": Filter.of(str(one["workspace"]))}, planned)
    assert unnamed.rows == usual.rows


def test_a_backtest_of_days_that_never_stray() -> None:
    """On days that cost what their weekday always does forecasts miss nothing, and all ranges hold."""
    span = Window(midnight(TODAY - 90 * DAY), midnight(TODAY))
    known = weekly(TODAY - (HISTORY + 90) * DAY, TODAY - DAY)
    rows = backtest(billed(known), span, NOW)
    assert [row[0] for row in rows] == [1, 7, 14, 28]
    for row in rows:
        values = dict(zip((heading.name for heading in SCORES), row, strict=True))
        assert values["forecasts"] in {13, 12, 11, 9}
        assert values["error"] is not None
        assert abs(values["error"]) < Decimal("0.01")  # type: ignore[arg-type, operator]
        assert values["holds_80"] == values["holds_95"] == 1


def test_a_backtest_counts_misses_by_their_sign() -> None:
    """Where spend doubles the forecasts before it are too low, and days that are not known are no ground to judge."""
    span = Window(midnight(TODAY - 28 * DAY), midnight(TODAY))
    known = {day: amount * (2 if day >= TODAY - 14 * DAY else 1) for day, amount in PAST.items()}
    week = dict(zip((heading.name for heading in SCORES), backtest(billed(known), span, NOW)[1], strict=True))
    assert week["bias"] is not None
    assert week["bias"] < 0  # type: ignore[operator]
    gone = [day for day in billed(known) if day.day < TODAY - 14 * DAY]
    assert backtest(gone, span, NOW)[1][1] == 2


def test_a_backtest_of_a_ledger(book: Ledger) -> None:
    """A backtest of a ledger has a row for each horizon and says by which days it was made."""
    table = book.forecast(past="2026-10-15")
    assert [row["days_ahead"] for row in table.rows] == [1, 7, 14, 28]
    assert message(table, "as they stand now")
    with pytest.raises(InvalidQuestion, match="backtest"):
        book.forecast("team", past="30d")


@pytest.mark.long
def test_wrong_questions(book: Ledger, tallystick: Tallystick) -> None:
    """Another period, dimension or value is refused with what there is."""
    with pytest.raises(InvalidQuestion, match="a day, month, quarter or year"):
        book.forecast(until="decade")
    with pytest.raises(InvalidQuestion, match="one dimension"):
        book.forecast(("model", "key"))
    tallystick("forecast", "--where", "kind=output").refused(2, "no forecast by kind", "workspace")
    tallystick("forecast", "--where", "workspace=Publik Sector").refused(2, "Public Sector")
    tallystick("forecast", "--until", "2030-01-01").refused(2, "two years")
    assert tallystick("forecast", "--until", "quarter", "--format", "json").json["rows"][0]["expected"]


def test_history_is_half_a_year_and_today() -> None:
    """A forecast is judged by the half year before today, which is read too."""
    assert (history(NOW).start.date(), history(NOW).end.date()) == (TODAY - HISTORY * DAY, TODAY + DAY)


@pytest.mark.parametrize(
    ("until", "first", "last"),
    [
        (None, "2026-11-01", "2026-11-30"),
        ("quarter", "2026-10-01", "2026-12-31"),
        ("2026-12-15", "2026-11-01", "2026-12-15"),
        ("2026-10", "2026-10-01", "2026-10-31"),
        ("2026-Q4", "2026-10-01", "2026-12-31"),
    ],
)
def test_the_days_of_a_forecast(until: str | None, first: str, last: str) -> None:
    """A word names its period of today; a date the days to it from the first of this month, or of its own if past."""
    window = period_to(until, NOW)
    assert (f"{window.start:%Y-%m-%d}", f"{window.end - DAY:%Y-%m-%d}") == (first, last)


def test_a_period_of_which_nothing_is_known(book: Ledger) -> None:
    """Of a period without a known day the spend is unknown, not zero."""
    [row] = book.forecast(until="2026-03").rows
    assert row["billed"] is row["not_billed_yet"] is row["spent"] is None


def test_a_price_that_changes_is_of_the_teams_that_use_it(tmp_path: Path) -> None:
    """A price that changes raises what the team of its model is expected to spend, and no other, by team or alone."""
    owners = '[[owner]]\nteam = "a"\nkey = "key0"\n[[owner]]\nteam = "b"\nkey = "key1"\n'
    models = {"key0": "claude-opus-4-6", "key1": "claude-haiku-4-5"}
    rows = [row for key, model in models.items() for row in rows_of({key: USUAL[key]}, DAYS_OF, model=model)]
    names = ("before", "after")
    for name, factor in zip(names, ("1", "2"), strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "prices.toml").write_text(
            f'[[modifier]]\nname = "terms"\nfrom = 2026-09-15\nfactor = "{factor}"\nmodels = ["claude-opus-4-6"]\n',
            encoding="utf-8",
        )
    books = [ledger(tmp_path / name, rows, text=f'prices = "prices.toml"\n{owners}') for name in names]

    def rises(by: str | None, where: Mapping[str, str] | None) -> list[float]:
        before, after = (
            [row for row in book.forecast(by, until="2026-09-30", where=where).rows if row["method"] != Method.REST]
            for book in books
        )
        return [float(new["expected"] / old["expected"]) for old, new in zip(before, after, strict=True)]  # type: ignore[operator]

    assert rises("team", None) == pytest.approx([1.5, 1], abs=0.1)
    assert rises(None, {"team": "a"}) == pytest.approx([1.5], abs=0.1)
    assert rises(None, {"team": "b"}) == [1]


def test_a_forecast_says_that_what_is_not_billed_is_spent(book: Ledger) -> None:
    """The first sentence has what is not billed yet as a part of what is spent so far."""
    table = book.ask("forecast")
    assert isinstance(table, Table)
    [row] = table.rows
    assert (
        f"So far {row['spent']:,.2f} USD is spent, {row['not_billed_yet']:,.2f} of it not billed yet." in table.headline
    )


def test_a_forecast_says_how_much_of_it_is_of_days_that_are_absent(book: Ledger) -> None:
    """The first sentence has what ended days that the ledger lacks are expected to have come to, as their days do."""
    table = book.forecast(until="year")
    days = [row for row in book.forecast("day", until="year").rows if row["spent"] is None]
    absent = [row["expected"] for row in days if str(row["day"]) < f"{NOW:%Y-%m-%d}"]
    words = f"{sum(absent):,.2f} of it for {len(absent)} ended days absent from the ledger"  # type: ignore[arg-type]
    assert absent
    assert words in table.headline
