"""Late, empty and lost answers: what is not known is named, in both dialects, and never shown as 0."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyarrow import Table

from support.case import Case
from tallystick.core.ledger_tables import DAYS, NAMES
from tallystick.core.report_tables import ANALYTICS_USAGE, USAGE_DAY
from tallystick.query.names import organizations
from tallystick.store.columns import schema
from tallystick.store.engine import Engine
from tallystick.store.tables import Tables
from tallystick.sync.charging import Charging
from tallystick.sync.day_marks import DayMarks
from tallystick.tally.prices_in_force import Prices

SCENARIO = "50-late/scenario.py"
WEEK = ("--by", "", "--since", "7d", "--strict", "--format", "json")
DIALECTS = pytest.mark.parametrize("source", ["reports", "analytics"])


def synced(case: Case, source: str, late: str, **environment: str) -> None:
    """Sync November, or what the stand-in has of it; `late` is what the scenario holds back."""
    with case.serve(SCENARIO, LATE=late, SOURCE=source, **environment):
        now = {"now": environment["CLOCK"]} if "CLOCK" in environment else {}
        run = case("sync", "--source", source, "--since", "2026-11-01", "--without-claude-code", **now)
    assert run.code in {0, 1}, run.err


def ask(case: Case, *words: str, **environment: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the answer of a command."""
    run = case(*words, **environment)
    return run.code, json.loads(run.out)


def causes(table: dict[str, Any]) -> dict[str, str]:
    """The amount of each cause of a bridge from billed to priced that has one."""
    rows = [row for row in table["rows"] if row["cause"] not in {"billed", "priced"}]
    return {row["cause"]: row["amount"] for row in rows if row["amount"] != "0.00"}


def budget(case: Case, tmp_path: Path) -> tuple[int, dict[str, Any]]:
    """The exit code and the row of a budget of 180 dollars a month, strictly."""
    settings = tmp_path / "tallystick.toml"
    settings.write_text('[[budget]]\namount = "180"\n')
    code, table = ask(case, "budget", "--config", str(settings), "--strict", "--format", "json")
    return code, table["rows"][0] | {"warnings": table["warnings"]}


LATE = [
    ("bucket", "27.00", "10.80", "Not billed yet: 26 and 27 Nov (3.0 M tokens, 10.80 USD as priced)."),
    (
        "workspace",
        "37.00",
        "0.80",
        (
            "Not billed yet: 26 and 27 Nov in part, workspace Support, claude-haiku-4-5-20251001 "
            "(640,000 tokens, 0.80 USD as priced)."
        ),
    ),
    (
        "model",
        "36.80",
        "1.00",
        (
            "Not billed yet: 26 and 27 Nov in part, workspace Search, claude-opus-4-6 "
            "(200,000 tokens, 1.00 USD as priced)."
        ),
    ),
    ("missing", "27.00", "10.80", "Not billed yet: 26 and 27 Nov (3.0 M tokens, 10.80 USD as priced)."),
    ("truncated", "27.00", "10.80", "Not billed yet: 26 and 27 Nov (3.0 M tokens, 10.80 USD as priced)."),
    ("list", None, "37.80", "Not billed yet: 21 to 27 Nov (10.6 M tokens, 37.80 USD as priced)."),
]


@pytest.mark.long
@DIALECTS
@pytest.mark.parametrize(("late", "billed", "unbilled", "note"), LATE, ids=[row[0] for row in LATE])
def test_no_late_empty_or_lost_answer_is_shown_as_0_dollars(
    case: Case, tmp_path: Path, source: str, late: str, billed: str | None, unbilled: str, note: str
) -> None:
    """A bill that has not come, whole or in part, is named with what it is priced at, and is never refused or 0."""
    synced(case, source, late)
    code, spend = ask(case, "spend", *WEEK)
    assert (code, spend["totals"]["billed"]) == (1, billed)
    assert spend["warnings"].count(note) == 1
    assert spend["coverage"]["not_billed_yet"]["priced"] == unbilled
    code, reconciled = ask(case, "reconcile", *WEEK)
    assert (code, causes(reconciled)) == (1, {"not billed yet": f"{unbilled}"})
    code, row = budget(case, tmp_path)
    assert (code, row["spent"], row["used"]) == (1, "145.80", "0.81")
    assert any(text.startswith("Not billed yet: ") for text in row["warnings"])
    code, usage = ask(case, "usage", *WEEK)
    assert (code, usage["totals"]["total_tokens"]) == (0, 10_640_000)


