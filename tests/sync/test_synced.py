from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

from support.full_ledger import HOURS_SINCE, SINCE
from support.records import days_of, false_digests, rows
from support.simulated_truth import COUNTED, assert_true, counted, ledger_used, used
from support.wire import NOW, TODAY, Wire, days_ago, small, span, synced
from tallystick.core.report_tables import USAGE_HOUR
from tallystick.sim import Behavior, Plant, World


def _planted(world: World, kind: Plant) -> tuple[str, date, date]:
    (planted,) = (plant for plant in world.plants if plant.kind is kind)
    return planted.subject, planted.first, planted.last or TODAY


def test_every_ended_day_is_the_truth(full: Path, truth: World) -> None:
    """Usage by all nine dimensions, cost by line, and the control totals are what happened, for every ended day."""
    assert_true(full, truth, span(SINCE, TODAY))


def test_digests_are_of_the_rows(full: Path) -> None:
    """What `days` and `tallies` hold to tell the rows of a day from others is made of these rows."""
    assert false_digests(full) == []


def test_there_is_nothing_but_what_was_asked_for(full: Path) -> None:
    """The ledger has exactly the days of the window, and of cost the ended ones."""
    assert set(days_of(full, "usage")) == set(span(SINCE, days_ago(-1)))
    assert set(days_of(full, "cost")) == set(span(SINCE, TODAY))
    assert {day for (day,) in ledger_used(full)} <= set(span(SINCE, days_ago(-1)))
    assert {row["day"] for row in rows(full, "SELECT DISTINCT day FROM cost")} <= set(span(SINCE, TODAY))


def test_states_say_how_old_a_day_was_when_read(full: Path) -> None:
    """The running day is running, days under 35 days old are provisional, older ones settled."""
    usage, cost = days_of(full, "usage"), days_of(full, "cost")
    assert usage.pop(TODAY) == "running"
    for day, state in (*usage.items(), *cost.items()):
        assert state == ("settled" if day < days_ago(35) else "provisional"), day


def test_the_running_day_is_what_showed_at_the_time(full: Path, truth: World) -> None:
    """The running day holds what the report showed when it was read: requests up to five minutes before."""
    shown = {
        (request.group, request.at): request
        for request in truth.requests(TODAY)
        if (NOW - request.at).total_seconds() > 300
    }
    assert sum(counts[4] for counts in ledger_used(full)[TODAY,].values()) == sum(
        request.output for request in shown.values()
    )


def test_hours_are_the_truth_in_a_table_of_their_own(full: Path, truth: World) -> None:
    """Usage by hour stands in its own table, each hour as it happened."""
    by_hour = ledger_used(full, USAGE_HOUR)
    for day in span(HOURS_SINCE, TODAY):
        for hour in range(24):
            assert by_hour.get((day, hour), {}) == used(truth, day, hour), (day, hour)
    assert {day for day, _ in by_hour} <= set(span(HOURS_SINCE, days_ago(-1)))


def test_hours_add_up_to_their_day(full: Path) -> None:
    """The hours of a day, summed by all nine dimensions, are the day of the other table, and so are their totals."""
    by_day: dict[date, dict[tuple[str, ...], tuple[int, ...]]] = defaultdict(dict)
    for (day, _), groups in ledger_used(full, USAGE_HOUR).items():
        for dims, counts in groups.items():
            old = by_day[day].get(dims, (0,) * 6)
            by_day[day][dims] = tuple(map(sum, zip(old, counts, strict=True)))
    days = {day: groups for (day,), groups in ledger_used(full).items() if day >= HOURS_SINCE}
    assert by_day == days
    control = rows(full, "SELECT * FROM days WHERE source = 'usage' AND grain = 'hour'")
    for row in control:
        assert tuple(row[name] for name in COUNTED) == counted(days.get(row["day"], {})), row["day"]


def test_the_loop_shows_in_its_hours(full: Path, truth: World) -> None:
    """The planted runaway loop stands out in the hours of its night, on its key."""
    key, day, _ = _planted(truth, Plant.LOOP)
    hour_rows = rows(
        full,
        f"SELECT hour_of_day BETWEEN 1 AND 5 AS looped, sum(total_tokens) AS tokens FROM usage_hour "  # noqa: S608
        f"WHERE key = '{key}' AND day = '{day}' GROUP BY ALL",
    )
    tokens = {row["looped"]: int(row["tokens"]) for row in hour_rows}
    assert tokens[True] > 10 * tokens.get(False, 0)


def test_the_broken_cache_shows(full: Path, truth: World) -> None:
    """The planted key reads and writes no cache on its days, and does before them."""
    key, first, last = _planted(truth, Plant.CACHE)
    cache_rows = rows(
        full,
        f"SELECT day, sum(cache_read + cache_write_5m) AS cached FROM usage WHERE key = '{key}' GROUP BY 1",  # noqa: S608
    )
    assert {row["cached"] for row in cache_rows if first <= row["day"] <= last} == {0}
    assert all(row["cached"] for row in cache_rows if row["day"] < first)


