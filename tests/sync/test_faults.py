from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.records import Tabled, content, days_of, records, rows
from support.simulated_truth import assert_true, counted, used
from support.wire import NOW, PUBLIC, TODAY, Clock, Wire, days_ago, small, span, synced
from tallystick.core.ledger_tables import DAYS, NOTICES, PAGES
from tallystick.core.report_tables import COST, USAGE_DAY
from tallystick.errors import ApiError, CursorExpired, InvalidAmount, Refused, UnexpectedResponse, Unreachable
from tallystick.sim import FAULTS, Answer, World
from tallystick.store.archive import Archive
from tallystick.store.tables import Tables
from tallystick.sync import queries, unread_bills
from tallystick.sync.rebuild import rebuild

SINCE = days_ago(6)

MENDED = [
    ["truncated-json:@9"],
    ["429:5", "429-bare:7", "429-stale-reset:9", "slow:once"],
    ["500:5", "502-html:7", "503:9", "504:11", "529:13", "reset:6"],
    ["forget-cursor:once"],
    ["stale-cursor:once"],
    ["negative-amount:once"],
]
"""Faults that a sync gets over."""
STOPPING = [
    ("429:always", Unreachable),
    ("has-more-without-token:once", UnexpectedResponse),
    ("repeated-token:once", UnexpectedResponse),
    ("duplicate-bucket:once", UnexpectedResponse),
    ("bad-amount-blank:@2", InvalidAmount),
    ("bad-amount-exponent:@3", InvalidAmount),
    ("forget-cursor:always", CursorExpired),
    ("stale-cursor:always", CursorExpired),
    ("negative-amount:always", None),
    ("restated-day:7", None),
]
"""Faults that may stop a sync, and how."""

YESTERDAY = days_ago(1)
LATER = [
    "503-authorization-check-unavailable:4",
    "503-change-outcome-unknown:5",
    "503-workspace-created-incomplete:6",
    "error-under-200:@6",
    "html-under-200:@6",
    "repeated-page:once",
    "repeated-row:@3",
    f"late-bill={YESTERDAY}",
    f"late-bill-workspace={YESTERDAY}",
    f"late-bill-model={YESTERDAY}",
    f"lost-usage={YESTERDAY}",
    f"lost-bucket={YESTERDAY}",
    f"emptied={YESTERDAY}",
    f"halved={YESTERDAY}",
    f"credit={YESTERDAY}",
    "empty-list:@5",
    "other-organization:@5",
]
"""Faults of a while: a later sync has the truth."""
NEW = [f"{name}:always" for name in ("new-token-counter", "new-cost-type", "new-tier", "new-actors")]
NEW += ["undated-models:always", "undated-models-cost:always"]
"""What no client has heard of."""


