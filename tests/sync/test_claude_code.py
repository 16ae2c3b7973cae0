"""Activity in Claude Code: what the report says of a day is what happened, and what it leaves out is unknown."""

from __future__ import annotations

import json
import stat
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from support.records import content, days_of, records
from support.wire import DAY, KEY, NOW, PUBLIC, TODAY, Clock, Wire, days_ago, span, synced
from tallystick.core.ledger_tables import DAYS, NAMES
from tallystick.core.report_tables import ACTIVITY
from tallystick.errors import UnexpectedResponse
from tallystick.sim import Answer, World
from tallystick.sync.rebuild import rebuild
from tallystick.sync.redaction import LETTERS, MADE, People, key_in

SINCE = days_ago(4)
SPENT = "usage_report/claude_code"


def key() -> bytes:
    """The key of these tests."""
    return b"k" * 32


@pytest.fixture(scope="module")
def world() -> World:
    """A world in which people, seats and keys use Claude Code, two of these by one name."""
    return World(start=date(2026, 8, 1), end=TODAY, keys=16, requests_per_key_day=8, coding_keys=3, seats=2)


@pytest.fixture(scope="module")
def ledger(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its ledger; only to be read."""
    path = tmp_path_factory.mktemp("coding") / "ledger"
    assert synced(path, Wire(world), SINCE).warnings == []
    return path


def edited(world: World, edit: Callable[[list[dict[str, Any]]], None]) -> Callable[[str], Answer | None]:
    """A wire's `before` that changes the rows of the Claude Code report."""
    plain = Wire(world)
    headers = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}

    def before(target: str) -> Answer | None:
        if SPENT not in target:
            return None
        answer = plain.answer("GET", target, headers)
        page = json.loads(answer.body)
        edit(page["data"])
        return Answer(answer.status, json.dumps(page).encode(), answer.headers)

    return before


def test_tokens_are_those_of_the_truth(ledger: Path, world: World) -> None:
    """By day, person and model, the tokens of the ledger are those of the requests, seats and keys included."""
    names = Counter(key.name for key in world.organization.keys)
    ids = {key.id: key.id if names[key.name] == 1 else f"key:{key.name}" for key in world.organization.keys}
    coding = world.organization.coding.id
    true: Counter[tuple[Any, ...]] = Counter()
    for day in span(SINCE, TODAY):
        for request in (*world.requests(day), *world.seated(day)):
            group = request.group
            actor = group.account or ids.get(group.key or "")
            if group.workspace == coding and actor:
                counts = (request.uncached, request.output, request.read, request.write_5m + request.write_1h)
                for kind, count in zip(("input", "output", "cache_read", "cache_write"), counts, strict=True):
                    true[day, actor, group.model, kind] += count
    sums: Counter[tuple[Any, ...]] = Counter()
    for row in records(ledger, ACTIVITY):
        for kind in ("input", "output", "cache_read", "cache_write") if row["model"] != "none" else ():
            sums[row["day"], row["actor"], row["model"], kind] += row[kind]
    assert +sums == +true
    assert any(actor.startswith("key:") for _, actor, _, _ in sums)


@pytest.mark.long
def test_what_was_done_is_told_once(ledger: Path, world: World) -> None:
    """Counts and estimates sum to those of the report, however many models a row has."""
    wire = Wire(world)
    synced(ledger.parent / "again", wire, SINCE)
    rows = [row for target, answer in wire.answers if SPENT in target for row in json.loads(answer.body)["data"]]
    activity = records(ledger, ACTIVITY)
    assert sum(row["sessions"] or 0 for row in activity) == sum(row["core_metrics"]["num_sessions"] for row in rows)
    assert sum(row["edit_accepted"] or 0 for row in activity) == sum(
        row["tool_actions"]["edit_tool"]["accepted"] for row in rows
    )
    cents = sum(part["estimated_cost"]["amount"] for row in rows for part in row["model_breakdown"])
    assert sum((row["estimated"] or Decimal(0) for row in activity), Decimal(0)) == Decimal(cents) / 100
    assert {row["customer"] for row in activity} == {"api", "subscription"}


