"""Kinds of cost that tallystick does not know, and credits: named as what they are, in both dialects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.case import Case

SINCE = "2026-11-20"
SERVICES = "services that tallystick does not know (web_fetch 10.00, "
TOKENS = "0.77 USD was billed for kinds of tokens that tallystick does not know"


def by_kind(case: Case) -> dict[str, Any]:
    """The answer to `spend --by kind`."""
    run = case("spend", "--by", "kind", "--since", SINCE, "--format", "json")
    assert run.code == 0, run.err
    answer: dict[str, Any] = json.loads(run.out)
    return answer


def sentences(answer: dict[str, Any]) -> str:
    """All that an answer says beside its figures."""
    return " ".join(answer["warnings"] + answer["notes"])


@pytest.mark.long
def test_a_new_service_is_not_billed_for_tokens(case: Case) -> None:
    """A cost_type that is not known is named as a service with its amount, and no word is said of tokens."""
    with case.serve("07-new-cost-type/scenario.py"):
        assert case("sync", "--without-claude-code", "--source", "reports", "--since", SINCE).code == 0
    answer = by_kind(case)
    assert f"19.00 USD was billed for {SERVICES}seat_fee 9.00)." in sentences(answer)
    assert "billed for tokens" not in sentences(answer)
    causes = json.loads(case("reconcile", "--since", SINCE, "--by", "", "--format", "json").out)["rows"]
    unknown = {row["detail"]: row["amount"] for row in causes if row["cause"] == "unknown service"}
    assert unknown == {"web_fetch": "-10.00", "seat_fee": "-9.00"}
    assert next(row["amount"] for row in causes if row["cause"] == "unexplained") == "0.00"
    screen = case("spend", "--since", SINCE, COLUMNS="80").out
    beside = [line for line in screen.splitlines() if line.startswith(("warning: ", "note: "))]
    assert beside[0].startswith("warning: 19.00 USD")  # no note that a day has not ended can hide it
    bridge = case("reconcile", "--since", SINCE, COLUMNS="80").out.splitlines()
    steps = [line.split()[0] for line in bridge if line.startswith(" ") and "USD" not in line and line.strip()]
    assert [step for step in steps if step in {"billed", "priced", "unexplained"}] == [
        "billed",
        "priced",
        "unexplained",
    ]


@pytest.mark.long
@pytest.mark.parametrize("source", ["reports", "analytics"])
def test_both_dialects_name_new_kinds(case: Case, source: str) -> None:
    """Services and kinds of tokens that are new are named apart, in the older dialect as in the newer one."""
    with case.serve("naming-kinds/scenario.py", NEWER="1"):
        assert case("sync", "--without-claude-code", "--source", source, "--since", SINCE).code == 0
    answer = by_kind(case)
    assert f"19.00 USD was billed for {SERVICES}fine_tuning 9.00)." in sentences(answer)
    assert TOKENS in sentences(answer)
    assert "that the usage report does not show" not in sentences(answer)
    verify = case("verify")
    assert "100.00 % of the token cost" not in verify.out + verify.err


@pytest.mark.long
@pytest.mark.parametrize("source", ["reports", "analytics"])
def test_a_line_of_no_type_is_not_billed_for_tokens(case: Case, source: str) -> None:
    """A line without a cost type and without a model is use of an unknown kind, and no word is said of tokens."""

    def untyped(_path: str, _query: dict[str, list[str]], body: Any) -> Any:
        for row in body.get("data", []):
            for fields in (*row.get("results", []), row.get("group") or {}):
                if fields.get("cost_type") == "web_search":
                    fields["cost_type"] = None
        return body

    with case.serve("small.py") as world:
        world.mutate = untyped
        assert case("sync", "--without-claude-code", "--source", source, "--since", SINCE).code == 0
    assert "0.16 USD was billed for use of an unknown kind that the usage" in sentences(by_kind(case))
    assert "billed for tokens" not in sentences(by_kind(case))


@pytest.mark.long
def test_credits_are_named(case: Case) -> None:
    """A line below zero is a credit or a refund, whatever it is of, and a statement says that it is included."""
    with case.serve("09-focus-credit/scenario.py"):
        assert case("sync", "--without-claude-code", "--source", "reports", "--since", "2026-10-01").code == 0
    run = case("spend", "--by", "kind", "--since", "2026-10-01", "--format", "json")
    answer = json.loads(run.out)
    assert "-2.50 USD of the bill are credits or refunds (credit -2.50, code_execution -0.005)." in sentences(answer)
    assert "billed for" not in sentences(answer)
    summary = case("summary", "--month", "2026-10", "--format", "text").out
    assert "before taxes; credits and refunds on the bill are included" in summary
    assert "before credits" not in summary
    causes = json.loads(case("reconcile", "--since", "2026-10-01", "--by", "", "--format", "json").out)["rows"]
    assert {row["detail"] for row in causes if row["cause"] == "credit"} == {"credit", "code_execution"}