@pytest.mark.long
@DIALECTS
def test_a_late_bill_is_billed_once_it_comes(case: Case, tmp_path: Path, source: str) -> None:
    """When the bucket fills, the figures become billed ones and nothing is said of it any more."""
    synced(case, source, "bucket")
    synced(case, source, "bucket", DONE="1")
    code, spend = ask(case, "spend", *WEEK)
    assert (code, spend["totals"]["billed"]) == (0, "37.80")
    assert "not_billed_yet" not in spend["coverage"]
    assert not [text for text in spend["warnings"] if "ot billed yet" in text]
    code, row = budget(case, tmp_path)
    assert (code, row["billed"], row["not_billed_yet"]) == (0, "145.80", "0.00")


@pytest.mark.long
@DIALECTS
def test_use_that_the_usage_report_lacks_is_named(case: Case, source: str) -> None:
    """Where the bill is there before the use, the bill is right, and what counts tokens says that it lacks some."""
    synced(case, source, "unused")
    _, spend = ask(case, "spend", *WEEK)
    assert spend["totals"]["billed"] == "37.80"
    code, usage = ask(case, "usage", *WEEK)
    assert code == 1
    assert "Usage of 26 and 27 Nov is incomplete: 10.80 USD was billed for tokens that it lacks." in usage["warnings"]


@pytest.mark.long
@DIALECTS
def test_a_month_without_use_costs_nothing_and_is_not_mentioned(case: Case, tmp_path: Path, source: str) -> None:
    """Days that were read and had no use are 0.00, strictly, and no bill of them is late."""
    synced(case, source, "idle")
    code, spend = ask(case, "spend", *WEEK)
    assert (code, spend["totals"]["billed"]) == (0, "0.00")
    assert "not_billed_yet" not in spend["coverage"]
    assert causes(ask(case, "reconcile", *WEEK)[1]) == {}
    code, row = budget(case, tmp_path)
    assert (code, row["spent"]) == (0, "0.00")


@pytest.mark.long
@DIALECTS
def test_the_running_day_is_not_late(case: Case, tmp_path: Path, source: str) -> None:
    """The use of today counts in a budget as not billed yet; no ended day is late for it."""
    synced(case, source, "running")
    code, spend = ask(case, "spend", *WEEK)
    assert (code, spend["totals"]["billed"]) == (0, "37.80")
    code, row = budget(case, tmp_path)
    assert (code, row["billed"], row["not_billed_yet"]) == (0, "145.80", "4.50")


@pytest.mark.long
@DIALECTS
def test_the_first_day_of_a_month_looks_back_on_a_late_one(case: Case, source: str) -> None:
    """On the first of December the last days of November are still named, and nothing of December is 0."""
    first = "2026-12-01T09:30:00Z"
    synced(case, source, "bucket", CLOCK=first)
    code, month = ask(case, "spend", "--by", "", "--since", "2026-11", "--strict", "--format", "json", now=first)
    assert (code, month["totals"]["billed"]) == (1, "135.00")
    assert month["coverage"]["not_billed_yet"]["days"] == ["2026-11-26", "2026-11-27"]
    _, begun = ask(case, "spend", "--by", "", "--since", "mtd", "--format", "json", now=first)
    assert begun["totals"]["billed"] is None
    run = case("close", "2026-11", "--yes", "--without-owners", "--provisional", now=first)
    assert run.code == 2
    assert "Not billed yet: 26 and 27 Nov" in run.err
    assert case("close", "2026-11", "--yes", "--without-owners", "--provisional", "--late", now=first).code == 0


