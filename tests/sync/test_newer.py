from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from support.newer_truth import assert_newer
from support.records import content, days_of, records
from support.simulated_truth import COUNTED
from support.wire import NOW, PUBLIC, TODAY, Clock, Wire, days_ago, small, span, synced
from tallystick.core.dimensions import NAMED
from tallystick.core.ledger_tables import CHARGES, DAYS, NAMES, NOTICES
from tallystick.core.records import State
from tallystick.core.report_tables import ANALYTICS_COST
from tallystick.core.time import Grain, Window, midnight
from tallystick.errors import CursorExpired, Refused, UnexpectedResponse
from tallystick.sim import AnalyticsBehavior, Answer, Discount, World
from tallystick.sync import sources
from tallystick.sync.cube import SPARSE, WHOSE, sparse_queries
from tallystick.sync.dialects import plan
from tallystick.sync.options import Options
from tallystick.sync.plan import Known
from tallystick.sync.rebuild import rebuild

SINCE = days_ago(8)
Filters = frozenset[tuple[str, str]]
newer = partial(synced, source="analytics")


@pytest.fixture(scope="module")
def world() -> World:
    """A small organization that nobody changes, with a discount of 10 % on its last days."""
    return World(
        start=date(2026, 8, 1), end=TODAY, seed=3, keys=16, requests_per_key_day=6, discount=Discount(100, days_ago(4))
    )


