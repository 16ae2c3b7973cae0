from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from support.records import content, days_of, records
from support.wire import PUBLIC, TODAY, Clock, Wire, days_ago, small, span, synced
from tallystick.core.breakdowns import BREAKDOWN_DIMENSIONS, BREAKDOWNS, NAMED_BREAKDOWNS, ORDINARY
from tallystick.core.dimensions import NAMED
from tallystick.core.question import Table
from tallystick.core.report_tables import BREAKDOWN_TABLES
from tallystick.errors import InvalidQuestion
from tallystick.ledger import Ledger
from tallystick.settings import Settings
from tallystick.sim import Answer, Discount, World
from tallystick.sync.rebuild import rebuild
from tallystick.sync.sources import SOURCES

SINCE = days_ago(5)
DAYS = span(SINCE, TODAY)
FIELDS = {
    "session": "session_id",
    "agent": "agent_id",
    "deployment": "deployment_id",
    "environment": "environment_id",
    "user_profile": "user_profile_id",
    "slack_channel": "slack_channel_id",
    "claude_tag_category": "claude_tag_category",
    "claude_tag_user": "claude_tag_user_id",
}
SERVICES = {"code_execution", "session_time"}
ALL = ("sessions", "profiles", "slack", "groups")
newer = partial(synced, source="analytics")


def _world(*, enterprise: bool) -> World:
    return World(
        start=date(2026, 8, 1),
        end=TODAY,
        seed=3,
        keys=16,
        requests_per_key_day=6,
        discount=Discount(100, days_ago(2)),
        enterprise=enterprise,
    )


@pytest.fixture(scope="module", params=[False, True], ids=["console", "enterprise"])
def world(request: pytest.FixtureRequest) -> World:
    """A small organization that nobody changes, with a discount of 10 % on its last days."""
    return _world(enterprise=request.param)


