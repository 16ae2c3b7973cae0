"""Bills and use that do not tell whose they are: counted once, and never awaited beside each other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.case import Case

LISTED = ("spend", "--by", "product", "--show", "list", "--since", "2026-11-25", "--until", "2026-11-27")

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


@pytest.mark.long
@pytest.mark.parametrize(("source", "lost"), LOST)
def test_use_beside_a_bill_that_it_may_be_of_is_not_late(case: Case, source: str, lost: str) -> None:
    """Where a half does not tell the workspace, the model or the kind, no use is counted as billed and awaited too."""
    with case.serve("71-bill-without-place/scenario.py", HOW=lost):
        assert case("sync", "--since", "2026-11-20", "--source", source, "--without-claude-code").code in {0, 1}
    [row] = (ahead := json.loads(case("forecast", "--format", "json").out))["rows"]
    assert (row["billed"], row["not_billed_yet"], row["spent"]) == ("55.20", "0.00", "55.20")
    assert "not_billed_yet" not in ahead["coverage"]
    if lost == "bill workspace":
        spend = json.loads(case("spend", "--by", "workspace", "--since", "2026-11-20", "--format", "json").out)
        assert {row["workspace"]: row["billed"] for row in spend["rows"]} == {
            "wrkspc_01A": "52.00",
            "wrkspc_01B": "3.20",
        }


@pytest.mark.long
@pytest.mark.parametrize("half", ["analytics/usage", "analytics/cost"])
def test_an_actor_that_one_half_calls_otherwise_leaves_the_rest_as_it_is(case: Case, half: str) -> None:
    """Lines and use whose actors differ are matched by all else that they share: no tier gets the bill of another."""
    stranger = {"type": "robot_actor", "robot_id": "rbt_1"}

    def change(path: str, _: Any, body: Any) -> Any:
        if not path.endswith(half):
            return body
        actor = [{**row["group"], "actor": row["group"]["actor"] and stranger} for row in body["data"]]
        return {**body, "data": [{**row, "group": group} for row, group in zip(body["data"], actor, strict=True)]}

    with case.serve("60-faults/scenario.py") as world:
        world.mutate = change
        assert case("sync", "--since", "2026-11-25", "--source", "analytics", "--without-claude-code").code == 0
    rows = json.loads(case(*LISTED, "--format", "json").out)["rows"]
    listed = {row["product"]: row["list"] for row in rows}
    products = ("messages_api", "message_batches_api", "claude_code")
    assert [listed[product] for product in products] == ["17.235114", "0.3285", "0.0495"]
