"""What rows of Claude Code do not tell, or tell twice, is named on the answer, not in the sync alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.case import Case

DAYS = ("--since", "2026-11-25", "--until", "2026-11-27", "--format", "json")
SYNC = ("sync", "--since", "2026-11-25", "--source", "reports")
TOLD = {
    "again": "3 rows of 25 to 27 Nov came again for the same key or person in one place, and are added",
    "key again": "3 rows of 25 to 27 Nov came again for the same key or person in one place, and are added",
    "no breakdown": "Some rows of 25 to 27 Nov tell no tokens: what they used and its estimate are unknown.",
    "no model": "Some rows of 25 to 27 Nov do not name their model: their tokens stand under `unknown`.",
    "empty breakdown": "Some rows of 25 to 27 Nov tell sessions and no model: their tokens are taken as none.",
}


def spoiled(fault: str) -> Any:
    """What changes the rows of a day so."""

    def change(path: str, _: Any, body: Any) -> Any:
        if not path.endswith("/claude_code"):
            return body
        rows = body["data"]
        match fault:
            case "again":
                rows = [*rows, *({**row, "tool_actions": {}} for row in rows[:1])]
            case "key again":
                rows = [*rows, *(row for row in rows if row["actor"]["type"] == "api_actor")]
            case "no breakdown":
                rows = [{**row, "model_breakdown": None} for row in rows]
            case "no model":
                rows = [
                    {**row, "model_breakdown": [{**use, "model": None} for use in row["model_breakdown"]]}
                    for row in rows
                ]
            case "empty breakdown":
                rows = [{**row, "model_breakdown": []} for row in rows]
            case "shorter":
                rows = rows[:-1]
        return {**body, "data": rows}

    return change


def messages(case: Case) -> list[str]:
    """What the answer says of its figures."""
    table = json.loads(case("claude-code", "--by", "day", *DAYS).out)
    return [*table["warnings"], *table["notes"]]


@pytest.mark.long
@pytest.mark.parametrize(("fault", "text"), TOLD.items())
def test_rows_that_do_not_tell_all_are_named_until_they_do(case: Case, fault: str, text: str) -> None:
    """A row again, without tokens or without a model is named with its days, until a later sync reads it as it is."""
    with case.serve("60-faults/scenario.py") as world:
        before = world.mutate
        world.mutate = spoiled(fault)
        assert case(*SYNC).code == 0
        assert any(message.startswith(text) for message in messages(case)), messages(case)
        world.mutate = before
        assert case(*SYNC, "--accept-loss", now="2026-11-28T10:30:00Z").code == 0
    assert not any(message.startswith(text) for message in messages(case))


@pytest.mark.long
def test_activity_that_shrinks_is_left_until_it_is_read_twice(case: Case) -> None:
    """Of Claude Code only what is an hour old is served, so an answer with less of a day is not believed at once."""
    with case.serve("60-faults/scenario.py") as world:
        assert case(*SYNC).code == 0
        before = messages(case)
        world.mutate = spoiled("shorter")
        assert case(*SYNC).code == 1
        assert any("may have changed" in message for message in {*messages(case)} - {*before})
        table = json.loads(case("claude-code", "--by", "", *DAYS).out)
        assert table["totals"]["tokens"] == 9900
        assert case(*SYNC, now="2026-11-28T11:30:00Z").code == 0
        table = json.loads(case("claude-code", "--by", "", *DAYS).out)
        assert table["totals"]["tokens"] == 6600