@pytest.fixture(scope="module")
def ledger(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its ledger, by the newer dialect; only read."""
    path = tmp_path_factory.mktemp("newer") / "ledger"
    newer(path, Wire(world), SINCE)
    return path


def test_every_day_is_the_truth(ledger: Path, world: World) -> None:
    """Use, requests, list price and money are the truth by key, actor, product and all other dimensions, every day."""
    assert set(days_of(ledger, "analytics_usage")) == set(span(SINCE, days_ago(-1)))
    assert set(days_of(ledger, "analytics_cost")) == set(span(SINCE, TODAY))
    assert_newer(ledger, world, span(SINCE, TODAY))


def test_every_charge_is_reported(ledger: Path, world: World) -> None:
    """Nothing is split: each billed amount is as the API said it; the discount is list less billed."""
    rows = [row for row in records(ledger, CHARGES) if row["billed"] is not None]
    assert {row["method"] for row in rows} == {"reported"}
    assert all(row["discount"] == row["list"] - row["billed"] for row in rows)
    for day in span(SINCE, TODAY):
        off = sum((row["discount"] for row in rows if row["day"] == day), Decimal(0))
        assert off == world.listed(day) - world.billed(day)
        assert bool(off) == (day >= days_ago(4)), day


@pytest.mark.long
def test_both_dialects_have_one_total(ledger: Path, world: World, tmp_path: Path) -> None:
    """By day, workspace, model and kind of token, both dialects say the same use and the same money."""
    synced(tmp_path / "older", Wire(world), SINCE)

    def sums(path: Path) -> dict[tuple[Any, ...], tuple[int, Decimal]]:
        totals: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, Decimal(0)])
        for row in records(path, CHARGES):
            if row["day"] < TODAY and row["kind"] != "requests":
                model = "any" if row["kind"] == "web_search" else row["model"]
                total = totals[row["day"], row["workspace"], model, row["kind"]]
                total[0] += row["quantity"] or 0
                total[1] += row["billed"] or 0
        return {key: (quantity, billed) for key, (quantity, billed) in totals.items()}

    assert sums(ledger) == sums(tmp_path / "older")


@pytest.mark.long
def test_a_second_sync_changes_nothing(world: World, path: Path) -> None:
    """A re-read that finds nothing new writes no version, though the export was made anew."""
    newer(path, Wire(world), SINCE)
    before = content(path)
    done = newer(path, Wire(world, Clock(NOW + timedelta(minutes=20))), SINCE, days_ago(0))
    assert (done.days, done.names, done.moved) == (0, 0, {})
    assert content(path) == before


@pytest.mark.long
def test_a_rebuild_gives_the_same_tables(ledger: Path, tmp_path: Path) -> None:
    """From the archived pages alone every table comes out row for row."""
    rebuild(ledger, tmp_path / "again", PUBLIC)
    assert content(tmp_path / "again") == content(ledger)


@pytest.mark.long
def test_through_the_switch_no_day_is_twice_or_missing(path: Path) -> None:
    """An organization read by the older dialect and then by both: each day once, one default workspace, the bill."""
    moment = Clock(NOW)
    world = small(5, requests=2)
    synced(path, Wire(world, moment), days_ago(12), days_ago(5))
    done = synced(path, Wire(world, moment), days_ago(12), source="auto")
    days = span(days_ago(12), TODAY)
    assert not any("may not" in remark for remark in done.warnings)
    by_day: Counter[date] = Counter()
    for row in records(path, CHARGES):
        by_day[row["day"]] += row["billed"] or 0
    assert {day: by_day[day] for day in days} == {day: world.billed(day) for day in days}
    assert {row["source"] for row in records(path, CHARGES)} == {"analytics"}
    real = world.organization.default.id
    assert real not in {row["workspace"] for row in records(path, CHARGES)}


@pytest.mark.long
def test_days_before_the_newer_dialect_are_read_by_the_older(path: Path) -> None:
    """What the newer dialect cannot reach comes from the older one, the rest from the newer, and this is said once."""
    world = World(start=date(2025, 11, 10), end=TODAY, seed=2, keys=16, requests_per_key_day=1)
    late = Clock(NOW)
    first, last = date(2025, 12, 29), date(2026, 1, 4)
    done = synced(path, Wire(world, late), first, last, source="auto")
    assert [remark for remark in done.warnings if "2026-01-01" in remark]
    assert set(days_of(path, "cost")) == set(span(first, date(2026, 1, 1)))
    assert set(days_of(path, "analytics_cost")) == set(span(date(2026, 1, 1), last))
    rows = records(path, CHARGES)
    for day in span(first, last):
        day_rows = [row for row in rows if row["day"] == day]
        assert sum((row["billed"] or 0 for row in day_rows), Decimal(0)) == world.billed(day)
        assert {row["source"] for row in day_rows} == {"reports" if day.year == 2025 else "analytics"}
    assert not synced(path, Wire(world, late), first, last, source="auto").warnings


@pytest.mark.long
def test_both_can_be_read_for_a_comparison(world: World, path: Path) -> None:
    """With both, each day stands in the records of either dialect, and is charged once, by the newer."""
    synced(path, Wire(world), days_ago(3), source="both")
    assert set(days_of(path, "cost")) == set(days_of(path, "analytics_cost")) == set(span(days_ago(3), TODAY))
    charged = [row for row in records(path, CHARGES) if row["day"] < TODAY]
    assert {row["source"] for row in charged} == {"analytics"}
    assert sum((row["billed"] or 0 for row in charged), Decimal(0)) == sum(map(world.billed, span(days_ago(3), TODAY)))


@pytest.mark.long
@pytest.mark.parametrize(
    "faults",
    [
        ["429:4", "529:7", "reset:9"],
        ["429-bare:5", "500:6", "502-html:8"],
        ["forget-cursor:once"],
        ["stale-cursor:once"],
    ],
    ids=" ".join,
)
def test_faults_that_pass_leave_no_trace(world: World, path: Path, ledger: Path, faults: list[str]) -> None:
    """After refusals for the moment and lost page tokens, the ledger is that of a sync without them."""
    assert newer(path, Wire(world, faults=faults, page_rows=20), SINCE).moved == {}
    assert content(path) == content(ledger)


@pytest.mark.long
def test_a_refresh_in_the_middle_of_paging_ends_with_the_right_ledger(path: Path) -> None:
    """An export made anew between two pages restarts the window, and what was read before is discarded."""
    world = small(4)
    wire = Wire(world, faults=["refreshed-midway:once"], page_rows=20)
    newer(path, wire, SINCE, TODAY)
    assert [answer.status for _, answer in wire.answers].count(410) == 1
    assert_newer(path, world, span(SINCE, TODAY))


@pytest.mark.long
def test_a_token_that_is_always_lost_stops_with_what_was_committed(path: Path, world: World) -> None:
    """A window that can never be read to its end is an error, and no half of it is kept."""
    with pytest.raises(CursorExpired):
        newer(path, Wire(world, faults=["forget-cursor:always"], page_rows=20), SINCE, TODAY)
    assert records(path, ANALYTICS_COST) == []


@pytest.mark.long
def test_a_row_told_twice_is_not_kept(path: Path, world: World) -> None:
    """A cube that does not meet its control total is read again; the ledger never has what was told twice."""
    with suppress(UnexpectedResponse):  # of a control total, which has one row a day
        newer(path, Wire(world, faults=["duplicate-row:3"]), days_ago(3), TODAY)
    ledger_days = [day for day in span(days_ago(3), TODAY) if day in days_of(path, "analytics_cost")]
    for day in ledger_days:
        total = sum((row["billed"] for row in records(path, ANALYTICS_COST) if row["day"] == day), Decimal(0))
        assert total == world.billed(day)


@pytest.mark.long
def test_a_restated_day_is_replaced(path: Path) -> None:
    """Late requests of a past day move its control total, so the day is read anew, whole."""
    world = small(6)
    newer(path, Wire(world), SINCE, TODAY)
    world.restate(days_ago(6))
    newer(path, Wire(world, Clock(NOW + timedelta(minutes=10))), SINCE, TODAY)
    assert_newer(path, world, span(SINCE, TODAY))


@pytest.mark.long
def test_a_day_that_the_export_has_not_reached_is_absent(path: Path, world: World) -> None:
    """What lies after the watermark is not zero: the cost of such a day is absent, its use that of a running day."""
    early = Clock(NOW.replace(hour=2))
    newer(path, Wire(world, early, analytics=AnalyticsBehavior(refresh=timedelta(hours=9))), days_ago(3))
    assert max(days_of(path, "analytics_cost")) == days_ago(2)
    assert days_of(path, "analytics_usage")[days_ago(1)] == "running"
    newer(path, Wire(world), days_ago(3))
    assert_newer(path, world, span(days_ago(3), TODAY))


@pytest.mark.long
def test_a_key_that_may_read_nothing_else_is_enough(path: Path, world: World) -> None:
    """A key with `read:analytics` alone syncs; ids stand for names, and what is not readable is said once."""
    done = newer(path, Wire(world), days_ago(3), key="sk-ant-api01-analytics")
    assert done.organization == world.organization.id
    assert len(done.warnings) == 1
    total = sum((row["billed"] or 0 for row in records(path, CHARGES) if row["day"] < TODAY), Decimal(0))
    assert total == sum(map(world.billed, span(days_ago(3), TODAY)))
    real = world.organization.default.id
    assert real in {row["workspace"] for row in records(path, CHARGES)}, "nobody told which one is the default"


@pytest.mark.long
def test_auto_without_the_newer_dialect_reads_the_older(path: Path, world: World) -> None:
    """Where the newer dialect is refused, the older one is read and that is told; asked for by name, it is raised."""
    no = Answer(403, b'{"type":"error","error":{"type":"permission_error","message":"Not yet."}}', {})
    refusing = Wire(world, before=lambda target: no if "/analytics/" in target else None)
    done = synced(path, refusing, days_ago(3), source="auto")
    assert [remark for remark in done.warnings if "Not yet." in remark]
    assert {row["source"] for row in records(path, CHARGES)} == {"reports"}
    assert not synced(path, refusing, days_ago(3), source="auto").warnings
    with pytest.raises(Refused, match="Not yet"):
        newer(path, refusing, days_ago(3))


@pytest.mark.long
def test_money_without_its_use_is_charged_all_the_same(path: Path, world: World) -> None:
    """A sync that ends between a day's bill and its use leaves the bill in the charges, never a day of zero."""
    no = Answer(403, b'{"type":"error","error":{"type":"permission_error","message":"No more."}}', {})
    with pytest.raises(Refused):
        newer(path, Wire(world, before=lambda target: no if "analytics/usage" in target else None), days_ago(3))
    rows = records(path, CHARGES)
    assert sum((row["billed"] for row in rows), Decimal(0)) == sum(map(world.billed, span(days_ago(3), TODAY)))
    newer(path, Wire(world), days_ago(3))
    assert_newer(path, world, span(days_ago(3), TODAY))


def test_a_provisional_day_of_the_older_dialect_does_not_widen_a_sync() -> None:
    """What the older dialect left provisional is read by the newer one, that day alone, and not all days since."""
    day = days_ago(200)
    known = {(source, Grain.DAY): {day: Known(State.PROVISIONAL, NOW)} for source in (sources.COST, sources.USAGE)}
    wanted = Window(midnight(days_ago(3)), midnight(TODAY))
    tasks = [task for group in plan(known, Options(wanted), NOW) for task in group]
    assert {day for task in tasks for day in task.window.days()} == {day, *span(days_ago(3), TODAY)}
    assert {task.source for task in tasks} == {sources.ANALYTICS_COST, sources.ANALYTICS_USAGE}


@pytest.mark.long
def test_who_left_keeps_a_name(path: Path, world: World) -> None:
    """People whom the directory no longer lists are called as the rows call them, and are gone."""
    newer(path, Wire(world), days_ago(20), TODAY)
    named = {row["id"]: row for row in records(path, NAMES)}
    gone = [row for row in named.values() if row["type"] == "user" and row["status"] == "gone"]
    assert {row["name"] for row in gone} <= {"Hana Ito", "Deleted User"}
    assert gone
    actors = {row["actor"] for row in records(path, CHARGES)} - {"unattributed", "unknown"}
    assert {actor for actor in actors if actor.startswith(("user_", "federated_"))} <= named.keys()


@pytest.mark.long
def test_an_enterprise_organization(path: Path) -> None:
    """An Enterprise organization has no workspace, key or tier: `none` stands there, and all adds up."""
    world = World(start=date(2026, 8, 1), end=TODAY, seed=1, keys=16, requests_per_key_day=3, enterprise=True)
    newer(path, Wire(world), days_ago(4), key="sk-ant-api01-analytics")
    rows = [row for row in records(path, CHARGES) if row["billed"] is not None]
    assert {(row["workspace"], row["tier"]) for row in rows} == {("none", "none")}
    for day in days_of(path, "analytics_cost"):
        assert sum((row["billed"] for row in rows if row["day"] == day), Decimal(0)) == world.billed(day)
    priced = {row["priced"] for row in rows if row["kind"] in COUNTED}
    assert priced - {None}, "where no tier is told, the plain one is meant"


@pytest.mark.long
def test_an_enterprise_organization_read_by_both(path: Path) -> None:
    """What an Enterprise organization does not have, the older reports, is said and does not stop the newer."""
    world = World(start=date(2026, 8, 1), end=TODAY, seed=1, keys=16, requests_per_key_day=3, enterprise=True)
    done = synced(path, Wire(world), days_ago(3), source="both")
    assert [remark for remark in done.warnings if "older reports" in remark]
    assert set(days_of(path, "analytics_cost")) == set(span(days_ago(3), TODAY))


@pytest.mark.long
def test_unknown_products_and_values_are_kept(path: Path, world: World) -> None:
    """A product, tier or actor type that nobody has heard of is kept under its own name."""
    wire = Wire(world)
    real = wire.answer

    def renamed(method: str, target: str, headers: Any) -> Any:
        answer = real(method, target, headers)
        return replace(answer, body=answer.body.replace(b'"message_batches_api"', b'"cc_unheard_of"'))

    wire.answer = renamed  # type: ignore[method-assign]
    newer(path, wire, days_ago(3), TODAY)
    assert "cc_unheard_of" in {row["product"] for row in records(path, CHARGES)}
    assert not [row for row in records(path, NOTICES) if row["kind"] == "moved"]
    assert {row["day"] for row in records(path, DAYS) if row["source"] == "analytics_cost"} == set(
        span(days_ago(3), TODAY)
    )


VALUES = {
    "tier": ("standard", "batch", "priority", "none"),
    "context": ("0-200k", "200k-1M", "none"),
    "geo": ("global", "us", "not_available"),
    "speed": ("standard", "fast", "none", "warp"),
    "product": ("messages_api", "claude_code", "none", "other"),
}
combinations = st.lists(
    st.fixed_dictionaries({name: st.sampled_from(VALUES[name]) for name in SPARSE}),
    max_size=12,
    unique_by=lambda group: tuple(group.values()),
)


@pytest.mark.long
@settings(max_examples=200)
@given(combinations)
def test_a_cube_by_subtraction_is_the_cube(seen: list[dict[str, str]]) -> None:
    """Filtered and unfiltered answers, subtracted, give each combination once; what cannot be told apart is merged."""
    queries, lost = sparse_queries(seen)
    rests: dict[Filters, Counter[str]] = {}
    counts: Counter[Filters] = Counter()
    for query in sorted(queries, key=lambda query: -len(query.where)):
        [grouped] = set(query.by) - set(WHOSE) or {"none of them"}
        where = frozenset(query.where.items())
        rest = Counter(group.get(grouped, "") for group in seen if where <= set(group.items()))
        for finer, finer_rest in rests.items():
            if where < finer:
                rest.subtract(finer_rest)
        assert min(rest.values(), default=0) >= 0
        rests[where] = rest
        for value, count in rest.items():
            filters = {**query.fixed, grouped: value} if grouped in SPARSE else query.fixed
            counts[frozenset(filters.items())] += count
    nameless = {name: set(VALUES[name]) - set(NAMED[name].values) for name in lost}
    truth = Counter(
        frozenset((name, "unknown" if value in nameless.get(name, ()) else value) for name, value in group.items())
        for group in seen
    )
    assert +counts == truth
