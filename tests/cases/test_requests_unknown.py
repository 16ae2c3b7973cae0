from __future__ import annotations

import csv
from io import StringIO

import pytest

from support.case import Case

SINCE = ("--since", "2026-11-20", "--until", "2026-11-27")


@pytest.mark.long
def test_requests_that_are_not_told_are_unknown(case: Case) -> None:
    """Where the API says null for requests their number is unknown that day, and in each sum that holds the day."""
    with case.serve("61-requests-null/scenario.py"):
        assert case("sync", "--without-claude-code", "--source", "analytics", "--since", "2026-11-20").code == 0
    for command in ("spend", "usage"):
        days = case(command, "--by", "day", "--show", "requests", *SINCE, "--format", "csv")
        requests = {row["day"]: row["requests"] for row in csv.DictReader(StringIO(days.out))}
        assert requests.pop("2026-11-24") == ""
        assert set(requests.values()) == {"2"}
        total = case(command, "--by", "", "--show", "requests", *SINCE, "--format", "csv")
        assert [row["requests"] for row in csv.DictReader(StringIO(total.out))] == [""]
