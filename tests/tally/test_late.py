"""Late bills in the match: use without any bill so far is not billed yet; what a bill left out is not billed."""

from __future__ import annotations

from typing import Any

import pytest

from support.charge_rows import DAY, HAIKU, OPUS, SONNET, Row, line, only, selection, service, tallied, use
from tallystick.tally.late import Doubts

OPEN = Doubts(open_days=[DAY])
UNKNOWN = "claude-unknown-9"


def cause(used: list[Row], lines: list[Row], doubts: Doubts = OPEN, **of_use: Any) -> str:
    """The cause of the one charge of the use that these values tell apart."""
    return str(only(tallied(used, lines, doubts=doubts), **of_use)["cause"])


@pytest.mark.long
@pytest.mark.parametrize(
    "lines",
    [
        [],
        [line("1", workspace="wrkspc_2", model=SONNET)],
        [line("1", model=OPUS)],
        [service("-1", "promotional_credit")],
        [service("0.05", "code_execution")],
    ],
    ids=["empty day", "workspace late", "model late", "credit alone", "service alone"],
)
def test_use_without_any_bill_is_not_billed_yet(lines: list[Row]) -> None:
    """A day, a workspace or a model of it with priced use and no line of its own is late, not refused."""
    used = [
        use(uncached_input=9),
        use("b", workspace="wrkspc_2", uncached_input=9),
        use("c", model=OPUS, uncached_input=9),
    ]
    assert cause(used, lines, key="key_a") == "not billed yet"


def test_a_settled_day_is_late_no_more() -> None:
    """What no bill has 35 days after its day is not billed."""
    assert cause([use(uncached_input=9)], [], Doubts()) == "not billed"


def test_what_the_bill_of_its_model_leaves_out_is_refused() -> None:
    """Another kind, tier or key of a model that is billed is not late: the bill of it has come."""
    used = [
        use(uncached_input=9),
        use("batch", tier="batch", uncached_input=9),
        use("out", output=9),
        use("haiku", model=HAIKU, uncached_input=9),
    ]
    rows = tallied(used, [line("1"), line("1", model=HAIKU, kind="output")], doubts=OPEN)
    assert {row["key"]: row["cause"] for row in rows if row["quantity"]} == {
        "key_a": "none",
        "batch": "not billed",
        "out": "not billed",
        "haiku": "not billed",
    }


@pytest.mark.long
@pytest.mark.parametrize("fields", [{"tier": "flex"}, {"model": UNKNOWN}], ids=["flex", "unknown model"])
def test_use_without_a_rate_is_late_with_its_workspace_alone(fields: Row) -> None:
    """Use without a known rate makes nothing late; where its whole workspace is, it may be billed too."""
    used = [use("odd", uncached_input=9, **fields)]
    assert cause(used, [], key="odd") == "not billed"
    assert cause([*used, use(uncached_input=9)], [], key="odd") == "not billed yet"
    assert cause([*used, use(uncached_input=9)], [line("1")], key="odd") == "not billed"


def test_priority_use_is_never_late() -> None:
    """Prepaid tokens are in no bill, so none is awaited; their cause stays their tier."""
    assert cause([use(tier="priority", uncached_input=9)], []) == "priority tier"


@pytest.mark.long
def test_searches_are_late_by_workspace() -> None:
    """Web searches have one line for all models of a workspace: without it they are late, tokens billed or not."""
    used = [use(uncached_input=9, web_searches=2)]
    assert cause(used, [line("1")], kind="web_search") == "not billed yet"
    assert cause(used, [service("0.02", "web_search")], kind="uncached_input") == "not billed yet"
    assert only(tallied(used, [line("1"), service("0.02", "web_search")], doubts=OPEN), kind="web_search")["billed"]


def test_a_model_that_the_bill_may_call_otherwise_is_not_late() -> None:
    """A line of a model that nobody used may be of the one that has none: counting both would bill it twice."""
    rows = tallied([use(uncached_input=9)], [line("8", model="claude-sonnet-x")], doubts=OPEN)
    assert {row["cause"] for row in rows} == {"not billed", "no usage"}


