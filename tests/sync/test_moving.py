from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from support.records import content, days_of, rows
from support.simulated_truth import COUNTED, assert_true, counted, ledger_used, used
from support.wire import DAY, NOW, PUBLIC, TODAY, Clock, Wire, days_ago, small, span, synced
from tallystick.core.report_tables import USAGE_DAY, USAGE_HOUR
from tallystick.sim import Answer, World
from tallystick.sync.rebuild import rebuild

REPORTS = {"usage": "usage_report", "cost": "cost_report"}


def _grows(world: World, day: date, source: str, times: int) -> Callable[[str], Answer | None]:
    """Lets late requests arrive on `day` in the middle of its first `times` readings: when its cube is asked for."""
    remaining, armed = [times], [True]

    def before(target: str) -> None:
        if REPORTS[source] not in target or "page=" in target:
            return
        if "group_by[]" not in unquote(target):
            armed[0] = True
        elif (
            "group_by[]=workspace_id" in unquote(target)
            and _start(target)[:10] <= str(day)
            and remaining[0]
            and armed[0]
        ):
            remaining[0], armed[0] = remaining[0] - 1, False
            world.restate(day)

    return before


def _start(target: str) -> str:
    return parse_qs(urlsplit(target).query)["starting_at"][0]


def _readings(path: Path, source: str) -> dict[date, int]:
    """How many times each day was read whole."""
    counts: dict[date, int] = {}
    query = (
        f"SELECT DISTINCT reading, window_start, window_end FROM pages WHERE purpose = 'after' AND source = '{source}'"  # noqa: S608
    )
    for row in rows(path, query):
        for day in span(row["window_start"].date(), row["window_end"].date()):
            counts[day] = counts.get(day, 0) + 1
    return counts


@pytest.mark.long
@pytest.mark.parametrize(("source", "times"), [("usage", 2), ("cost", 1)])
def test_a_day_that_moves_while_it_is_read_is_read_again(path: Path, source: str, times: int) -> None:
    """An ended day that changes between its control totals is read again, twice at most, and no other day is."""
    world, day = small(), days_ago(5)
    done = synced(path, Wire(world, before=_grows(world, day, source, times)), days_ago(8))
    assert_true(path, world, [span_day for span_day in span(days_ago(8), TODAY) if source == "cost" or span_day != day])
    assert ledger_used(path)[day,] == used(world, day)
    readings = _readings(path, source)
    assert readings.pop(day) == times + 1
    assert set(readings.values()) == {1}
    assert done.moved == {}
    assert rows(path, "SELECT * FROM notices") == []


@pytest.mark.long
@pytest.mark.parametrize("source", ["usage", "cost"])
def test_a_day_that_keeps_moving_is_left_as_it_was(path: Path, source: str) -> None:
    """A day that moves at each of three readings stays as the ledger had it, with an Issue, and is right next time."""
    world, day = small(), days_ago(2)
    synced(path, Wire(world, Clock(NOW - DAY)), days_ago(8), days_ago(1))
    before = content(path)
    done = synced(path, Wire(world, before=_grows(world, day, source, 99)), days_ago(8), days_ago(1))
    assert _readings(path, source)[day] == 4
    after = content(path)
    assert after[source] == before[source]
    assert list(done.moved) == [f"{source} {day}"]
    (notice,) = rows(path, "SELECT * FROM notices")
    assert (notice["kind"], notice["subject"]) == ("moved", f"{source} day {day}")
    assert "control total" in notice["text"]
    synced(path, Wire(world), days_ago(8))
    assert_true(path, world, span(days_ago(8), TODAY))


@pytest.mark.long
def test_a_new_day_that_keeps_moving_stays_missing(path: Path) -> None:
    """A day the ledger does not have, and that keeps moving, is missing, never half there; its window is not lost."""
    world, day = small(), days_ago(5)
    synced(path, Wire(world, before=_grows(world, day, "usage", 99)), days_ago(8))
    assert day not in days_of(path, "usage")
    assert (day,) not in ledger_used(path)
    assert_true(path, world, [span_day for span_day in span(days_ago(8), TODAY) if span_day != day])
    synced(path, Wire(world), days_ago(3))
    assert day not in days_of(path, "usage"), "a sync of other days does not ask for it"
    synced(path, Wire(world), days_ago(8))
    assert_true(path, world, span(days_ago(8), TODAY))


@pytest.mark.long
def test_an_hour_that_moves_takes_its_day_along(path: Path) -> None:
    """By hour, a day of which any hour moved is read again whole."""
    world, day = small(), days_ago(2)
    done = synced(path, Wire(world, before=_grows(world, day, "usage", 1)), days_ago(3), grain="hour")
    assert done.moved == {}
    by_hour = ledger_used(path, USAGE_HOUR)
    for span_day in span(days_ago(3), TODAY):
        for hour in range(24):
            assert by_hour.get((span_day, hour), {}) == used(world, span_day, hour)