@pytest.mark.long
def test_days_are_read_once_they_have_ended(ledger: Path, world: World) -> None:
    """Ended days alone are read, one request each; a day read within the hour after its end counts as running."""
    assert days_of(ledger, "claude_code") == dict.fromkeys(span(SINCE, TODAY), "provisional")
    early = ledger.parent / "early"
    synced(early, Wire(world, Clock(NOW.replace(hour=0, minute=30))), days_ago(1))
    assert days_of(early, "claude_code") == {days_ago(1): "running"}
    synced(early, Wire(world), days_ago(1))
    assert records(early, ACTIVITY)
    assert days_of(early, "claude_code") == {days_ago(1): "provisional"}


@pytest.mark.long
def test_older_days_are_read_weekly(path: Path, world: World) -> None:
    """The last three ended days are read each time, others after a week, and a day that settled no more."""
    synced(path, Wire(world, Clock(NOW - 8 * DAY)), days_ago(10))
    wire = Wire(world, Clock(NOW - 6 * DAY))
    synced(path, wire, days_ago(10))
    starts = {query["starting_at"][0] for query in wire.queries(SPENT)}
    assert starts == {str(day) for day in span(days_ago(9), days_ago(6))}
    wire = Wire(world)
    synced(path, wire, days_ago(10))
    assert str(days_ago(10)) in {query["starting_at"][0] for query in wire.queries(SPENT)}


@pytest.mark.long
def test_rebuilt_row_for_row(ledger: Path, tmp_path: Path) -> None:
    """The archive alone gives the same activity."""
    rebuild(ledger, tmp_path / "new", PUBLIC)
    assert content(tmp_path / "new") == content(ledger)


@pytest.mark.long
def test_a_second_sync_writes_nothing(ledger: Path, world: World) -> None:
    """A reading that finds the same writes no version."""
    before = content(ledger)
    done = synced(ledger, Wire(world), SINCE)
    assert (done.days, content(ledger)) == (0, before)


@pytest.mark.long
def test_a_refusal_is_a_remark(path: Path, world: World) -> None:
    """Where the report may not be read that is said once, after one request, and all else is there."""
    error = json.dumps({"type": "error", "error": {"type": "permission_error", "message": "No."}}).encode()
    wire = Wire(world, before=lambda target: Answer(403, error) if SPENT in target else None)
    done = synced(path, wire, days_ago(50))
    assert len(wire.queries(SPENT)) == 1
    assert [warning for warning in done.warnings if "Claude Code" in warning] == done.warnings
    assert days_of(path, "claude_code") == {}
    assert days_of(path, "cost")


@pytest.mark.long
def test_it_can_be_left_out(path: Path, world: World) -> None:
    """Without it, nothing is asked of the report."""
    wire = Wire(world)
    synced(path, wire, days_ago(2), claude_code=False)
    assert wire.queries(SPENT) == []


@pytest.mark.long
def test_the_bill_stays_as_it_is(ledger: Path, path: Path, world: World) -> None:
    """The estimate is in no charge: with and without activity the charges are the same."""
    synced(path, Wire(world), SINCE, claude_code=False)
    assert content(path)["charges"] == content(ledger)["charges"]