@pytest.fixture(scope="module")
def world() -> World:
    """A small world that this file leaves as it is."""
    return small()


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory, world: World) -> Tabled:
    """What a sync without faults makes of it."""
    path = tmp_path_factory.mktemp("reference") / "ledger"
    synced(path, Wire(world), SINCE)
    return content(path)


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cubes come in several pages, as those of a busy organization do."""
    # no parameter of a sync: a user has no reason to choose the size of a page, and it follows from what was read
    monkeypatch.setattr(queries, "ROWS_A_PAGE", 20)
    monkeypatch.setattr(queries, "FIRST_BUCKETS", 2)


def _committed_is_right(path: Path, world: World) -> None:
    """Every day that the ledger says it has is the truth, and there are rows of no other day."""
    known_days = {(row["source"], row["day"]) for row in records(path, DAYS)} if Tables(path).exists() else set()
    for source, table in (("usage", USAGE_DAY), ("cost", COST)):
        assert {row["day"] for row in records(path, table)} <= {day for half, day in known_days if half == source}
    assert_true(path, world, [day for half, day in known_days if half == "usage" and ("cost", day) in known_days])


def _fault(spec: str) -> str:
    return spec.partition(":")[0].partition("=")[0]


def test_every_fault_of_the_simulator_is_tried() -> None:
    """No fault that the simulator knows is left out here."""
    elsewhere = {"extra-fields", "missing-yesterday", "stale-yesterday"}
    elsewhere |= {"duplicate-row", "refreshed-midway"}  # of the newer dialect, which is not synced yet
    elsewhere |= {_fault(spec) for spec in (*LATER, *NEW)}
    tried = {_fault(spec) for faults in MENDED for spec in faults} | {_fault(spec) for spec, _ in STOPPING} | elsewhere
    assert tried == {fault.name for fault in FAULTS}


@pytest.mark.long
@pytest.mark.parametrize("faults", MENDED, ids=" ".join)
def test_a_passing_fault_leaves_no_trace(path: Path, world: World, reference: Tabled, faults: list[str]) -> None:
    """After faults that pass, the ledger is that of a sync without them."""
    wire = Wire(world, faults=faults)
    assert synced(path, wire, SINCE).moved == {}
    assert content(path) == reference


@pytest.mark.long
@pytest.mark.parametrize(("spec", "error"), STOPPING)
def test_a_fault_commits_the_truth_or_nothing(
    path: Path, reference: Tabled, spec: str, error: type[ApiError] | None
) -> None:
    """Whatever goes wrong, what is committed is right; where a sync stops, the next one ends in the right ledger."""
    world = small()
    if error:
        with pytest.raises(error):
            synced(path, Wire(world, faults=[spec]), SINCE)
    else:
        synced(path, Wire(world, faults=[spec]), SINCE)
    if Tables(path).exists() and not spec.startswith("restated"):
        _committed_is_right(path, world)
    synced(path, Wire(world), SINCE)
    assert_true(path, world, span(SINCE, TODAY))
    if spec not in {"negative-amount:always", "restated-day:7"}:
        assert _facts(path) == reference


@pytest.mark.long
@pytest.mark.parametrize("spec", LATER)
def test_what_comes_later_ends_in_the_right_ledger(path: Path, reference: Tabled, spec: str) -> None:
    """A bill that is late, a day that was lost, halved, emptied or another's: the next good sync has the truth."""
    world = small()
    with suppress(ApiError):
        synced(path, Wire(world, faults=[spec]), SINCE)
    synced(path, Wire(world), SINCE)
    assert _facts(path) == reference


def _facts(path: Path) -> Tabled:
    """Every row but the notices that a bill could not be read for a while, which stay as its history."""
    tables = content(path)
    kind = [column.name for column in NOTICES.columns].index("kind")
    return tables | {NOTICES.name: [row for row in tables[NOTICES.name] if row[kind] != unread_bills.KIND]}


@pytest.mark.long
@pytest.mark.parametrize("spec", NEW)
def test_what_is_new_stops_nothing(path: Path, spec: str) -> None:
    """A new counter, cost type, tier or kind of actor, and undated models, leave every day read and its sums right."""
    world = small()
    synced(path, Wire(world, faults=[spec]), SINCE)
    bills = {row["day"]: row["billed"] for row in records(path, DAYS) if row["source"] == "cost"}
    assert bills == {day: world.billed(day) for day in span(SINCE, TODAY)}


@pytest.mark.long
def test_a_window_that_fails_is_not_half_there(path: Path, world: World) -> None:
    """A bad amount in the cube, after good control totals, leaves nothing of its window in any table."""
    with pytest.raises(InvalidAmount):
        synced(path, Wire(world, faults=["bad-amount-blank:@2"]), SINCE)
    assert records(path, COST) == []
    assert "cost" not in {row["source"] for row in records(path, DAYS)}
    assert not [row for row in rows(path, "SELECT what FROM versions") if "cost" in row["what"]]
    assert days_of(path, "usage"), "what was used is committed alone"


@pytest.mark.long
def test_a_lost_cursor_restarts_its_window_once(path: Path, world: World) -> None:
    """After a lost page token the window is read once more from its start; only the second reading is judged."""
    wire = Wire(world, faults=["forget-cursor:once"])
    synced(path, wire, SINCE)
    controls = [query for query in wire.queries("usage_report/messages") if "group_by[]" not in query]
    assert len(controls) == 3, "before, before once more, after"
    index = rows(path, "SELECT purpose, reading FROM pages WHERE source = 'usage'")
    assert len({row["reading"] for row in index}) == 1
    assert sorted(row["purpose"] for row in index).count("before") == 1
    with pytest.raises(CursorExpired) as lost:
        synced(path, Wire(world, faults=["forget-cursor:always"]), days_ago(20))
    assert lost.value.status == 410


