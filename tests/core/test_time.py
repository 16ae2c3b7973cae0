from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from tallystick.core.time import (
    DAY,
    Grain,
    Window,
    instant,
    midnight,
    of_days,
    spans as spans_text,
    text,
    union,
)

MOMENTS = st.datetimes(datetime(1999, 12, 1), datetime(2031, 3, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
GRAINS = st.sampled_from(list(Grain))
MINUTE = timedelta(minutes=1)
EPOCH = datetime(2026, 2, 27, tzinfo=UTC)


def moment(minutes: int) -> datetime:
    """So many minutes after a Friday before the end of a February."""
    return EPOCH + minutes * MINUTE


@st.composite
def spans(draw: st.DrawFn, most: int = 60) -> Window:
    """A window of whole minutes, perhaps empty, among few enough that they overlap often."""
    start = draw(st.integers(0, most))
    return Window(moment(start), moment(start + draw(st.integers(0, most))))


@st.composite
def windows(draw: st.DrawFn, longest: timedelta = timedelta(days=70)) -> Window:
    """Any window, perhaps empty, up to `longest`."""
    start = draw(MOMENTS)
    return Window(start, start + draw(st.timedeltas(timedelta(0), longest)))


SETS = st.lists(spans(), max_size=6)


def points(several: list[Window]) -> set[datetime]:
    """The whole minutes that these windows hold."""
    return {moment(m) for m in range(130) if any(moment(m) in window for window in several)}


@pytest.mark.long
@given(GRAINS, MOMENTS)
def test_a_bucket_holds_its_moment(grain: Grain, moment: datetime) -> None:
    """`floor(t) <= t < after(floor(t))`, and the floor of a floor is itself."""
    start = grain.floor(moment)
    assert start <= moment < grain.after(start)
    assert grain.floor(start) == start
    assert grain.floor(grain.after(start)) == grain.after(start)


@given(GRAINS, MOMENTS)
def test_ceil_is_the_first_boundary_not_before(grain: Grain, moment: datetime) -> None:
    """`ceil` is a boundary, at the moment or less than a bucket after it; on a boundary it is the boundary."""
    end = grain.ceil(moment)
    assert grain.floor(end) == end >= moment
    assert end == moment or grain.floor(moment) < moment < end == grain.after(grain.floor(moment))
    assert grain.ceil(end) == end


@given(GRAINS, MOMENTS, MOMENTS)
def test_floor_and_ceil_keep_order(grain: Grain, first: datetime, second: datetime) -> None:
    """What comes first stays first when floored or ceiled."""
    early, late = sorted((first, second))
    assert grain.floor(early) <= grain.floor(late)
    assert grain.ceil(early) <= grain.ceil(late)


@pytest.mark.parametrize(
    ("grain", "moment", "floor", "after"),
    [
        (Grain.MONTH, "2028-02-29T23:59:59Z", "2028-02-01", "2028-03-01"),
        (Grain.MONTH, "2026-12-31T12:00:00Z", "2026-12-01", "2027-01-01"),
        (Grain.MONTH, "2026-01-31T00:00:00Z", "2026-01-01", "2026-02-01"),
        (Grain.WEEK, "2027-01-01T05:00:00Z", "2026-12-28", "2027-01-04"),
        (Grain.WEEK, "2026-11-02T00:00:00Z", "2026-11-02", "2026-11-09"),
        (Grain.WEEK, "2026-11-01T23:59:59Z", "2026-10-26", "2026-11-02"),
        (Grain.DAY, "2028-02-28T23:00:00Z", "2028-02-28", "2028-02-29"),
        (Grain.HOUR, "2026-10-25T01:59:59Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"),
        (Grain.MINUTE, "2026-10-25T01:59:59Z", "2026-10-25T01:59:00Z", "2026-10-25T02:00:00Z"),
    ],
)
def test_buckets_of_the_calendar(grain: Grain, moment: str, floor: str, after: str) -> None:
    """Months have their lengths, weeks begin on Monday, and no hour is lost to summer time."""
    start = grain.floor(instant(moment))
    assert start == instant(floor)
    assert grain.after(start) == instant(after)


def test_a_window_is_never_backwards() -> None:
    """A window that would end before it starts is refused; an empty one is not."""
    with pytest.raises(ValueError, match="before it starts"):
        Window(moment(1), moment(0))
    empty = Window(moment(1), moment(1))
    assert not empty
    assert moment(1) not in empty


def test_a_window_takes_no_local_time() -> None:
    """An instant without a zone is refused, at either end."""
    naive = datetime(2026, 10, 1)  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="zone"):
        Window(naive, moment(0))
    with pytest.raises(ValueError, match="zone"):
        Window(moment(0), naive)


def test_a_window_is_utc() -> None:
    """Instants of another zone are turned to UTC, so that days are UTC days."""
    west = timezone(timedelta(hours=-7))
    window = Window(datetime(2026, 10, 1, 17, tzinfo=west), datetime(2026, 10, 2, 17, tzinfo=west))
    assert window == Window.of_day(date(2026, 10, 2))
    assert window.start.tzinfo is UTC
    assert str(window) == "2026-10-02T00:00:00Z to 2026-10-03T00:00:00Z"


@given(spans(), st.integers(0, 130))
def test_half_open(window: Window, minute: int) -> None:
    """A window holds its start and not its end."""
    assert (moment(minute) in window) == (window.start <= moment(minute) < window.end)
    assert bool(window) == (window.start in window)
    assert window.end not in window


@given(windows(), st.sampled_from([Grain.DAY, Grain.WEEK, Grain.MONTH]))
def test_split_loses_nothing(window: Window, grain: Grain) -> None:
    """The pieces touch, make up the window, are never empty, and each lies in one bucket."""
    pieces = list(window.split(grain))
    assert bool(pieces) == bool(window)
    assert all(pieces)
    for piece, following in pairwise(pieces):
        assert piece.end == following.start == grain.floor(following.start)
    if pieces:
        assert (pieces[0].start, pieces[-1].end) == (window.start, window.end)
    assert all(piece.end <= grain.after(grain.floor(piece.start)) for piece in pieces)


@pytest.mark.long
@given(windows(timedelta(hours=30)))
def test_hours_and_minutes_agree(window: Window) -> None:
    """Splitting by hours and those by minutes is splitting by minutes."""
    assert [piece for hour in window.split(Grain.HOUR) for piece in hour.split(Grain.MINUTE)] == list(
        window.split(Grain.MINUTE)
    )


@given(windows(), st.timedeltas(timedelta(hours=1), timedelta(days=40)))
def test_chunks_are_as_long_as_allowed(window: Window, most: timedelta) -> None:
    """Chunks make up the window; all but the last are exactly as long as allowed."""
    pieces = list(window.chunks(most))
    assert union(pieces) == union([window])
    assert all(piece.end - piece.start == most for piece in pieces[:-1])
    assert all(timedelta(0) < piece.end - piece.start <= most for piece in pieces)


@given(windows())
def test_days_are_every_day_touched(window: Window) -> None:
    """`days` are consecutive, each shares an instant with the window, and their union holds it."""
    days = window.days()
    assert days == sorted(set(days))
    assert all(Window.of_day(day) & window for day in days)
    if days:
        (span,) = of_days(days)
        assert window & span == window
        assert len(days) * DAY == span.end - span.start


@given(windows())
def test_days_that_start_in_a_window(window: Window) -> None:
    """`starts` gives the days whose midnight is in the window, in the order in which they are handed in."""
    around = [day + timedelta(after) for day in [*window.days(), window.start.date()] for after in (1, 0, -1)]
    assert window.starts(around) == [day for day in around if midnight(day) in window]


@given(spans(), spans())
def test_and_is_what_both_hold(first: Window, second: Window) -> None:
    """An instant is in `a & b` exactly if it is in both; the order does not matter."""
    assert points([first & second]) == points([first]) & points([second])
    assert first & second == second & first
    assert first & first == first


@given(SETS)
def test_union_holds_the_same_instants(several: list[Window]) -> None:
    """The union holds the same instants, in order, with a gap between any two."""
    merged = union(several)
    assert points(merged) == points(several)
    assert all(merged)
    assert all(window.end < following.start for window, following in pairwise(merged))
    assert union(merged) == merged == union(reversed(several))


@given(st.sets(st.dates(date(2027, 12, 20), date(2028, 3, 10))))
def test_of_days_holds_exactly_these(days: set[date]) -> None:
    """The windows of a set of days hold these days and no other."""
    several = of_days(days)
    assert {day for window in several for day in window.days()} == days
    assert all(window.end < following.start for window, following in pairwise(several))


@given(MOMENTS.map(lambda moment: moment.replace(microsecond=0)))
def test_text_and_instant_are_inverse(moment: datetime) -> None:
    """What `text` writes, `instant` reads, in the API's own form."""
    assert instant(text(moment)) == moment
    assert text(moment).endswith("Z")
    assert len(text(moment)) == len("2026-10-01T00:00:00Z")


@pytest.mark.parametrize(
    ("written", "when"),
    [
        ("2026-10-01", datetime(2026, 10, 1, tzinfo=UTC)),
        ("2026-10-01T08:30:00Z", datetime(2026, 10, 1, 8, 30, tzinfo=UTC)),
        ("2026-10-01T08:30:00+02:00", datetime(2026, 10, 1, 6, 30, tzinfo=UTC)),
        ("2026-10-01T08:30:00.250Z", datetime(2026, 10, 1, 8, 30, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_instants_read(written: str, when: datetime) -> None:
    """RFC 3339 instants and bare dates are read as UTC."""
    assert instant(written) == when
    assert instant(written).tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    [
        "",
        "now",
        "2026-10-01T08:30:00",
        "2026-10-01 08:30",
        "2026-02-30",
        "2026-10",
        "20261001",
        "2026-W40-4",
        "2026W40T12",
        "0001-01-01T00:00:00+05:00",
    ],
)
def test_instants_refused(written: str) -> None:
    """Anything that is not an RFC 3339 instant with a zone, or a bare date, is a ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011 - its text is the standard library's
        instant(written)


def test_midnight_begins_the_day() -> None:
    """Midnight is the first instant of the UTC day."""
    assert midnight(date(2028, 2, 29)) == Window.of_day(date(2028, 2, 29)).start
    assert Window.of_day(date(2028, 2, 29)).end == midnight(date(2028, 3, 1))


MONTHS = [midnight(date(year, month, 1)) for year in (2023, 2024, 2026) for month in range(1, 13)]


@pytest.mark.parametrize("start", MONTHS)
def test_a_month_is_told_from_all_that_is_nearly_one(start: datetime) -> None:
    """A month is one from its first midnight to the next month's; a day, an hour or a month more or less is none."""
    month = Grain.MONTH.around(start)
    assert Grain.MONTH.is_bucket(month)
    ends = (month.end - DAY, month.end + DAY, month.end + timedelta(hours=1), Grain.MONTH.after(month.end), start)
    others = [Window(start, end) for end in ends]
    others += [Window(begin, month.end) for begin in (start + DAY, start - DAY, start + timedelta(hours=1))]
    shifted = Window(start + timedelta(hours=1), month.end + timedelta(hours=1))
    for other in (*others, shifted):
        assert not Grain.MONTH.is_bucket(other)


def test_a_bucket_is_around_its_moments() -> None:
    """The bucket around a moment is that of its floor, and is told to be one; half of it is none."""
    for grain in Grain:
        bucket = grain.around(moment(12_345))
        assert moment(12_345) in bucket
        assert bucket.start == grain.floor(moment(12_345))
        assert grain.is_bucket(bucket)
        assert not grain.is_bucket(Window(bucket.start, bucket.start + (bucket.end - bucket.start) / 2))
        assert not grain.is_bucket(Window(bucket.start, grain.after(bucket.end)))


def test_days_are_written_as_spans() -> None:
    """Days that follow each other are one span by its ends, a day alone is itself; their order does not matter."""
    days = [date(2026, 11, day) for day in (8, 3, 5, 6, 7)]
    assert spans_text(days) == "2026-11-03, 2026-11-05 to 2026-11-08"
    assert spans_text(days[:2]) == "2026-11-03, 2026-11-08"
    assert spans_text([date(2026, 10, 31), date(2026, 11, 1)]) == "2026-10-31 to 2026-11-01"
    assert not spans_text([])


def test_a_window_cannot_change() -> None:
    """A window is a value: it is hashable, ordered by its start, and nothing sets its ends."""
    first, second = Window(moment(0), moment(5)), Window(moment(1), moment(2))
    assert sorted([second, first]) == [first, second]
    assert len({first, Window(moment(0), moment(5))}) == 1
    with pytest.raises(AttributeError):
        first.start = moment(1)  # type: ignore[misc]
    assert f"{first}" == f"{text(moment(0))} to {text(moment(5))}"
    assert first.covers(second)
    assert first.covers(first)
    assert not second.covers(first)
    assert not first.covers(Window(moment(1), moment(6)))


def test_a_window_inside_the_last_of_several_adds_nothing() -> None:
    """What lies within the newest of the merged windows leaves its end as it is, whatever came before."""
    first, second = Window(moment(0), moment(1)), Window(moment(3), moment(10))
    assert union([first, second, Window(moment(4), moment(5))]) == [first, second]


def test_a_day_begins_in_the_window_that_has_its_midnight() -> None:
    """Of days at the edges of a window those begin in it whose midnight it has; the one at its end begins after it."""
    days = [date(2026, 10, day) for day in (1, 2, 3)]
    noon = timedelta(hours=12)
    first, last = midnight(days[0]), midnight(days[2])
    assert Window(first, last).starts(days) == days[:2]
    assert Window(first, last + timedelta.resolution).starts(days) == days
    assert Window(first + timedelta.resolution, last).starts(days) == days[1:2]
    assert Window(first + noon, last - noon).starts(days) == days[1:2]
    assert Window(first, first).starts(days) == []