@pytest.fixture(scope="module")
def ledger(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its ledger with every breakdown; only read."""
    path = tmp_path_factory.mktemp("breakdowns") / "ledger"
    newer(path, Wire(world), SINCE, TODAY, breakdowns=ALL)
    return path


@pytest.fixture(scope="module")
def book(ledger: Path) -> Ledger:
    """The same, ready to be asked."""
    return Ledger(ledger, Clock())


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """An Enterprise organization with every breakdown."""
    path = tmp_path_factory.mktemp("company") / "ledger"
    newer(path, Wire(_world(enterprise=True)), SINCE, TODAY, breakdowns=ALL)
    return Ledger(path, Clock())


def _since(book: Ledger, by: str | tuple[str, ...], **options: Any) -> Table:
    return book.spend(by, since=f"{SINCE}", until="yesterday", **options)


def _billed(world: World) -> Decimal:
    return sum((world.billed(day) for day in DAYS), Decimal(0))


def _truth(world: World, name: str) -> dict[str, Decimal]:
    """What the requests of these days cost at list price, by one dimension."""
    sums: Counter[str] = Counter()
    for day in DAYS:
        for request in world.requests(day):
            facet = world.facet(request)
            sums[getattr(facet, FIELDS[name]) or NAMED[name].null] += sum(request.picodollars().values())
    return {value: Decimal(amount).scaleb(-12) for value, amount in sums.items() if amount}


@pytest.mark.parametrize("name", FIELDS)
def test_each_breakdown_is_the_truth(ledger: Path, world: World, name: str) -> None:
    """By each dimension of a breakdown, what its requests cost is the truth, and what is absent is `none`."""
    breakdown = next(breakdown for breakdown in BREAKDOWNS if name in breakdown.dims)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in records(ledger, BREAKDOWN_TABLES[breakdown.name]):
        if row["kind"] not in SERVICES:
            sums[row[name]] += row["list"]
    assert dict(sums) == _truth(world, name)


@pytest.mark.parametrize("name", [breakdown.name for breakdown in BREAKDOWNS if not breakdown.overlap])
def test_a_breakdown_adds_up_to_the_bill(ledger: Path, world: World, name: str) -> None:
    """Each day of a breakdown whose groups do not overlap is billed what the organization was, after the discount."""
    billed: dict[date, Decimal] = defaultdict(Decimal)
    for row in records(ledger, BREAKDOWN_TABLES[name]):
        billed[row["day"]] += row["billed"]
    assert billed == {day: world.billed(day) for day in DAYS}
    assert set(days_of(ledger, name)) == set(DAYS)


def test_groups_overlap(company: Ledger) -> None:
    """A user counts in each group, so rows exceed the bill; the total is the bill all the same, and this is said."""
    table = _since(company, "rbac_group", show=("list", "discount"))
    world = _world(enterprise=True)
    assert sum((row["billed"] for row in table.rows), Decimal(0)) > _billed(world)
    assert table.totals["billed"] == _billed(world)
    assert table.totals["list"] == sum(map(world.listed, DAYS), Decimal(0))
    assert table.totals["discount"] == table.totals["list"] - table.totals["billed"]
    assert any("do not add up" in text for text in table.warnings)


def test_groups_hold_each_user_of_theirs(company: Ledger) -> None:
    """A group's row is all that its members were billed, whatever other groups they are in."""
    world = _world(enterprise=True)
    expected: Counter[str] = Counter()
    for day in DAYS:
        for request in world.requests(day):
            for group in world.facet(request).rbac_groups or ("none",):
                expected[group] += sum(request.picodollars().values())
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in _since(company, ("rbac_group", "kind"), show=("list",)).rows:
        if row["kind"] not in SERVICES:
            sums[str(row["rbac_group"])] += row["list"]
    assert sums == {group: Decimal(amount).scaleb(-12) for group, amount in expected.items()}


@pytest.mark.long
@pytest.mark.parametrize("name", BREAKDOWN_DIMENSIONS)
def test_spend_by_a_breakdown_has_the_bill_as_its_total(book: Ledger, world: World, name: str) -> None:
    """By any dimension of a breakdown the total is the organization's bill, to the last digit."""
    table = _since(book, name)
    assert table.totals["billed"] == _billed(world)
    assert table.coverage["absent"] == []
    assert any("do not add up" in text for text in table.warnings) == NAMED[name].overlaps


@pytest.mark.parametrize(
    ("by", "where", "words"),
    [
        (("session", "user_profile"), {}, "session and user_profile"),
        (("session", "key"), {}, "session and key"),
        (("rbac_group", "claude_tag_user"), {}, "rbac_group and claude_tag_user"),
        (("agent",), {"actor": "x"}, "agent and actor"),
        (("session", "team"), {}, "session and team"),
        (("claude_tag_category", "claude_tag_user", "session"), {}, "claude_tag_category and session"),
    ],
)
def test_breakdowns_do_not_combine(book: Ledger, by: tuple[str, ...], where: dict[str, str], words: str) -> None:
    """Dimensions that no one breakdown has are refused with what can be combined."""
    with pytest.raises(InvalidQuestion, match=words) as wrong:
        _since(book, by, where=where)
    assert f"With {by[0]} go " in str(wrong.value)


def test_what_would_add_overlapping_rows_is_refused(company: Ledger) -> None:
    """Neither --top nor several groups in one row: both would sum what does not add up. One group alone does."""
    with pytest.raises(InvalidQuestion, match="do not add up"):
        _since(company, "rbac_group", top=1)
    groups = [str(row["rbac_group"]) for row in _since(company, "rbac_group").rows]
    with pytest.raises(InvalidQuestion, match="do not add up"):
        _since(company, "day", where={"rbac_group": groups[:2]})
    alone = _since(company, "day", where={"rbac_group": groups[0]})
    assert alone.totals["billed"] == _since(company, "rbac_group").rows[0]["billed"]
    model = str(_since(company, "model").rows[0]["model"])
    assert _since(company, "rbac_group", where={"model": model}).totals["billed"] is None


def test_a_breakdown_does_not_count_requests(company: Ledger) -> None:
    """Figures that a breakdown does not know are refused."""
    with pytest.raises(InvalidQuestion, match="no requests"):
        _since(company, "slack_channel", show=("requests",))


@pytest.mark.long
def test_a_ledger_with_breakdowns_adds_up(book: Ledger) -> None:
    """Verify finds nothing, overlapping breakdowns included."""
    assert book.verify().rows == []


@pytest.mark.long
def test_none_is_read_by_default(path: Path) -> None:
    """By default no breakdown is read; days that one lacks are absent, with the command that reads them."""
    world = small(4)
    newer(path, Wire(world), SINCE, TODAY)
    assert not any(days_of(path, name) for name in NAMED_BREAKDOWNS)
    table = _since(Ledger(path, Clock()), "session")
    assert table.totals["billed"] is None
    assert len(table.coverage["absent"]) == len(DAYS)
    assert any(f"`tallystick sync --breakdowns sessions --since {SINCE}`" in text for text in table.warnings)


@pytest.mark.long
def test_a_breakdown_leaves_charges_alone(path: Path) -> None:
    """A breakdown that is read later adds its own days and changes no other table."""
    world = small(4)
    newer(path, Wire(world), SINCE, TODAY)
    before = content(path)
    newer(path, Wire(world), SINCE, TODAY, breakdowns=("sessions",))
    after = content(path)
    assert {name for name in after if after[name] != before[name]} == {"breakdown_sessions", "days"}


@pytest.mark.long
def test_a_second_reading_changes_nothing(world: World, path: Path) -> None:
    """Breakdowns that are read once more with nothing new write no version."""
    newer(path, Wire(world), days_ago(2), TODAY, breakdowns=ALL)
    before = content(path)
    done = newer(path, Wire(world), days_ago(2), TODAY, breakdowns=ALL)
    assert done.days == 0
    assert content(path) == before


@pytest.mark.long
def test_a_rebuild_gives_the_same_breakdowns(ledger: Path, tmp_path: Path) -> None:
    """From the archived pages alone every breakdown comes out row for row."""
    rebuild(ledger, tmp_path / "again", PUBLIC)
    assert content(tmp_path / "again") == content(ledger)


@pytest.mark.long
def test_a_restated_day_of_a_breakdown_is_replaced(path: Path) -> None:
    """Late requests move the control total of a breakdown too, so its day is read anew."""
    world = small(6)
    newer(path, Wire(world), days_ago(8), TODAY, breakdowns=("sessions",))
    world.restate(days_ago(6))
    newer(path, Wire(world, Clock(Clock().now() + timedelta(minutes=10))), days_ago(8), TODAY, breakdowns=("sessions",))
    billed = Counter[date]()
    for row in records(path, BREAKDOWN_TABLES["breakdown_sessions"]):
        billed[row["day"]] += row["billed"]
    assert billed[days_ago(6)] == world.billed(days_ago(6))


@pytest.mark.long
def test_breakdowns_need_the_newer_dialect(path: Path) -> None:
    """The older dialect has no breakdown, and the sync warns of it; an unknown breakdown is refused."""
    world = small(4)
    assert any(
        "newer reports have breakdowns" in warning
        for warning in synced(path, Wire(world), days_ago(2), breakdowns=("groups",)).warnings
    )
    no = Answer(403, b'{"type":"error","error":{"type":"permission_error","message":"Not yet."}}', {})
    refusing = Wire(world, before=lambda target: no if "/analytics/" in target else None)
    done = synced(path, refusing, days_ago(2), source="auto", breakdowns=("groups",))
    assert any("newer reports have breakdowns" in warning for warning in done.warnings)
    with pytest.raises(InvalidQuestion, match="no breakdown 'session'"):
        newer(path, Wire(world), SINCE, breakdowns=("session",))


def test_every_breakdown_can_be_asked_for() -> None:
    """A breakdown has a source, a table, at most five dimensions, and only with reason groups that do not add up."""
    for breakdown in BREAKDOWNS:
        assert SOURCES[breakdown.name].breakdown is breakdown
        assert len(breakdown.dims) <= 5
        assert bool(breakdown.overlap) == bool(breakdown.overlapping)
        assert set(breakdown.dims) - set(ORDINARY) <= set(BREAKDOWN_DIMENSIONS)


@pytest.mark.long
def test_a_plan_says_what_breakdowns_will_cost(path: Path) -> None:
    """A plan after a like reading has the requests and megabytes that it takes, those of breakdowns too."""
    world = small(4)
    book = Ledger(path, Clock())
    words = ("sessions", "slack")
    newer(path, Wire(world), days_ago(40), days_ago(36), breakdowns=words)
    tasks, cost = book.plan(f"{days_ago(35)}", f"{days_ago(31)}", source="analytics", breakdowns=words)
    assert {task.source for task in tasks if task.source.breakdown} == {
        SOURCES["breakdown_sessions"],
        SOURCES["breakdown_slack"],
        SOURCES["breakdown_slack_users"],
    }
    assert cost.measured
    wire = Wire(world)
    done = newer(path, wire, days_ago(35), days_ago(30), breakdowns=words)
    assert abs(cost.requests - len(wire.answers)) <= 6
    assert cost.megabytes == pytest.approx(done.size / 1e6, rel=0.3)


@pytest.mark.long
def test_a_plan_counts_a_request_for_each_day_of_activity(path: Path) -> None:
    """The activity of Claude Code is asked for day by day, and so it is planned once it was read."""
    world = small(4)
    synced(path, Wire(world), days_ago(40), days_ago(36))
    book = Ledger(path, Clock())
    with_it, without = (
        book.plan(f"{days_ago(35)}", f"{days_ago(21)}", source="reports", claude_code=claude_code)[1]
        for claude_code in (True, False)
    )
    assert with_it.requests - without.requests == 15


def test_the_settings_name_breakdowns(path: Path, tmp_path: Path) -> None:
    """Breakdowns of the settings are planned where the command names none; an empty --breakdowns leaves them out."""
    file = tmp_path / "tallystick.toml"
    file.write_text('breakdowns = ["groups"]\n', encoding="utf-8")
    book = Ledger.of(Settings.load(config=str(file), ledger=str(path), environment={}), clock=Clock())
    by_default, none = (
        {task.source for task in book.plan("7d", breakdowns=breakdowns)[0]} for breakdowns in (None, ())
    )
    assert by_default - none == {SOURCES["breakdown_groups"]}
