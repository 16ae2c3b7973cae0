"""Where the list of workspaces cannot be read, figures are those of a clean sync; only names may be missing."""

from __future__ import annotations

import json

import pytest

from support.case import Case
from support.records import false_digests

SINCE = ("--since", "2026-11-20")
FAULTS = ["refused", "null data", "null id", "null ids"]
REAL = "wrkspc_01Default"
CLEAN = {"wrkspc_01A": "36.00", "wrkspc_01B": "3.20", "default": "24.00"}


def billed(case: Case) -> tuple[dict[str, str], list[str]]:
    """What was billed by workspace, and what the answer says of it."""
    run = case("spend", "--by", "workspace", *SINCE, "--format", "json")
    assert run.code == 0, run.err
    answer = json.loads(run.out)
    return {row["workspace"]: row["billed"] for row in answer["rows"]}, (answer["warnings"] + answer["notes"])


@pytest.mark.long
@pytest.mark.parametrize(("fault", "source"), [*((fault, "analytics") for fault in FAULTS), ("null id", "reports")])
def test_the_default_workspace_is_known_by_the_scope_of_a_key(case: Case, fault: str, source: str) -> None:
    """Whatever is wrong with the list, the default workspace is `default`, with the figures of a clean sync."""
    with case.serve("70-workspaces-unread/scenario.py", FAULT=fault, SCOPE="1"):
        case("sync", "--without-claude-code", "--source", source, *SINCE)
    figures, notes = billed(case)
    assert figures == CLEAN
    assert any("shown by id" in note and "wrkspc_01A, wrkspc_01B" in note for note in notes) or (
        fault == "null id"  # of the one list the first entry, of the other one the default workspace
    )


@pytest.mark.long
@pytest.mark.parametrize("fault", ["refused", "null id"])
def test_a_default_workspace_that_nothing_tells(case: Case, fault: str) -> None:
    """Where neither list nor keys tell which workspace is the default one, it stands by its id, and answers say so."""
    with case.serve("70-workspaces-unread/scenario.py", FAULT=fault, SCOPE=""):
        case("sync", "--without-claude-code", "--source", "analytics", *SINCE)
    figures, notes = billed(case)
    assert {REAL if name == "default" else name: amount for name, amount in CLEAN.items()} == figures
    assert any("shown by id" in note and REAL in note and "default" in note for note in notes)


@pytest.mark.long
@pytest.mark.parametrize("fault", ["null data", "null id"])
def test_a_list_that_cannot_be_read_makes_no_other_workspace_the_default_one(case: Case, fault: str) -> None:
    """A later sync that reads the list mends the names, and both dialects have one default workspace."""
    with case.serve("70-workspaces-unread/scenario.py", FAULT=fault, SCOPE=""):
        case("sync", "--without-claude-code", "--source", "both", *SINCE)
    with case.serve("70-workspaces-unread/scenario.py", FAULT="", SCOPE=""):
        assert case("sync", "--without-claude-code", "--source", "both", *SINCE).code == 0
    figures, notes = billed(case)
    assert figures == CLEAN
    assert not any("shown by id" in note for note in notes)
    assert case("crosscheck", *SINCE, "--strict").code == 0
    assert case("verify").code == 0
    assert false_digests(case.ledger) == []