@pytest.mark.long
@pytest.mark.parametrize("grain", ["day", "hour"])
def test_a_ticking_clock_moves_the_running_day_alone(path: Path, grain: str) -> None:
    """While time passes with each request, ended days are the truth; the running day is kept, its gap is stated."""
    world, clock = small(requests=60), Clock(NOW, timedelta(seconds=40))
    done = synced(path, Wire(world, clock), days_ago(2), grain=grain)
    assert done.moved == {}
    assert list(done.gaps) == [f"usage {TODAY}"]
    assert "control total" in done.gaps[f"usage {TODAY}"]
    assert days_of(path, "usage", grain)[TODAY] == "running"
    table = ledger_used(path, USAGE_DAY if grain == "day" else USAGE_HOUR)
    for day in span(days_ago(2), TODAY):
        parts = [counted(groups) for (on, *_), groups in table.items() if on == day]
        assert tuple(map(sum, zip(*parts, strict=True))) == counted(used(world, day))
    if grain == "day":
        assert_true(path, world, span(days_ago(2), TODAY))
    synced(path, Wire(world, Clock(NOW + DAY)), days_ago(2), grain=grain)
    assert days_of(path, "usage", grain)[TODAY] == "provisional"
    parts = [
        counted(groups)
        for (on, *_), groups in ledger_used(path, USAGE_DAY if grain == "day" else USAGE_HOUR).items()
        if on == TODAY
    ]
    assert tuple(map(sum, zip(*parts, strict=True))) == counted(used(world, TODAY))


@pytest.mark.long
def test_the_running_day_is_committed_with_its_control_total(path: Path) -> None:
    """The running day's row of `days` is the last control total that was read, not the sum of the cube."""
    world, clock = small(requests=60), Clock(NOW, timedelta(seconds=40))
    synced(path, Wire(world, clock), TODAY)
    (day,) = rows(path, "SELECT * FROM days WHERE source = 'usage'")
    before = clock.now() - timedelta(seconds=40, minutes=5)
    shown = [request for request in world.requests(TODAY) if request.at < before]
    assert tuple(day[name] for name in COUNTED) == tuple(
        map(sum, zip(*(request[2:8] for request in shown), strict=True))
    )


@pytest.mark.long
@pytest.mark.parametrize("seconds", [15, 75, 145])
def test_midnight_may_pass_in_the_middle_of_a_sync(path: Path, seconds: int) -> None:
    """Whenever midnight passes, days before it are the truth, and the next sync makes the one that ended true too."""
    world = small(requests=20)
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    late = Clock(midnight - timedelta(seconds=seconds), timedelta(seconds=10))
    synced(path, Wire(world, late), days_ago(4), grain="day")
    assert late.now() > midnight, "midnight passed"
    assert_true(path, world, span(days_ago(4), days_ago(1)))
    states = days_of(path, "usage")
    assert states.get(TODAY) in {None, "running"}
    assert TODAY not in days_of(path, "cost")
    synced(path, Wire(world), days_ago(4))
    assert_true(path, world, span(days_ago(4), TODAY))
    assert set(days_of(path, "usage").values()) == {"provisional", "running"}


@pytest.mark.long
def test_old_days_that_were_restated_are_found(path: Path) -> None:
    """Within 35 days, a day whose control total is no longer the ledger's is read again; no other old day is."""
    world = small()
    since = days_ago(34)
    synced(path, Wire(world, Clock(NOW - DAY)), since)
    restated = [days_ago(33), days_ago(20), days_ago(19), days_ago(5)]
    for day in restated:
        world.restate(day)
    wire = Wire(world)
    done = synced(path, wire, days_ago(1))
    assert_true(path, world, span(since, TODAY))
    for source in REPORTS:
        readings = _readings(path, source)
        assert {day for day in span(since, days_ago(4)) if readings[day] > 1} == set(restated)
    assert done.moved == {}


@pytest.mark.long
def test_a_restated_day_by_hour_is_found(path: Path) -> None:
    """The table by hour has control totals of its own: its restated days are found too."""
    world, day = small(), days_ago(10)
    synced(path, Wire(world, Clock(NOW - DAY)), days_ago(12), grain="hour")
    world.restate(day)
    synced(path, Wire(world), days_ago(12), grain="hour")
    by_hour = ledger_used(path, USAGE_HOUR)
    for hour in range(24):
        assert by_hour.get((day, hour), {}) == used(world, day, hour)