@pytest.mark.long
@DIALECTS
def test_a_day_that_lost_its_usage_has_unknown_use(case: Case, source: str) -> None:
    """Where a bill is there and its usage is not, requests, tokens and last use are unknown, never 0 or never."""
    synced(case, source, "")
    day = date(2026, 11, 27)
    lose_usage(case.ledger, source, day)
    note = (
        "Usage of 27 Nov is not in the ledger: its requests and tokens are unknown, not zero."
        " `tallystick sync --since 2026-11-27` reads it."
    )
    code, spend = ask(case, "spend", *WEEK, "--show", "requests,cost_per_request")
    assert (code, spend["totals"]) == (1, {"billed": "37.80", "requests": None, "cost_per_request": None})
    assert note in spend["warnings"]
    _, days = ask(case, "spend", "--by", "day", "--since", "2d", "--show", "requests", "--format", "json")
    assert [row["requests"] for row in days["rows"]] == [3 if source == "analytics" else None, None]
    code, reconciled = ask(case, "reconcile", *WEEK)
    assert (code, causes(reconciled)) == (1, {"usage not read": "-5.40"})
    _, keys = ask(case, "keys", "--since", "7d", "--format", "json")
    used = {row["last_used"] for row in keys["rows"] if row["key"].startswith("apikey")}
    assert used == {"2026-11-26 or later"}
    _, keys = ask(case, "keys", "--since", "yesterday", "--format", "json")
    assert not {row["attention"] for row in keys["rows"]} & {"idle"}
    run = case("summary", "--month", "2026-11")
    assert "without 2026-11-27, not read" in run.out
    code, usage = ask(case, "usage", *WEEK)
    assert (code, usage["coverage"]["absent"]) == (1, ["2026-11-27"])
    assert case("verify").code == 0


@pytest.mark.long
@DIALECTS
def test_use_billed_to_a_user_profile_is_neither_refused_nor_late(case: Case, tmp_path: Path, source: str) -> None:
    """What a user profile's own organization pays has a cause of its own, is named, and counts in no budget."""
    synced(case, source, "profile")
    code, reconciled = ask(case, "reconcile", *WEEK)
    assert (code, causes(reconciled)) == (0, {"billed to a user profile": "2.80"})
    code, spend = ask(case, "spend", *WEEK)
    assert (code, spend["totals"]["billed"]) == (0, "35.00")
    assert any(text.startswith("Billed to a user profile") and "Support" in text for text in spend["warnings"])
    _, row = budget(case, tmp_path)
    assert (row["billed"], row["not_billed_yet"]) == ("135.00", "0.00")


@pytest.mark.long
def test_a_parent_names_the_children_that_its_report_leaves_out(case: Case) -> None:
    """Every answer over a parent organization of the newer dialect says that HIPAA-ready children are not in it."""
    synced(case, "analytics", "")
    with Tables(case.ledger).writing() as writer:
        [organization] = organizations(Engine(Tables(case.ledger), writer.version))
        [row] = [
            name_row for name_row in writer.rows(NAMES, organization).to_pylist() if name_row["type"] == "organization"
        ]
        later = row["seen_at"] + timedelta(microseconds=1)
        parent = row | {"details": json.dumps({"children": ["org_child_1", "org_child_2"]}), "seen_at": later}
        writer.append(NAMES, Table.from_pylist([parent], schema(NAMES)))
        writer.commit(organization, "names", later, {})
    for words in (("spend",), ("usage",), ("reconcile",), ("cache",), ("forecast",), ("keys",)):
        _, table = ask(case, *words, "--format", "json")
        assert table["coverage"]["parent_of"] == ["org_child_1", "org_child_2"]
        assert any("HIPAA-ready" in text for text in table["warnings"]), words


