"""What is billed decides alone whether a day can be read; its list price may be unknown."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest

from support.case import Case

SINCE = ("--since", "2026-11-20")


@pytest.mark.long
@pytest.mark.parametrize("odd", ["one of the groups", "the control total"])
def test_a_list_price_that_does_not_add_up_is_unknown(case: Case, odd: str) -> None:
    """A day whose list prices do not add up is billed as ever; its list price is unknown, and an issue says so."""

    def mutate(path: str, query: dict[str, Any], body: Any) -> Any:
        grouped = "group_by[]" in query
        if path.endswith("analytics/cost") and grouped == (odd == "one of the groups"):
            for row in body["data"]:
                if row["starting_at"].startswith("2026-11-22"):
                    row["cost"]["list_amount"] = "77.5"
        return body

    with case.serve("small.py") as world:
        world.mutate = mutate
        synced = case("sync", "--without-claude-code", "--source", "analytics", *SINCE)
    assert "2026-11-22" in synced.err
    assert "list_amount" in synced.err
    spent = case("spend", "--by", "day", *SINCE, "--show", "list,discount", "--format", "csv")
    days = {row["day"]: row for row in csv.DictReader(StringIO(spent.out))}
    assert sum(Decimal(row["billed"]) for row in days.values() if row["billed"]) == Decimal("45.66")
    assert days["2026-11-22"]["billed"] == days["2026-11-23"]["billed"]
    assert days["2026-11-22"]["discount"] == ""
    assert Decimal(days["2026-11-23"]["discount"]) == 0
    assert case("verify").code == 0
    gaps = json.loads(case("spend", "--by", "", *SINCE, "--format", "json").out)["coverage"]
    assert not gaps.get("not_billed_yet")