@pytest.mark.parametrize("lost", ["unknown", "none"])
def test_a_bill_without_workspaces_is_of_the_use_that_has_no_other(lost: str) -> None:
    """A line that does not tell its workspace is split over the use without a line of its own: none of it is late."""
    used = [
        use(uncached_input=1),
        use("b", workspace="wrkspc_2", uncached_input=3),
        use("c", workspace="wrkspc_3", uncached_input=5),
    ]
    rows = tallied(used, [line("8", workspace=lost), line("5", workspace="wrkspc_3")], doubts=OPEN)
    assert {row["key"]: (row["billed"], row["cause"]) for row in rows} == {
        "key_a": (2, "none"),
        "b": (6, "none"),
        "c": (5, "none"),
    }


@pytest.mark.parametrize("lost", ["unknown", "none"])
def test_use_without_a_workspace_is_billed_by_the_lines_without_use(lost: str) -> None:
    """Where the usage does not tell the workspace, lines of any workspace are of it, and it is not late."""
    used = [use(workspace=lost, uncached_input=8, output=1), use("b", workspace="wrkspc_3", uncached_input=5)]
    rows = tallied(used, [line("8"), line("5", workspace="wrkspc_3")], doubts=OPEN)
    assert {(row["key"], row["kind"]): (row["billed"], row["cause"]) for row in rows} == {
        ("key_a", "uncached_input"): (8, "none"),
        ("key_a", "output"): (None, "not billed"),
        ("b", "uncached_input"): (5, "none"),
    }


def test_a_workspace_is_late_beside_use_and_bill_that_both_have_none() -> None:
    """A line without a workspace that use without one has is no bill of other workspaces."""
    used = [use(workspace="none", uncached_input=1), use("b", workspace="wrkspc_2", uncached_input=3)]
    rows = tallied(used, [line("8", workspace="none")], doubts=OPEN)
    assert {row["key"]: (row["billed"], row["cause"]) for row in rows} == {
        "key_a": (8, "none"),
        "b": (None, "not billed yet"),
    }


@pytest.mark.long
@pytest.mark.parametrize(
    "alone",
    [
        line("8", workspace="unknown", kind="output"),
        line("8", workspace="default", model=OPUS),
        service("8", "unknown", workspace="wrkspc_2"),
        service("8", "unknown", workspace="none"),
    ],
    ids=["another kind", "default workspace", "unknown kind", "unknown kind and workspace"],
)
def test_use_that_a_line_alone_may_be_of_is_not_late(alone: Row) -> None:
    """Use is not awaited beside a line that no use was matched to and that may be of it: that would bill it twice."""
    used = [use(uncached_input=1), use("b", workspace="wrkspc_2", model=OPUS, uncached_input=3, web_searches=1)]
    rows = tallied(used, [line("8"), service("1", "web_search", workspace="wrkspc_2"), alone], doubts=OPEN)
    assert only(rows, key="b", kind="uncached_input")["cause"] == "not billed"


@pytest.mark.long
def test_use_of_a_user_profile_is_billed_elsewhere() -> None:
    """In a workspace of a user profile, use without a bill of ours is billed to that profile, settled or not."""
    used = [use(workspace="wrkspc_2", uncached_input=9), use("b", uncached_input=9)]
    for open_days in ([DAY], []):
        doubts = Doubts(open_days=open_days, profiles=["wrkspc_2"])
        assert cause(used, [line("1")], doubts, workspace="wrkspc_2") == "billed to a user profile"
    assert cause(used, [line("1", workspace="wrkspc_2")], OPEN, key="b") == "not billed yet"


def test_a_line_of_a_day_whose_usage_was_not_read_says_so() -> None:
    """Billed tokens without use are a finding only where the usage was read; services have no use anyway."""
    lines = [line("8"), service("0.02", "web_search"), service("0.05", "code_execution")]
    causes = [row["cause"] for row in tallied([], lines, doubts=Doubts(unread_days=[DAY]))]
    assert sorted(causes) == ["code execution", "usage not read", "usage not read"]
    assert not selection(tallied([], lines), cause="usage not read")