def test_refused_requests_are_used_and_not_billed(full: Path, truth: World) -> None:
    """The tokens of refused requests stand in usage, though the bill has none of them."""
    key, day, _ = _planted(truth, Plant.REFUSALS)
    requests = [request for request in truth.requests(day) if request.group.key == key]
    assert any(request.group.refused for request in requests)
    (row,) = rows(full, f"SELECT sum(uncached_input) AS fresh FROM usage WHERE key = '{key}' AND day = '{day}'")  # noqa: S608
    assert row["fresh"] == sum(request.uncached for request in requests)


def test_the_retired_model_and_the_launch_show(full: Path, truth: World) -> None:
    """A key changes its model on the planted day, another has its first day of use on it."""
    key, first, _ = _planted(truth, Plant.RETIREMENT)
    models = rows(full, f"SELECT day < '{first}' AS before, model FROM usage WHERE key = '{key}' GROUP BY ALL")  # noqa: S608
    old, new = ({row["model"] for row in models if row["before"] is when} for when in (True, False))
    assert old
    assert new
    assert not old & new
    key, first, _ = _planted(truth, Plant.LAUNCH)
    assert rows(full, f"SELECT min(day) AS day FROM usage WHERE key = '{key}'") == [{"day": first}]  # noqa: S608


def test_keys_have_names_and_deleted_ones_their_id(full: Path, truth: World) -> None:
    """A key of any status shows its name, one that is in no directory any more its id, no key `playground`."""
    names = {key.id: key.id if key.deleted else key.name for key in truth.organization.keys} | {
        "playground": "playground"
    }
    shown = {row["key"]: row["key_name"] for row in rows(full, "SELECT DISTINCT key, key_name FROM usage")}
    assert shown == {key: names[key] for key in shown}
    statuses = {key.status for key in truth.organization.keys if key.id in shown}
    assert statuses == {"active", "inactive", "archived", "expired"}
    assert any(key.deleted for key in truth.organization.keys if key.id in shown)
    states = {row["id"]: row["status"] for row in rows(full, "SELECT id, status FROM names WHERE type = 'key'")}
    assert states == {key.id: key.status for key in truth.organization.keys if not key.deleted}


def test_the_default_workspace_has_a_name(full: Path, truth: World) -> None:
    """The workspace that the reports leave null is `default`, with its name and its real id; no null is anywhere."""
    default = truth.organization.default
    for view in ("usage", "usage_hour", "cost"):
        shown = {row["workspace"]: row["workspace_name"] for row in rows(full, f"SELECT * FROM {view}")}  # noqa: S608
        assert shown["default"] == default.name
        assert default.id not in shown
    (row,) = rows(full, "SELECT workspace FROM names WHERE type = 'workspace' AND id = 'default'")
    assert row["workspace"] == default.id
    workspaces = {row["id"] for row in rows(full, "SELECT id FROM names WHERE type = 'workspace'")}
    assert workspaces == {workspace.id for workspace in truth.organization.workspaces if not workspace.is_default} | {
        "default"
    }


def test_no_dimension_is_null_or_empty(full: Path) -> None:
    """What is absent has a name: no cell of usage or cost is null or an empty text."""
    for view in ("usage", "usage_hour", "cost"):
        for row in rows(full, f"SELECT * FROM {view}"):  # noqa: S608
            assert all(value not in {None, ""} for value in row.values()), row


@pytest.mark.long
def test_what_the_contract_leaves_open_does_not_matter(path: Path) -> None:
    """Strict parameters, free cursors, a tier nobody has heard of and cost without geography are read all the same."""
    world = small(requests=8)
    behavior = Behavior(strict_parameters=True, bound_cursors=False, cost_geo=False, flex_name="surge")
    synced(path, Wire(world, behavior=behavior), days_ago(9))
    tiers = {row["tier"] for row in rows(path, "SELECT DISTINCT tier FROM usage")}
    assert "surge" in tiers
    assert "flex" not in tiers
    assert rows(path, "SELECT DISTINCT geo FROM cost WHERE cost_type = 'tokens'") == [{"geo": "unknown"}]
    for row in rows(path, "SELECT day, sum(billed) AS billed FROM cost GROUP BY 1"):
        assert row["billed"] == world.billed(row["day"])
    totals = {
        row["day"]: row["output"] for row in rows(path, "SELECT day, sum(output) AS output FROM usage GROUP BY 1")
    }
    for day in span(days_ago(9), TODAY):
        assert totals.get(day, 0) == counted(used(world, day))[4]
