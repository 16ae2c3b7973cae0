"""A known zero has a row in data, an unknown day has none."""

from __future__ import annotations

import csv
import io
import json

import pytest

from support.case import Case


@pytest.mark.long
def test_known_zeros_have_rows(case: Case) -> None:
    """A known zero is 0 by day and without a grouping, an unknown day has no row, and other groupings have none."""
    with case.serve("10-known-zero-rows/scenario.py"):
        assert case("sync", "--without-claude-code", "--source", "reports", "--since", "2026-11-20").code == 0

    def ask(report: str, *words: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(case(report, *words, "--format", "csv").out)))

    days = ask("spend", "--by", "day", "--since", "2026-11-18", "--until", "2026-11-23")
    billed = {row["day"]: row["billed"] for row in days}
    expected = {"2026-11-20": "3.00", "2026-11-21": "0.00", "2026-11-22": "3.00", "2026-11-23": "0.00"}
    assert billed == expected
    zero, unknown = (
        ("--since", "2026-11-23", "--until", "2026-11-24"),
        ("--since", "2026-11-10", "--until", "2026-11-11"),
    )
    assert [row["billed"] for row in ask("spend", "--by", "", *zero)] == ["0.00"]
    assert ask("spend", "--by", "", *unknown) == ask("spend", "--by", "day", *unknown) == []
    assert ask("spend", "--by", "workspace", *zero) == []
    tokens = {row["day"]: row["total_tokens"] for row in ask("usage", "--by", "day", "--since", "2026-11-20")}
    assert (tokens["2026-11-20"], tokens["2026-11-21"]) == ("1000000", "0")
    assert "2026-11-28" not in tokens
    lines = case("spend", "--by", "", *zero, "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["billed"] for line in lines] == ["0.00"]
