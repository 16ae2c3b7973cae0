"""Days, weeks and months of one's own time zone, for usage, from hours (case 41)."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from support.case import Case
from support.organization import NOW
from tallystick import Ledger
from tallystick.core.records import State
from tallystick.core.time import Window
from tallystick.core.zones import HOUR, Zone
from tallystick.errors import InvalidQuestion
from tallystick.sim import World

SCENARIO = "41-local-days/scenario.py"
TOKYO = ("--tz", "Asia/Tokyo")


def tokens(case: Case, *words: str, now: str = "2026-11-28T09:30:00Z") -> dict[str, int]:
    """The tokens of each group of an answer by one dimension."""
    run = case("usage", *words, "--format", "csv", now=now)
    assert run.code == 0, run.err
    rows = list(csv.reader(io.StringIO(run.out)))
    column = rows[0].index("total_tokens")
    return {row[0]: int(row[column]) for row in rows[1:]}


def expected(zone: str, day: str, first: str = "2026-11-20", end: str = "2026-11-28T09:30:00Z") -> int:
    """What the scenario used on a local day, counted hour by hour by the clocks of the zone."""
    when = datetime.fromisoformat(f"{first}T00:00:00+00:00")
    total = 0
    while when <= datetime.fromisoformat(end):
        total += (1000 + when.hour) * (str(when.astimezone(ZoneInfo(zone)).date()) == day)
        when += timedelta(hours=1)
    return total


@pytest.mark.long
def test_days_of_tokyo(case: Case) -> None:
    """A day of Tokyo is its own 24 hours; one that the ledger has in part is absent, and no hour of it is shown."""
    with case.serve(SCENARIO):
        assert case("sync", "--since", "2026-11-20", "--grain", "hour").code == 0
    by_day = tokens(case, *TOKYO, "--by", "day", "--since", "2026-11-20")
    assert by_day == {day: expected("Asia/Tokyo", day) for day in (f"2026-11-{number}" for number in range(21, 29))}
    assert by_day["2026-11-21"] == sum(1000 + hour for hour in range(24))
    run = case("usage", *TOKYO, "--by", "day", "--since", "2026-11-20", "--format", "json")
    answer: dict[str, Any] = json.loads(run.out)
    assert answer["question"]["zone"] == "Asia/Tokyo"
    assert answer["question"]["since"] == "2026-11-19T15:00:00Z"
    assert answer["coverage"]["absent"] == ["2026-11-20"]
    assert answer["coverage"]["running"] == ["2026-11-28"]
    messages = " ".join(answer["warnings"] + answer["notes"])
    assert "Days are those of Asia/Tokyo, made of UTC hours; cost stays by UTC day." in messages
    assert "sync --grain hour --since 2026-11-19" in messages
    assert "28 Nov was running" in messages
    assert "Asia/Tokyo days" in case("usage", *TOKYO, "--since", "2026-11-21").out
    assert case("usage", *TOKYO, "--since", "2026-11-20", "--strict").code == 1
    assert case("usage", *TOKYO, "--since", "2026-11-21", "--until", "2026-11-26", "--strict").code == 0
    # all hours stand in some local day, weeks and months are local, words of time too
    assert sum(tokens(case, *TOKYO, "--by", "model", "--since", "2026-11-21").values()) == sum(by_day.values())
    weeks = tokens(case, *TOKYO, "--by", "week", "--since", "2026-11-21")
    assert weeks["2026-11-23"] == sum(by_day[f"2026-11-{day}"] for day in range(23, 29))
    assert tokens(case, *TOKYO, "--by", "month", "--since", "2026-11-21") == {"2026-11": sum(by_day.values())}
    assert tokens(case, *TOKYO, "--by", "day", "--since", "yesterday") == {"2026-11-27": by_day["2026-11-27"]}
    late = tokens(case, *TOKYO, "--by", "day", "--since", "yesterday", now="2026-11-28T16:00:00Z")
    assert [*late] == ["2026-11-28"]  # in Tokyo it is the 29th
    ahead = ("usage", *TOKYO, "--by", "day", "--since", "2026-11-29")
    assert case(*ahead, now="2026-11-28T16:00:00Z").code == 0
    assert "today is 2026-11-28, Asia/Tokyo" in case(*ahead).err
    hours = tokens(case, *TOKYO, "--by", "hour", "--since", "2026-11-21", "--until", "2026-11-21")
    assert next(iter(hours)) == "2026-11-21T00:00:00+09:00"
    assert [*hours.values()] == [1000 + (hour + 15) % 24 for hour in range(24)]
    # a zone behind UTC, one of no offset, and UTC days as ever
    west = tokens(case, "--tz", "America/Los_Angeles", "--by", "day", "--since", "2026-11-20")
    assert west == {
        day: expected("America/Los_Angeles", day) for day in (f"2026-11-{number}" for number in range(20, 29))
    }
    utc = tokens(case, "--tz", "UTC", "--by", "day", "--since", "2026-11-20")
    assert utc == tokens(case, "--by", "day", "--since", "2026-11-20")
    query = case("usage", *TOKYO, "--by", "day", "--since", "2026-11-21", "--sql").out
    assert "hour_of_day" in query


@pytest.mark.long
def test_days_on_which_clocks_change(case: Case) -> None:
    """A day of 23 hours and one of 25 have all their hours and no other, and a query over the change is right."""
    zone = "Europe/Berlin"
    with case.serve(SCENARIO, CASE_NOW="2026-10-28T09:30:00Z", CASE_FIRST="2026-10-23", CASE_DAYS="6"):
        now = "2026-10-28T09:30:00Z"
        assert case("sync", "--since", "2026-10-23", "--grain", "hour", now=now).code == 0
        by_day = tokens(case, "--tz", zone, "--by", "day", "--since", "2026-10-24", now=now)
        assert by_day == {
            day: expected(zone, day, "2026-10-23", now) for day in (f"2026-10-{number}" for number in range(24, 29))
        }
        assert by_day["2026-10-25"] == sum(1000 + hour % 24 for hour in range(22, 22 + 25))
        hours = tokens(case, "--tz", zone, "--by", "hour", "--since", "2026-10-25", "--until", "2026-10-25", now=now)
        assert len(hours) == 25
        assert [*hours.values()] == [1000 + (22 + number) % 24 for number in range(25)]  # in order of time
        assert {"2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"} <= hours.keys()


@pytest.mark.long
def test_refusals(case: Case) -> None:
    """Half-hour and unknown zones say why they have no local days, and reports of money have no --tz."""
    with case.serve(SCENARIO):
        assert case("sync", "--since", "2026-11-26", "--grain", "hour").code == 0
    for words, reason in (
        (("usage", "--tz", "Asia/Kolkata"), "Days of Asia/Kolkata begin within a UTC hour, at 18:30 UTC"),
        (("usage", "--tz", "Asia/Kathmandu", "--by", "hour"), "at 18:15 UTC"),
        (("usage", "--tz", "Asia/Tokio"), "There is no time zone 'Asia/Tokio'."),
        (("usage", "--tz", "../../etc/passwd"), "There is no time zone"),
        (("usage", "--tz", ""), "There is no time zone ''."),
        (("usage", "--tz", "Asia/Tokyo", "--since", "2026-11-30"), "today is 2026-11-28, Asia/Tokyo"),
        (("spend", "--tz", "Asia/Tokyo"), "No such option '--tz'"),
        (("cache", "--tz", "Asia/Tokyo"), "No such option '--tz'"),
    ):
        run = case(*words)
        assert run.code == 2, words
        assert reason in run.err


@pytest.mark.long
def test_a_ledger_without_hours(case: Case) -> None:
    """Without hours every local day is absent, and the answer says which sync reads them."""
    with case.serve(SCENARIO):
        assert case("sync", "--since", "2026-11-26").code == 0
    run = case("usage", *TOKYO, "--since", "2026-11-26", "--strict")
    assert run.code == 1
    assert "unknown" in run.out
    assert "sync --grain hour --since 2026-11-25" in run.out + run.err


@pytest.mark.long
def test_where_the_newer_reports_are_there_too(case: Case) -> None:
    """An organization that has both dialects is answered by local days as well, after the same sync."""
    with case.serve(SCENARIO, CASE_NEWER="1"):
        assert case("sync", "--since", "2026-11-25", "--grain", "hour").code == 0
    by_day = tokens(case, *TOKYO, "--by", "day", "--since", "2026-11-26", "--until", "2026-11-27")
    assert by_day["2026-11-26"] == by_day["2026-11-27"] == 24 * 1000 + 12 * 23


def test_local_days_meet_the_truth(only_hours: Ledger, golden_world: World) -> None:
    """Of the simulated organization each local day has exactly the tokens of its requests, model by model."""
    table = only_hours.usage(("day", "model"), since="2026-11-20", tz="America/New_York")
    counts = {(row["day"], row["model"]): row["total_tokens"] for row in table.rows}
    zone = ZoneInfo("America/New_York")
    truth: Counter[tuple[str, str]] = Counter()
    for day in (date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)):
        for request in golden_world.requests(day):
            if request.at < NOW - timedelta(minutes=5):
                local = str(request.at.astimezone(zone).date())
                truth[local, request.group.model] += sum(request[2:7])
    assert {key[0] for key in counts} == {"2026-11-20", "2026-11-21", "2026-11-22"}
    assert counts == {
        key: count for key, count in truth.items() if key[0] in {"2026-11-20", "2026-11-21", "2026-11-22"}
    }
    assert table.coverage["absent"] == []


ZONES = ("Asia/Tokyo", "Europe/Berlin", "America/New_York", "America/Havana", "Asia/Beirut", "Pacific/Auckland", "UTC")


@pytest.mark.long
@given(
    name=st.sampled_from(ZONES),
    since=st.dates(datetime(2025, 1, 1, tzinfo=UTC).date(), datetime(2026, 11, 1, tzinfo=UTC).date()),
    days=st.integers(1, 40),
)
def test_local_days_tile_time(name: str, since: Any, days: int) -> None:
    """Local days follow each other without gap or overlap, hold 23 to 25 hours, and each hour bears its clock's day."""
    zone = Zone.of(name)
    now = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
    window = zone.window(str(since), str(since + timedelta(days=days)), now)
    spans = list(zone.days(window))
    assert [day for day, _ in spans] == [since + timedelta(days=age) for age in range(len(spans))]
    assert spans[0][1].start == window.start
    assert spans[-1][1].end == window.end
    assert all(earlier.end == later.start for (_, earlier), (_, later) in pairwise(spans))
    for day, span in spans:
        assert 23 <= (span.end - span.start) // HOUR <= 25
        for moment in (span.start, span.end - timedelta(seconds=1)):
            assert moment.astimezone(ZoneInfo(name)).date() == day
    changes = zone.offsets(window)
    for day, span in spans:
        ahead = [ahead for start, ahead in changes if start <= span.start][-1]
        assert (span.start + ahead).date() == day


def test_a_local_day_is_as_known_as_its_least_known_utc_day() -> None:
    """Absent if any begun UTC day of it is, running while it goes on, else the least trusted of its UTC days."""
    zone = Zone.of("Asia/Tokyo")
    now = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
    window = zone.window("2026-11-25", None, now)
    days = {day: number for number, day in enumerate(window.days())}
    known = {day: State.SETTLED for day, number in days.items() if number != 1}
    states = zone.states(window, known, now)
    assert {str(day) for day in states} == {"2026-11-27", "2026-11-28"}
    assert [*states.values()] == [State.SETTLED, State.RUNNING]
    assert zone.present(window, known, now) == [Window(datetime(2026, 11, 26, 15, tzinfo=UTC), window.end)]


def test_lord_howe_is_answered_while_its_clocks_show_whole_hours() -> None:
    """A zone is refused for days that split an hour, not for its name: Lord Howe is at +11 and at +10:30."""
    zone = Zone.of("Australia/Lord_Howe")
    now = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
    assert zone.window("2026-11-01", None, now).start == datetime(2026, 10, 31, 13, tzinfo=UTC)
    with pytest.raises(InvalidQuestion, match="13:30 UTC"):
        zone.window("2026-09-20", None, now)
