from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from support.wire import Clock, Wire, synced
from tallystick.core.records import State
from tallystick.core.time import Grain, Window, midnight
from tallystick.ledger import Ledger
from tallystick.sim import World
from tallystick.sync import sources, summing
from tallystick.sync.estimate import estimate
from tallystick.sync.plan import Known, SyncTask, again, state_of, tasks
from tallystick.sync.source import RequestCost, Source

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()

nows = st.datetimes(datetime(2026, 3, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
kinds = st.sampled_from([(sources.USAGE, Grain.DAY), (sources.USAGE, Grain.HOUR), (sources.COST, Grain.DAY)])


@st.composite
def situations(draw: st.DrawFn) -> tuple[Window, dict[date, Known], datetime]:
    """A window, what the ledger knows, and the present."""
    now = draw(nows)
    today = now.date()
    start = today - DAY * draw(st.integers(0, 120))
    end = start + DAY * draw(st.integers(1, 130))
    known = {}
    for back in draw(st.sets(st.integers(0, 100), max_size=60)):
        day = today - DAY * back
        read_at = min(now, midnight(day) + timedelta(hours=draw(st.integers(1, 24 * (back + 1)))))
        known[day] = Known(state_of(day, read_at), read_at)
    return Window(midnight(start), midnight(end)), known, now


def _split(plan: list[SyncTask]) -> tuple[list[date], list[date]]:
    """The days that are read, and those whose control total is read."""
    read, check = (
        [day for task in plan if task.check is check for day in task.window.days()] for check in (False, True)
    )
    return read, check


def _back(days: int) -> date:
    return TODAY - DAY * days


def _plan(known: dict[date, Known], source: Source = sources.USAGE, since: int = 90) -> tuple[list[date], list[date]]:
    return _split(tasks(source, Grain.DAY, Window(midnight(_back(since)), midnight(_back(-1))), known, NOW))


@pytest.mark.long
@given(situations(), kinds)
def test_the_running_day_and_the_last_three_are_read_once_a_day(
    situation: tuple[Window, dict[date, Known], datetime], kind: tuple[Source, Grain]
) -> None:
    """The last three ended days are read, and the running one with them; once read since midnight they are checked."""
    wanted, known, now = situation
    read, check = _split(tasks(*kind, wanted, known, now))
    first = 1 if kind[0] is sources.COST else 0
    recent = {now.date() - DAY * back for back in range(first, 4)} & set(wanted.days())
    assert recent <= {*read, *check}
    for day in recent & {*check}:
        assert known[day].read_at >= midnight(now.date())
        assert known[day].state is State.PROVISIONAL or day == now.date()


@pytest.mark.long
@given(situations(), kinds)
def test_what_is_missing_is_read_and_what_is_settled_is_not(
    situation: tuple[Window, dict[date, Known], datetime], kind: tuple[Source, Grain]
) -> None:
    """Days wanted that the ledger lacks, or read while running, are read; settled days are neither read nor checked."""
    wanted, known, now = situation
    read, check = _split(tasks(*kind, wanted, known, now))
    ended = {day for day in wanted.days() if day < now.date()}
    assert {day for day in ended if day not in known or known[day].state is State.RUNNING} <= set(read)
    assert not {day for day, day_state in known.items() if day_state.state is State.SETTLED} & {*read, *check}


@pytest.mark.long
@given(situations(), kinds)
def test_unsettled_days_of_before_are_seen_to(
    situation: tuple[Window, dict[date, Known], datetime], kind: tuple[Source, Grain]
) -> None:
    """What was left unsettled before the window is read or checked too, and days outside of both are left alone."""
    wanted, known, now = situation
    read, check = _split(tasks(*kind, wanted, known, now))
    older = {
        day for day, day_state in known.items() if day_state.state is not State.SETTLED and midnight(day) < wanted.start
    }
    today = now.date() if kind[0] is sources.USAGE else now.date() - DAY
    assert {day for day in older if day <= today} <= {*read, *check}
    assert {*read, *check} <= {*older, *wanted.days()}


@pytest.mark.long
@given(situations(), kinds)
def test_windows_are_whole_days_that_fit_a_page(
    situation: tuple[Window, dict[date, Known], datetime], kind: tuple[Source, Grain]
) -> None:
    """Tasks are whole UTC days, 31 of them at most (7 by hour), in order, no day twice; a read one is in one month."""
    source, grain = kind
    plan = tasks(source, grain, *situation)
    now = situation[2]
    for task in plan:
        days = task.window.days()
        assert (task.source, task.grain) == kind
        assert task.window == Window(midnight(days[0]), midnight(days[-1] + DAY))
        assert task.check or len({(day.year, day.month) for day in days}) == 1
        assert len(days) <= (7 if grain is Grain.HOUR else 31)
        assert days[-1] < now.date() if source is sources.COST else days[-1] <= now.date()
    read, check = _split(plan)
    assert len({*read, *check}) == len(read) + len(check)
    assert read == sorted(read)
    assert check == sorted(check)


@pytest.mark.long
@given(situations(), kinds)
def test_control_totals_are_read_for_five_weeks(
    situation: tuple[Window, dict[date, Known], datetime], kind: tuple[Source, Grain]
) -> None:
    """A provisional day is checked by its control total until it was last read a week ago or ended 35 days ago."""
    wanted, known, now = situation
    read, check = _split(tasks(*kind, wanted, known, now))
    for day in check:
        assert known[day].state is State.PROVISIONAL or day == now.date()
        assert now - known[day].read_at < timedelta(days=7)
        assert now < midnight(day) + 36 * DAY
    for day, day_state in known.items():
        if (
            day_state.state is State.PROVISIONAL
            and day in wanted.days()
            and now - day_state.read_at >= timedelta(days=7)
        ):
            assert day in read


def test_cost_never_asks_for_the_running_day() -> None:
    """Cost of a window that is the running day alone is no task at all."""
    today = Window(midnight(TODAY), midnight(TODAY) + DAY)
    assert tasks(sources.COST, Grain.DAY, today, {}, NOW) == []
    assert [task.window for task in tasks(sources.USAGE, Grain.DAY, today, {}, NOW)] == [today]


def test_a_day_to_come_is_not_asked_for() -> None:
    """A window that reaches into the future ends with the running day."""
    wanted = Window(midnight(TODAY), midnight(TODAY) + 9 * DAY)
    assert _split(tasks(sources.USAGE, Grain.DAY, wanted, {}, NOW))[0] == [TODAY]


@pytest.mark.parametrize(
    ("read_at", "expected"),
    [
        (datetime(2026, 10, 1, 23, 59, 59, tzinfo=UTC), State.RUNNING),
        (datetime(2026, 10, 2, tzinfo=UTC), State.PROVISIONAL),
        (datetime(2026, 11, 5, 23, 59, 59, tzinfo=UTC), State.PROVISIONAL),
        (datetime(2026, 11, 6, tzinfo=UTC), State.SETTLED),
    ],
)
def test_a_day_settles_thirty_five_days_after_its_end(read_at: datetime, expected: State) -> None:
    """A day is running until its end, provisional until 35 days after it, settled if read then or later."""
    assert state_of(date(2026, 10, 1), read_at) is expected


def test_a_week_makes_a_check_a_reading() -> None:
    """Provisional days are checked while all were read within a week; then all are read, which costs no more."""
    known = {_back(back): Known(State.PROVISIONAL, NOW - timedelta(days=6)) for back in range(1, 36)}
    read, check = _plan(known, since=35)
    assert read == [_back(3), _back(2), _back(1), TODAY]
    assert check == [_back(back) for back in range(35, 3, -1)]
    known[_back(20)] = Known(State.PROVISIONAL, NOW - timedelta(days=7))
    read, check = _plan(known, since=35)
    assert (read, check) == ([_back(back) for back in range(35, -1, -1)], [])


def test_nothing_new_is_one_request_for_each_31_days() -> None:
    """Where all was read today, the control totals of the running day and the last 35 are two windows of a source."""
    known = {_back(back): Known(State.PROVISIONAL, NOW) for back in range(1, 36)}
    known[TODAY] = Known(State.RUNNING, NOW)
    wanted = Window(midnight(_back(35)), midnight(_back(-1)))
    for source, days in ((sources.USAGE, 36), (sources.COST, 35)):
        plan = tasks(source, Grain.DAY, wanted, known, NOW)
        assert ([task.check for task in plan], sum(len(task.window.days()) for task in plan)) == ([True, True], days)
    activity = _split(tasks(sources.CLAUDE_CODE, Grain.DAY, wanted, known, NOW))
    assert activity == ([_back(back) for back in (3, 2, 1)], []), "which has no control totals"


def test_past_five_weeks_a_provisional_day_is_read_once_more() -> None:
    """A day that ended 35 days ago and is still provisional is read, however fresh it is, and so becomes settled."""
    known = {_back(back): Known(State.PROVISIONAL, NOW - DAY) for back in range(1, 40)}
    read, _ = _plan(known, since=39)
    assert read[:4] == [_back(39), _back(38), _back(37), _back(36)]
    assert state_of(_back(36), NOW) is State.SETTLED


def test_an_errand_says_what_it_is() -> None:
    """A task is spoken of by its source, grain and days."""
    window = Window(midnight(date(2026, 10, 1)), midnight(date(2026, 10, 4)))
    assert str(SyncTask(sources.COST, Grain.DAY, window)) == "cost by day, 2026-10-01 to 2026-10-03"
    assert str(SyncTask(sources.USAGE, Grain.HOUR, Window.of_day(TODAY), check=True)) == (
        "usage by hour, 2026-11-22, control totals"
    )


def test_again_reads_exactly_these_days() -> None:
    """The tasks that repeat a task hold the days told and no other, as readings of the same kind."""
    days = [date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 5)]
    first = SyncTask(sources.USAGE, Grain.HOUR, Window(midnight(days[0]), midnight(days[-1] + DAY)), check=True)
    fetch_tasks = again(first, days)
    assert [day for task in fetch_tasks for day in task.window.days()] == days
    assert {(task.source, task.grain, task.check) for task in fetch_tasks} == {(sources.USAGE, Grain.HOUR, False)}
    assert again(first, []) == []


def test_an_estimate_grows_with_the_plan_and_says_whether_it_was_measured() -> None:
    """Requests and megabytes grow with the days asked for; measured costs make the estimate measured."""
    window = Window(midnight(date(2026, 9, 1)), midnight(date(2026, 11, 1)))
    plan = tasks(sources.USAGE, Grain.DAY, window, {}, NOW)
    few, many = estimate(plan[:1], {}), estimate(plan, {})
    assert not few.measured
    assert few.requests < many.requests
    assert few.megabytes < many.megabytes
    size = 2 * sources.OLDER_COST.size
    cost = {(sources.USAGE, Grain.DAY): RequestCost(queries=12, pages=0, size=size, measured=True)}
    assert estimate(plan, cost).measured
    assert estimate(plan, cost).megabytes == 2 * many.megabytes


def test_an_estimate_follows_the_pace() -> None:
    """Sixty requests of the newer dialect go out at once, more wait a minute; a breakdown is one query in three."""
    window = Window(midnight(_back(31)), midnight(TODAY))
    plan = [SyncTask(sources.ANALYTICS_COST, Grain.DAY, window)]
    counts = (60, 61, 121)
    costs = [RequestCost(queries=count, pages=0, size=0, measured=True) for count in counts]
    estimates = [estimate(plan, {(sources.ANALYTICS_COST, Grain.DAY): cost}) for cost in costs]
    assert [each.requests - 7 for each in estimates] == [*counts]
    assert [round(each.minutes) for each in estimates] == [0, 1, 2]
    breakdown = estimate([SyncTask(sources.SOURCES["breakdown_sessions"], Grain.DAY, window)], {})
    assert breakdown.requests == 3 + 7
    assert not breakdown.measured


@pytest.mark.long
@pytest.mark.parametrize("source", ["reports", "analytics"])
def test_an_estimate_tells_the_requests_of_a_sync(path: Path, source: str) -> None:
    """The plan of a first sync, of one with nothing new and of the next day's is within a tenth of what is asked."""
    world = World(start=_back(120), keys=24)
    for now in (NOW, NOW, NOW + DAY):
        wire = Wire(world, Clock(now))
        _, cost = Ledger(path, wire.clock).plan(f"{_back(110)}", source=source)
        asked = synced(path, wire, _back(110), source=source).requests
        assert abs(cost.requests - asked) <= max(1, asked / 10), (now, cost.requests, asked)


def test_days_are_tallied_in_chunks() -> None:
    """Days follow each other in chunks of no more rows than is allowed; a day that has more stands alone."""
    days = [date(2026, 11, day) for day in range(1, 8)]
    counts = dict(zip(days, (4, 6, 0, 1, 25, 3), strict=False))
    assert list(summing.chunks(days, counts, most=10)) == [days[:3], [days[3]], [days[4]], days[5:]]
