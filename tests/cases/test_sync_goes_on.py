"""One window that cannot be read never stops the others, and the sync says so at its end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.case import Case

BASE = "/v1/organizations/"
SCENARIO = "06-late-restatement/scenario.py"
SYNC = ("sync", "--without-claude-code", "--source", "reports", "--since", "2026-10-01")
DAYS = "SELECT source, count(*) AS days FROM days GROUP BY 1 ORDER BY 1"


def _spoiled(kind: str, body: Any) -> Any:
    """Spoil a report's first full bucket."""
    row = next(bucket["results"][0] for bucket in body["data"] if bucket["results"])
    match kind:
        case "money":
            row["amount"] = "1,5"
        case "count":
            row["output_tokens"] = 2**63
        case "two counts":
            row["uncached_input_tokens"] = 2**62
            row["output_tokens"] = 2**62
        case "shape":
            return {"data": "none", "has_more": False, "next_page": None}
    return body


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "path"),
    [("money", "cost_report"), ("count", "usage_report/messages"), ("shape", "cost_report")],
)
def test_all_other_windows_are_read(case: Case, kind: str, path: str) -> None:
    """Where a report's October cannot be read, its November and all other reports are, with exit code 5 and a line."""
    with case.serve(SCENARIO) as world:

        def change(where: str, query: dict[str, list[str]], body: Any) -> Any:
            october = query.get("starting_at", [""])[0].startswith("2026-10")
            return _spoiled(kind, body) if where == BASE + path and october else body

        world.mutate = change
        done = case(*SYNC)
    assert done.code == 5, done.err
    spoiled = path.partition("_report")[0]
    assert f"left out: {spoiled} by day, 2026-10-01 to 2026-10-31" in done.err
    assert "Traceback" not in done.err
    rows = {row["source"]: row["days"] for row in json.loads(case("sql", DAYS, "--format", "json").out)["rows"]}
    assert rows == {"cost": 58, "usage": 59} | {spoiled: {"cost": 27, "usage": 28}[spoiled]}


@pytest.mark.long
def test_a_refused_window_is_left_out(case: Case) -> None:
    """A window that the API refuses is left out with exit code 3, and all others are read."""
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": "Not this month."}}

    def respond(path: str, query: dict[str, list[str]], _: Any) -> Any:
        october = query.get("starting_at", [""])[0].startswith("2026-10")
        no = path.endswith("usage_report/messages") and october
        return (400, {"content-type": "application/json"}, json.dumps(error).encode()) if no else None

    with case.serve(SCENARIO) as world:
        world.respond = respond
        done = case(*SYNC)
    assert done.code == 3
    assert "left out: usage by day, 2026-10-01 to 2026-10-31" in done.err
    assert "Not this month." in done.err
    rows = {row["source"]: row["days"] for row in json.loads(case("sql", DAYS, "--format", "json").out)["rows"]}
    assert rows["cost"] == 58


def test_a_credential_that_is_refused_stops_at_once(case: Case) -> None:
    """A key that the API does not know ends the sync with its first answer and exit code 3."""
    error = {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}
    with case.serve("small.py") as world:
        world.respond = lambda *_: (401, {"content-type": "application/json"}, json.dumps(error).encode())
        done = case("sync", "--since", "2026-11-20")
    assert done.code == 3
    assert len(case.log) == 1


@pytest.mark.long
def test_a_list_that_makes_no_sense_does_not_stop_the_bill(case: Case) -> None:
    """A directory list that is no list is left out and said; what was billed is read all the same."""
    with case.serve("small.py") as world:
        world.mutate = lambda path, _, body: {"data": 5, "has_more": False} if path == f"{BASE}api_keys" else body
        done = case("sync", "--source", "reports", "--since", "2026-11-20")
        billed = case("spend", "--by", "", "--since", "2026-11-20", "--format", "csv")
        assert billed.out.split()[-1] == world.truth()["billed_usd"]
    assert done.code == 0
    assert "keys: is no list; names stay as they were" in done.err


@pytest.mark.long
def test_what_could_not_be_told_apart_is_named(case: Case) -> None:
    """Of values without a filter the tokens and days are said, and what to do."""
    with case.serve("small.py") as world:
        for index, use in enumerate(world.uses):
            use["service_tier"] = ["standard", "surge", "swell"][index % 3]
            use["product"] = ["messages_api", None, "other"][index % 3]
        done = case("sync", "--source", "analytics", "--since", "2026-11-20")
    billed, used = (line for line in done.err.splitlines() if "is unknown on 2026-11-2" in line)
    assert "28.5375 USD" in billed
    assert "tokens" in used
    assert "--source both" in used
