"""Claude Code: what was done is shown beside its bill, and a bill that is late is named."""

from __future__ import annotations

import json

import pytest

from support.case import Case


@pytest.mark.long
def test_a_late_bill_of_claude_code_is_named(case: Case) -> None:
    """A day of Claude Code without a bill is not billed yet; other use is in no note of it, and --strict fails."""
    with case.serve("50-late/code.py"):
        assert case("sync", "--since", "2026-11-20").code == 0
    days = ("--since", "2026-11-24", "--until", "2026-11-25")
    run = case("claude-code", *days, "--format", "json", "--strict")
    answer = json.loads(run.out)
    assert run.code == 1, answer
    assert answer["totals"]["billed"] == "10.00"
    assert "Not billed yet: 25 Nov (2.0 M tokens, 10.00 USD as priced)." in answer["warnings"]
    assert answer["coverage"]["not_billed_yet"]["days"] == ["2026-11-25"]
    earlier = case("claude-code", "--since", "2026-11-24", "--until", "2026-11-24", "--format", "json", "--strict")
    assert earlier.code == 0
    assert "ot billed yet" not in earlier.out