def lose_usage(ledger: Path, source: str, day: date) -> None:
    """Take the usage of a day out of a ledger, as a sync leaves it that stopped after the bill."""
    table, half = (USAGE_DAY, "usage") if source == "reports" else (ANALYTICS_USAGE, "analytics_usage")
    with Tables(ledger).writing() as writer:
        [organization] = organizations(Engine(Tables(ledger), writer.version))
        writer.replace(table, organization, [day], schema(table).empty_table())
        writer.replace(DAYS, organization, [day], schema(DAYS).empty_table(), source=half, grain="day")
        known = DayMarks(writer.rows(DAYS, organization))
        Charging(writer, organization, Prices.with_own(), known).charge([day])
        writer.commit(organization, "a stopped sync", datetime(2026, 11, 28, 9, 30, tzinfo=UTC), {})


@pytest.mark.long
def test_the_known_case_has_its_expected_values(case: Case, tmp_path: Path) -> None:
    """Two empty buckets: 9.00 not billed yet, a forecast of 135.00, 81 % of a budget of 150, named on each answer."""
    with case.serve("01-empty-bill-bucket/scenario.py"):
        case("sync", "--without-claude-code", "--source", "reports", "--since", "2026-10-20")
    note = "Not billed yet: 26 and 27 Nov (2.2 M tokens, 9.00 USD as priced)."
    settings = tmp_path / "tallystick.toml"
    settings.write_text('[[budget]]\namount = "150"\n')
    _, spend = ask(case, "spend", *WEEK)
    assert (spend["totals"]["billed"], note in spend["warnings"]) == ("22.50", True)
    _, ahead = ask(case, "forecast", "--format", "json")
    assert (ahead["rows"][0]["expected"], note in ahead["warnings"]) == ("135.00", True)
    _, table = ask(case, "budget", "--config", str(settings), "--format", "json")
    row = table["rows"][0]
    assert (row["not_billed_yet"], row["spent"], row["used"], row["status"]) == (
        "9.00",
        "121.50",
        "0.81",
        "80 % passed",
    )
    assert note in table["warnings"]
    for words in (
        ("spend", "--by", "team"),
        ("spend", "--by", "description"),
        ("keys",),
        ("statement", "--month", "2026-11", "--team", "unowned"),
        ("summary", "--month", "2026-11"),
        ("variance", "--month", "2026-11"),
        ("whatif", "--swap", "claude-sonnet-4-6=claude-opus-4-6"),
        ("cache",),
        ("export", "charges", "--format", "csv"),
        ("export", "focus", "--month", "2026-11"),
    ):
        run = case(*words)
        assert run.code == 0, (words, run.err)
        assert note in run.out + run.err, words


def test_a_delivery_waits_for_a_late_bill(case: Case, tmp_path: Path) -> None:
    """A day whose bill is late is not delivered, and says so; the week before is, and the day once it is billed."""
    settings = tmp_path / "tallystick.toml"
    settings.write_text(
        """
[[deliver]]
name = "day"
ask = "spend --by model"
every = "day"
format = "csv"
folder = "out"
[[deliver]]
name = "week"
ask = "spend --by model"
every = "week"
format = "csv"
folder = "out"
"""
    )
    synced(case, "reports", "bucket")
    run = case("watch", "--once", "--config", str(settings))
    assert "waiting: day, 27 Nov 2026: not billed yet: 27 Nov." in run.out
    assert "delivered: week, 16 to 22 Nov 2026" in run.out
    _, table = ask(case, "deliveries", "--config", str(settings), "--format", "json")
    states = {row["delivery"]: (row["state"], row["reason"]) for row in table["rows"]}
    assert states == {"day": ("waiting", "not billed yet: 27 Nov"), "week": ("delivered", None)}
    synced(case, "reports", "")
    run = case("watch", "--once", "--config", str(settings))
    assert "delivered: day, 27 Nov 2026" in run.out
