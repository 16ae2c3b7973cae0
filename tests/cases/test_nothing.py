"""A month that was read and is zero is said to be zero; no message takes it for missing or lists nothing."""

from __future__ import annotations

import json
import re

import pytest

from support.case import Case

ZERO = "Nothing was billed or used in 2026-10"
EMPTY_LIST = re.compile(r"There are \.|Choose among \.|Near it: \.|It has \.|--organization: \.")


def read(case: Case, scenario: str) -> None:
    """Sync a scenario from October on."""
    with case.serve(f"33-nothing/{scenario}.py"):
        assert case("sync", "--since", "2026-10-01", "--without-claude-code").code == 0


@pytest.mark.long
@pytest.mark.parametrize("scenario", ["scenario", "quiet-month"])
def test_a_month_that_is_zero_is_said_to_be(case: Case, scenario: str) -> None:
    """Diff, statement and summary of a month that was read and is zero say 0 and nothing of missing data."""
    read(case, scenario)
    diff = case("diff", "2026-10")
    assert (diff.code, diff.err) == (0, "")
    assert f"{ZERO}." in diff.out
    statement = case("statement", "--month", "2026-10", "--team", "unowned")
    assert (statement.code, statement.err) == (0, "")
    assert f"{ZERO}." in statement.out
    assert re.search(r"amount +0\.00 +USD", statement.out)
    summary = json.loads(case("summary", "--month", "2026-10", "--format", "json").out)
    figures = {figure["name"]: figure["value"] for figure in summary["figures"]}
    assert {figures[name] for name in ("billed", "saved by caching, net", "unexplained")} == {"0.00"}
    for run in (diff, statement):
        assert "unknown" not in run.out
        assert not EMPTY_LIST.search(run.out)
    wrong = case("statement", "--month", "2026-10", "--team", "search")
    assert wrong.code == 2
    assert "No rule has the team 'search'." in wrong.err
    assert not EMPTY_LIST.search(wrong.err)


@pytest.mark.long
def test_a_month_in_part_or_unread_is_not_said_to_be_zero(case: Case) -> None:
    """Of a month that was read in part the zero is of that part; of one that was not, nothing is known."""
    with case.serve("33-nothing/scenario.py"):
        assert case("sync", "--since", "2026-10-10", "--without-claude-code").code == 0
    part = case("diff", "2026-10")
    assert f"{ZERO}, so far as it was read." in part.out
    assert "absent (unknown, not zero)" in part.out
    unread = case("diff", "2026-08")
    assert unread.code == 2
    assert "tallystick sync --since 2026-08" in unread.err


@pytest.mark.long
def test_other_answers_where_nothing_was(case: Case) -> None:
    """Answers about an organization that used nothing call nothing unknown that was read, and list nothing."""
    read(case, "scenario")
    verify = case("verify")
    assert verify.code == 0
    assert "The ledger adds up: 58 billed days; no tokens were billed." in verify.out
    assert "as on 1 to 27 Oct" in case("status").out
    cache = json.loads(case("cache", "--since", "2026-10", "--until", "2026-10", "--format", "json").out)
    assert {cache["totals"][name] for name in ("saved", "net")} == {"0.00"}
    closed = case("close", "2026-10", "--yes", "--provisional", "--without-owners")
    assert closed.code == 0
    after = case("statement", "--month", "2026-10", "--team", "unowned")
    assert after.code == 0
    assert f"{ZERO}." in after.out
    again = case("diff", "2026-10")
    assert f"{ZERO}." in again.out
    assert "billed yet" not in again.out + case("crosscheck").out


@pytest.mark.long
def test_commands_before_any_day_was_read(case: Case) -> None:
    """A ledger of names alone says that no day was read; it takes no month for closed and names no organization."""
    with case.serve("33-nothing/scenario.py") as world:
        world.respond = lambda path, _query, _headers: (
            (403, {}, b"{}") if "report" in path or "analytics" in path else None
        )
        case("sync", "--since", "2026-10-01", "--without-claude-code", "--source", "reports")
    for words in (("close", "2026-10", "--yes"), ("summary",), ("statement", "--month", "2026-10", "--team", "x")):
        run = case(*words)
        assert run.code in {2, 6}, run
        assert not EMPTY_LIST.search(run.err)
        assert "closed already" not in run.err
        assert "None" not in run.err