@pytest.mark.long
def test_the_first_page_of_a_cube_is_short(path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is known how dense the usage report is, a page of its cube asks for seven buckets, whatever cost is."""
    monkeypatch.undo()
    wire = Wire(world)
    synced(path, wire, SINCE)
    first = next(query for query in wire.queries("usage_report") if "workspace_id" in query.get("group_by[]", []))
    assert first["limit"] == ["7"]


@pytest.mark.long
def test_unknown_fields_are_accepted_noticed_and_kept(path: Path, world: World, tmp_path: Path) -> None:
    """Fields and cost types nobody has heard of change no figure, are noticed once, and stay in the archive as sent."""
    wire = Wire(world, faults=["extra-fields:always"])
    synced(path, wire, SINCE)
    for day in span(SINCE, TODAY):
        usage = [row for row in records(path, USAGE_DAY) if row["day"] == day]
        assert sum(row["output"] for row in usage) == counted(used(world, day))[4]
        assert sum(row["billed"] for row in records(path, COST) if row["day"] == day) == world.billed(day)
    kinds = {row["kind"] for row in records(path, COST) if row["cost_type"] == "quantum_execution"}
    assert kinds == {"quantum_execution"}
    assert {(row["kind"], row["subject"]) for row in records(path, NOTICES)} == {
        ("new field", "usage carbon_grams"),
        ("new field", "cost carbon_grams"),
    }
    bodies = [Archive(path).body(row["hash"]) for row in _index(path)]
    assert sum(b"carbon_grams" in body and b"data_quality" in body for body in bodies) > 4
    before = content(path)
    synced(path, wire, SINCE)
    assert content(path) == before
    rebuild(path, tmp_path / "new", PUBLIC)
    assert content(tmp_path / "new") == before


def _index(path: Path) -> list[dict[str, Any]]:
    table = Tables(path).open(PAGES).to_pyarrow_table()
    entries: list[dict[str, Any]] = table.sort_by([("reading", "ascending"), ("place", "ascending")]).to_pylist()
    return entries


@pytest.mark.long
def test_every_page_is_kept_byte_for_byte(path: Path, world: World) -> None:
    """The archive holds the body of each answer as sent, in the order of the requests, and last that all was read."""
    wire = Wire(world)
    synced(path, wire, SINCE)
    pages = [(row["request"], Archive(path).body(row["hash"]), row["size"]) for row in _index(path)]
    success = ("tallystick sync", b"success", 7)
    assert pages == [*((target, answer.body, len(answer.body)) for target, answer in wire.answers), success]


@pytest.mark.long
def test_where_speed_is_refused_it_is_unknown(path: Path, tmp_path: Path) -> None:
    """An organization that may not use the beta header of speed gets everything else, `unknown` speed, and a remark."""
    world = small(requests=8)
    wire = Wire(world, without="anthropic-beta")
    done = synced(path, wire, SINCE)
    assert len(done.warnings) == 1
    assert "speed" in done.warnings[0]
    usage = records(path, USAGE_DAY)
    assert {row["speed"] for row in usage} == {"unknown"}
    for day in span(SINCE, TODAY):
        truth: dict[tuple[str, ...], list[int]] = {}
        for (*dims, _), counts in used(world, day).items():
            sums = truth.setdefault(tuple(dims), [0] * 6)
            sums[:] = map(sum, zip(sums, counts, strict=True))
        names = ("workspace", "key", "account", "service_account", "model", "tier", "context", "geo")
        counters = ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "web_searches")
        groups = {
            tuple(r[name] for name in names): [r[counter] for counter in counters] for r in usage if r["day"] == day
        }
        assert groups == truth
    before = content(path)
    assert synced(path, wire, SINCE).days == 0
    rebuild(path, tmp_path / "new", PUBLIC)
    assert content(tmp_path / "new") == before


@pytest.mark.long
def test_a_refused_speed_is_unknown_and_said(path: Path, world: World) -> None:
    """A 403 on what asks for speed leaves speed unknown, in words, and the tokens are there: no world without speed."""
    no = Answer(403, b'{"type":"error","error":{"type":"permission_error","message":"No."}}', {})
    done = synced(path, Wire(world, before=lambda target: no if "speed" in target else None), SINCE)
    assert any("speed" in remark for remark in done.warnings)
    assert {row["speed"] for row in rows(path, "SELECT DISTINCT speed FROM usage")} == {"unknown"}


def _refuses(message: str) -> Answer:
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    return Answer(400, json.dumps(error).encode(), {})


@pytest.mark.long
def test_cost_that_is_not_published_yet_is_told_and_does_not_stop_the_sync(path: Path, world: World) -> None:
    """Where by the API's clock no day of a cost window has ended, its days stay missing, with a remark; usage comes."""
    no = _refuses("Invalid date range: ending date must be after starting date")
    wire = Wire(world, before=lambda target: no if "cost_report" in target else None)
    done = synced(path, wire, days_ago(1))
    assert len(done.warnings) == 1
    assert records(path, COST) == []
    assert set(days_of(path, "usage")) == {days_ago(1), TODAY}
    synced(path, Wire(world), days_ago(1))
    assert_true(path, world, [days_ago(1)])


@pytest.mark.long
def test_cost_that_is_refused_for_another_reason_is_an_error(path: Path, world: World) -> None:
    """A 400 of the cost report that does not speak of the date range is no lateness: the sync says so and fails."""
    no = _refuses("group_by[]: unknown value 'description'")
    with pytest.raises(Refused):
        synced(path, Wire(world, before=lambda target: no if "cost_report" in target else None), SINCE)


@pytest.mark.long
def test_a_list_that_may_not_be_read_is_told_and_does_not_stop_the_sync(path: Path, world: World) -> None:
    """Where keys or users may not be listed, usage and cost are read all the same, with a remark; nobody is gone."""
    synced(path, Wire(world), SINCE)
    no = Answer(403, b'{"type":"error","error":{"type":"permission_error","message":"No."}}', {})
    later = Clock(NOW.replace(minute=1))
    refusing = Wire(world, later, before=lambda target: no if "/api_keys" in target or "/users" in target else None)
    done = synced(path, refusing, SINCE)
    assert ["keys, users" in remark for remark in done.warnings] == [True]
    assert rows(path, "SELECT * FROM names WHERE status = 'gone'") == []


@pytest.mark.long
def test_a_list_read_in_part_makes_nobody_gone(path: Path, world: World) -> None:
    """Where a later page of a list is refused, the names on it stay as they were."""
    synced(path, Wire(world), SINCE)
    first = b'{"data": [], "has_more": true, "first_id": null, "last_id": "apikey_x"}'
    no = Answer(403, b'{"type":"error","error":{"type":"permission_error","message":"No."}}', {})

    def before(target: str) -> Answer | None:
        if "/api_keys" not in target:
            return None
        return no if "after_id" in target else Answer(200, first, {"content-type": "application/json"})

    later = Clock(NOW.replace(minute=1))
    synced(path, Wire(world, later, before=before), SINCE)
    assert rows(path, "SELECT id FROM names WHERE status = 'gone'") == []


@pytest.mark.long
def test_a_name_that_is_gone_is_gone_and_can_come_back(path: Path, world: World) -> None:
    """What a list no longer holds is `gone` with its last name, an emptied list an hour later; it can come back."""
    synced(path, Wire(world), SINCE)
    before = rows(path, "SELECT * EXCLUDE (seen_at) FROM names ORDER BY type, id")
    nobody = b'{"data": [], "has_more": false, "first_id": null, "last_id": null}'
    for hours, gone in ((0.1, 0), (1.2, len(world.organization.users))):
        later = Clock(NOW + timedelta(hours=hours))
        lost = Wire(world, later, before=lambda target: Answer(200, nobody, {}) if "/users" in target else None)
        assert synced(path, lost, SINCE).names == gone
    assert {row["status"] for row in rows(path, "SELECT status FROM names WHERE type = 'user'")} == {"gone"}
    assert rows(path, "SELECT name FROM names WHERE type = 'user' AND name = 'Ada Okafor'")
    synced(path, Wire(world, Clock(NOW + timedelta(hours=2))), SINCE)
    assert rows(path, "SELECT * EXCLUDE (seen_at) FROM names ORDER BY type, id") == before
