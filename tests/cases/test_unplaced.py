"""Bills and use that do not tell whose they are: counted once, and never awaited beside each other."""

from __future__ import annotations

import json

import pytest

from cases.conftest import Case

LOST = [
    ("analytics", "bill workspace"),
    ("analytics", "bill group"),
    ("analytics", "search"),
    ("analytics", "bill model"),
    ("analytics", "use workspace"),
    ("reports", "bill workspace"),
    ("reports", "use workspace"),
    ("reports", "search"),
]


@pytest.mark.parametrize(("source", "lost"), LOST)
def test_use_beside_a_bill_that_it_may_be_of_is_not_late(case: Case, source: str, lost: str) -> None:
    """Where a half does not tell the workspace, the model or the kind, no use is counted as billed and awaited too."""
    with case.serve("71-bill-without-place/scenario.py", HOW=lost):
        assert case("sync", "--since", "2026-11-20", "--source", source, "--without-claude-code").code in {0, 1}
    [row] = (pace := json.loads(case("pace", "--format", "json").out))["rows"]
    assert (row["billed"], row["not_billed_yet"], row["spent"]) == ("55.20", "0.00", "55.20")
    assert "not_billed_yet" not in pace["coverage"]
    if lost == "bill workspace":
        spend = json.loads(case("spend", "--by", "workspace", "--since", "2026-11-20", "--format", "json").out)
        assert {row["workspace"]: row["billed"] for row in spend["rows"]} == {
            "wrkspc_01A": "52.00",
            "wrkspc_01B": "3.20",
        }