@pytest.mark.long
def test_a_day_that_became_empty_is_emptied(path: Path) -> None:
    """Where the API takes everything of a day back, an hour later too, the rows of it go, and its total is zero."""
    world, day = small(), days_ago(2)
    synced(path, Wire(world), day, days_ago(1))
    assert ledger_used(path)[day,]
    empty = World(start=days_ago(-1), end=days_ago(-70), keys=16)
    empty.organization = world.organization
    assert set(synced(path, Wire(empty), day, days_ago(1)).losses) == {
        f"{source} {day}" for source in ("cost", "usage", "claude_code")
    }
    assert ledger_used(path)[day,]
    synced(path, Wire(empty, Clock(NOW + timedelta(hours=1))), day, days_ago(1))
    assert (day,) not in ledger_used(path)
    assert rows(path, "SELECT * FROM cost") == []
    assert rows(path, "SELECT sum(output) AS o, sum(billed) AS b FROM days") == [{"o": 0, "b": 0}]


@pytest.mark.long
def test_provisional_days_settle_and_are_never_asked_for_again(path: Path) -> None:
    """Read 35 days after its end a day is settled, and from then on no request concerns it."""
    world = small()
    synced(path, Wire(world), days_ago(9))
    assert set(days_of(path, "usage").values()) == {"provisional", "running"}
    later = NOW + timedelta(days=40)
    synced(path, Wire(world, Clock(later)), later.date())
    for source in REPORTS:
        states = days_of(path, source)
        assert {states[day] for day in span(days_ago(9), TODAY)} == {"settled"}
    assert_true(path, world, span(days_ago(9), TODAY))
    world.restate(days_ago(3))
    wire = Wire(world, Clock(later + DAY))
    synced(path, wire, days_ago(9))
    for source, first in (("usage_report/messages", days_ago(-1)), ("cost_report", TODAY), ("claude_code", TODAY)):
        for query in wire.queries(source):
            assert datetime.fromisoformat(query["starting_at"][0]).date() >= first, query
    assert set(days_of(path, "usage")) == set(span(days_ago(9), (later + 2 * DAY).date()))


@pytest.mark.long
def test_a_cost_bucket_that_is_missing_is_a_missing_day(path: Path) -> None:
    """Yesterday without a bucket in the cost report is missing in the ledger, not zero, and comes with a later sync."""
    world, yesterday = small(), days_ago(1)
    synced(path, Wire(world, faults=["missing-yesterday:always"]), days_ago(5))
    assert yesterday not in days_of(path, "cost")
    assert rows(path, f"SELECT * FROM cost WHERE day = '{yesterday}'") == []  # noqa: S608
    assert yesterday in days_of(path, "usage")
    assert_true(path, world, span(days_ago(5), yesterday))
    synced(path, Wire(world), days_ago(5))
    assert_true(path, world, span(days_ago(5), TODAY))


@pytest.mark.long
def test_a_cost_bucket_that_is_late_is_not_billed_yet(path: Path) -> None:
    """Yesterday with an empty bucket is not billed yet, never billed at 0 or refused, until a sync has its bill."""
    world = small()
    synced(path, Wire(world, faults=["stale-yesterday:always"]), days_ago(5))
    assert days_of(path, "cost")[days_ago(1)] == "provisional"
    late = f"SELECT DISTINCT cause FROM charges WHERE day = '{days_ago(1)}' AND tier <> 'priority'"  # noqa: S608
    assert rows(path, late) == [{"cause": "not billed yet"}]
    synced(path, Wire(world), days_ago(5))
    assert_true(path, world, span(days_ago(5), TODAY))


@pytest.mark.long
def test_a_running_day_is_spared_only_where_it_stood_still(path: Path) -> None:
    """A second sync reads no row where nothing moved; a running day that moved while it was read is read again."""
    world = small(requests=60)
    synced(path, Wire(world, Clock(NOW, timedelta(seconds=40))), days_ago(2), claude_code=False)
    moving, still = Wire(world, Clock(NOW + timedelta(hours=1))), Wire(world, Clock(NOW + timedelta(hours=1)))
    assert synced(path, moving, days_ago(2), claude_code=False).rows
    assert synced(path, still, days_ago(2), claude_code=False).rows == 0
    assert len(moving.queries("usage_report")) > len(still.queries("usage_report")) == 1
    rebuild(path, path.parent / "new", PUBLIC)
    assert content(path.parent / "new", untimed=True) == content(path, untimed=True)


@pytest.mark.long
def test_a_day_that_a_look_does_not_find_is_told(path: Path) -> None:
    """A day that the control totals of the older reports lack is asked for, and said to be missing."""
    world = small()
    synced(path, Wire(world), days_ago(6), claude_code=False)
    done = synced(path, Wire(world, faults=[f"lost-bucket={days_ago(5)}:always"]), days_ago(6), claude_code=False)
    assert done.missing == {"cost": [days_ago(5)], "usage": [days_ago(5)]}
    assert set(days_of(path, "cost")) == set(span(days_ago(6), TODAY))
