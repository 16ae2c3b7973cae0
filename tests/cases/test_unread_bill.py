"""A bill that is there and cannot be read is unknown: it is not late, not zero and in no figure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.case import Case

SINCE = ("--since", "2026-11-20")
SYNC = ("sync", *SINCE, "--without-claude-code")
NOTE = "The bill of 20 to 27 Nov could not be read: it is unknown, not late (27.8 M tokens, 16 web searches, "


def spoiled(name: str, value: Any) -> Any:
    """What writes this into every line of a bill."""

    def change(path: str, _: Any, body: Any) -> Any:
        if "analytics/cost" in path and name != "status":
            for row in body["data"]:
                row["cost"][name] = value
        elif path.endswith("/cost_report"):
            for bucket in body["data"]:
                for row in bucket["results"]:
                    row[name] = value
        return body

    return change


def ask(case: Case, *words: str) -> tuple[int, Any]:
    """The exit code and the answer of a command."""
    run = case(*words, "--format", "json")
    return run.code, json.loads(run.out)


@pytest.mark.long
@pytest.mark.parametrize(
    ("source", "name", "value"),
    [("reports", "currency", "EUR"), ("analytics", "amount", None), ("analytics", "currency", "EUR")],
)
def test_use_beside_a_bill_that_cannot_be_read_is_not_late(
    case: Case, tmp_path: Path, source: str, name: str, value: Any
) -> None:
    """Where a bill came and could not be read, every answer says so; no budget counts its days as late or 0."""
    with case.serve("small.py") as world:
        before = world.mutate
        world.mutate = spoiled(name, value)
        assert case(*SYNC, "--source", source).code == 5
        code, spend = ask(case, "spend", "--by", "", *SINCE, "--until", "2026-11-27", "--strict")
        assert (code, spend["totals"]["billed"]) == (1, None)
        assert any(note.startswith(NOTE) for note in spend["warnings"]), spend["warnings"]
        assert "not_billed_yet" not in spend["coverage"]
        assert (
            "unknown: the bill of this window could not be read" in case("spend", *SINCE, "--until", "2026-11-27").out
        )
        _, reconciled = ask(case, "reconcile", *SINCE, "--until", "2026-11-27")
        causes = {row["cause"] for row in reconciled["rows"] if row["amount"] != "0.00"}
        assert causes == {"priced", "bill not read"}
        [row] = (ahead := ask(case, "forecast")[1])["rows"]
        assert (row["not_billed_yet"], row["spent"]) == ("0.00", "0.00")
        assert "not_billed_yet" not in ahead["coverage"]
        ledger = ask(case, "sql", "SELECT day, cause, sum(quantity) AS q FROM charges GROUP BY 1, 2 ORDER BY 1, 2")[1]
        copy = str(tmp_path / "copy")
        assert case("rebuild", copy).code == 0
        again = case(
            "sql",
            "SELECT day, cause, sum(quantity) AS q FROM charges GROUP BY 1, 2 ORDER BY 1, 2",
            "--ledger",
            copy,
            "--format",
            "json",
        )
        assert json.loads(again.out)["rows"] == ledger["rows"]
        world.mutate = before
        assert case(*SYNC, "--source", source).code == 0
    code, spend = ask(case, "spend", "--by", "", *SINCE, "--until", "2026-11-27", "--strict")
    assert (code, spend["totals"]["billed"]) == (0, "45.66")


@pytest.mark.long
def test_a_bill_that_is_late_after_it_could_not_be_read_is_late(case: Case) -> None:
    """Once an answer can be read and lacks the days, their bill is late; a bill that was read stays what it was."""
    with case.serve("small.py") as world:
        before = world.mutate
        world.mutate = spoiled("currency", "EUR")
        assert case(*SYNC, "--source", "reports").code == 5

        def late(path: str, query: Any, body: Any) -> Any:
            body = before(path, query, body)
            if path.endswith("/cost_report"):
                body["data"] = [bucket for bucket in body["data"] if bucket["starting_at"] < "2026-11-27"]
            return body

        world.mutate = late
        assert case(*SYNC, "--source", "reports").code == 1
        _, spend = ask(case, "spend", "--by", "", *SINCE, "--until", "2026-11-27")
        assert spend["coverage"]["not_billed_yet"]["days"] == ["2026-11-27"]
        assert "bill_not_read" not in spend["coverage"]
        world.mutate = spoiled("currency", "EUR")
        assert case(*SYNC, "--source", "reports").code == 5
    _, spend = ask(case, "spend", "--by", "", *SINCE, "--until", "2026-11-27")
    assert spend["coverage"]["bill_not_read"]["days"] == ["2026-11-27"]
