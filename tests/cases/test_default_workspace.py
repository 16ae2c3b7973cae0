"""The default workspace is one workspace, `default`, whatever the directory calls it and whenever it tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.case import Case
from tallystick.api.default_workspace import real_id
from tallystick.api.page import Page

SINCE = "2026-11-20"
RULES = '[[owner]]\nteam = "misc"\nworkspace = "{}"\n'


def spend(case: Case, *words: str) -> dict[str, str]:
    """What was billed, by the first column of `spend`."""
    run = case("spend", "--since", SINCE, "--format", "json", *words)
    assert run.code == 0, run.err
    rows = json.loads(run.out)["rows"]
    return {next(iter(row.values())): row["billed"] for row in rows}


@pytest.mark.long
def test_the_default_workspace_under_another_name(case: Case, tmp_path: Path) -> None:
    """The workspace that is listed only when asked for is the default one in both dialects, by every name."""
    with case.serve("08-default-workspace-name/scenario.py"):
        assert case("sync", "--without-claude-code", "--source", "both", "--since", SINCE).code == 0
    assert spend(case, "--by", "workspace")["default"] == "24.00"
    assert case("crosscheck", "--since", SINCE, "--strict").code == 0
    settings = tmp_path / "settings.toml"
    for word in ("default", "wrkspc_01Default", "Default workspace"):
        settings.write_text(RULES.format(word), encoding="utf-8")
        assert spend(case, "--by", "team", "--config", str(settings))["misc"] == "24.00"


@pytest.mark.long
def test_a_directory_that_is_read_later(case: Case) -> None:
    """Days that were read before the directory told of the default workspace are its days once it does."""
    with case.serve("naming-default/scenario.py", NO_DIRECTORY="1"):
        case("sync", "--without-claude-code", "--source", "analytics", "--since", SINCE)
    assert spend(case, "--by", "workspace")["wrkspc_01Default"] == "24.00"
    with case.serve("naming-default/scenario.py", NO_DIRECTORY=""):
        assert case("sync", "--without-claude-code", "--source", "both", "--since", SINCE).code == 0
    billed = spend(case, "--by", "workspace")
    assert billed["default"] == "24.00"
    assert "wrkspc_01Default" not in billed
    assert case("crosscheck", "--since", SINCE, "--strict").code == 0
    assert case("verify").code == 0


def listed(**lists: list[dict[str, Any]]) -> list[tuple[str, Page]]:
    """Pages of the directory by their purpose."""
    return [(purpose, Page("/", json.dumps({"data": data}).encode())) for purpose, data in lists.items()]


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        (listed(workspaces=[{"id": "a"}], default_workspace=[{"id": "a"}, {"id": "d", "name": None}]), "d"),
        (
            listed(
                workspaces=[{"id": "a"}, {"id": "d"}],
                default_workspace=[{"id": "a"}, {"id": "d"}],
                keys=[{"workspace_id": None, "scope": {"workspace_id": "d"}}, {"scope": {"workspace_id": "a"}}],
            ),
            "d",
        ),
        (listed(default_workspace=[{"id": "a", "name": "Search"}, {"id": "d", "name": "Default"}]), "d"),
        (listed(keys=[{"workspace_id": None, "scope": {"workspace_id": "d"}}]), "d"),
        (listed(workspaces=[{"id": "a"}], default_workspace=[{"id": "a"}, {"id": "b"}, {"id": "c"}]), None),
        (listed(workspaces=[{"id": "a"}]), None),
        ([("workspaces", Page("/", b"<html>"))], None),
    ],
    ids=["only with include_default", "scope", "name", "keys alone", "two candidates", "not asked", "no list"],
)
def test_which_workspace_is_the_default_one(pages: list[tuple[str, Page]], expected: str | None) -> None:
    """It is the one that only the list with the default shows, else that of a key without workspace, else `Default`."""
    assert real_id(pages) == expected