@pytest.mark.long
def test_unknown_fields_tools_and_absent_ones(path: Path, world: World) -> None:
    """New fields, tools and words are kept or noticed; what is absent is unknown, not zero."""

    def edit(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row["mood"] = "good"
            row["customer_type"] = "barter"
            row["tool_actions"]["juggle_tool"] = {"accepted": 2, "rejected": 1}
            del row["core_metrics"], row["is_remote"], row["subscription_type"]

    done = synced(path, Wire(world, before=edited(world, edit)), days_ago(1))
    activity = records(path, ACTIVITY)
    counts = [row for row in activity if row["model"] == "none"]
    assert {row["customer"] for row in activity} == {"barter"}
    assert {(count["remote"], count["subscription"], count["sessions"]) for count in counts} == {
        ("unknown", "unknown", None)
    }
    assert all(count["other_accepted"] == 2 * count["other_rejected"] > 0 for count in counts)
    odd = {"claude_code mood", "claude_code tool_actions.juggle_tool"}
    # Rows here and on other machines are alike, now that nothing tells which is which.
    alike = {"claude_code data[]", f"claude_code {days_ago(1)}"}
    assert {issue.split(":")[0] for issue in done.issues} == odd | alike


@pytest.mark.long
def test_a_person_without_an_id(path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An e-mail that the directory does not list stays out of activity: a keyed hash stands there."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(path.parent / "config"))

    def edit(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            if "email_address" in row["actor"]:
                row["actor"]["email_address"] = "Someone@Else.example"

    synced(path, Wire(world, before=edited(world, edit)), days_ago(2))
    people = {record["actor"] for record in records(path, ACTIVITY) if record["actor_type"] == "user_actor"}
    [made] = people
    assert made.startswith(MADE)
    assert len(made) == len(MADE) + LETTERS
    assert "else" not in repr(records(path, ACTIVITY)).lower()
    assert [record["email"] for record in records(path, NAMES) if record["id"] == made] == ["Someone@Else.example"]
    file = path.parent / "config" / "tallystick" / "people.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rebuild(path, path.parent / "new", PUBLIC)
    assert content(path.parent / "new") == content(path)


def test_ids_of_people(tmp_path: Path) -> None:
    """An e-mail gives the same id whatever its case, another one under another key, and no key where none is needed."""
    people = People("full", key, {"ada@x.example": "user_ada"})
    assert people.id_of("ada@X.example") == "user_ada"
    assert people.id_of("Ben@x.example") == people.id_of("ben@x.example")
    assert people.id_of("ben@x.example") != People("full", b"other" * 8).id_of("ben@x.example")
    made = key_in(tmp_path / "a" / "people.key")()
    assert key_in(tmp_path / "a" / "people.key")() == made
    assert len(made) == 64


ODD = (
    {"actor": {"type": "ghost_actor"}},
    {"core_metrics": {"num_sessions": -1}},
    {"model_breakdown": [{"model": "m", "estimated_cost": {"currency": "EUR", "amount": 1}}]},
    {"model_breakdown": [{"model": "m", "estimated_cost": {"currency": "USD", "amount": 1e30}}]},
    {"model_breakdown": [{"model": "m", "estimated_cost": {"currency": "USD", "amount": -5}}]},
    {"model_breakdown": None},
)


@pytest.mark.long
@pytest.mark.parametrize("change", ODD)
def test_an_odd_part_of_a_row_is_unknown(path: Path, world: World, change: dict[str, Any]) -> None:
    """An actor, a count or an estimate that cannot be is unknown; the row and its day are kept."""

    def edit(rows: list[dict[str, Any]]) -> None:
        rows[0].update(change)

    synced(path, Wire(world, before=edited(world, edit)), days_ago(1))
    activity = records(path, ACTIVITY)
    assert {record["source"] for record in records(path, DAYS)} >= {"claude_code"}
    if "core_metrics" in change:
        assert None in [row["sessions"] for row in activity if row["model"] == "none"]
    if "model_breakdown" in change:
        assert None in [row["estimated"] for row in activity if row["model"] in ("m", "unknown")]


@pytest.mark.long
def test_a_row_that_came_before(path: Path, world: World) -> None:
    """A row of one person that comes twice is counted once, and said; rows of keys may be alike."""
    synced(path, Wire(world), days_ago(1))
    before = records(path, ACTIVITY)

    def edit(rows: list[dict[str, Any]]) -> None:
        rows.extend([row for row in rows if row["actor"].get("email_address")][:1])

    twice = path.parent / "twice"
    synced(twice, Wire(world, before=edited(world, edit)), days_ago(1))
    assert before
    assert records(twice, ACTIVITY) == before


@pytest.mark.long
def test_a_row_of_another_day_is_not_kept(path: Path, world: World) -> None:
    """A row of another day is an answer to another question: nothing of it is kept."""
    change, error = {"date": "2026-01-01T00:00:00Z"}, UnexpectedResponse

    def edit(rows: list[dict[str, Any]]) -> None:
        rows[0].update(change)

    with pytest.raises(error):
        synced(path, Wire(world, before=edited(world, edit)), days_ago(1))
    assert records(path, ACTIVITY) == []
    assert not [record for record in records(path, DAYS) if record["source"] == "claude_code"]
