"""Names have dates: a rename moves no money, and the rules that it concerns are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.case import Case

SINCE = "2026-11-20"
LATER = "2026-11-30T09:30:00Z"
SYNC = ("sync", "--without-claude-code", "--source", "reports", "--since", SINCE)
CASE = Path(__file__).parent.parent / "witness" / "cases" / "03-renamed-workspace"
REST = '[[owner]]\nteam = "rest"\n'


def by_team(case: Case, settings: Path, *words: str, now: str = LATER) -> tuple[dict[str, str], str]:
    """What was billed by team, and all that the answer says."""
    run = case(
        "spend", "--by", "team", "--since", SINCE, "--format", "json", "--config", str(settings), *words, now=now
    )
    assert run.code == 0, run.err
    answer: dict[str, Any] = json.loads(run.out)
    return {row["team"]: row["billed"] for row in answer["rows"]}, " ".join(answer["warnings"] + answer["notes"])


def rules(folder: Path, text: str) -> Path:
    """A settings file with these rules."""
    settings = folder / "owners.toml"
    settings.write_text(text + REST, encoding="utf-8")
    return settings


@pytest.mark.long
def test_a_rename_moves_no_money(case: Case) -> None:
    """Days before a rename stay with the rule of the old name, and the sync that reads the rename names the rule."""
    settings = CASE / "tallystick.toml"
    with case.serve("03-renamed-workspace/scenario.py"):
        assert case(*SYNC).code == 0
    now = "2026-11-28T09:30:00Z"
    before = by_team(case, settings, now=now)
    assert before[0] == {"search": "44.06", "support": "1.60"}
    with case.serve("03-renamed-workspace/scenario.py", RENAMED="1"):
        run = case(*SYNC, "--config", str(settings))
    assert run.code == 0
    assert "Renamed: workspace wrkspc_01A, 'Search' to 'Search & Discovery'." in run.err
    assert "[[owner]] 1 (search) matches it before that day only" in run.err
    assert by_team(case, settings, now=now)[0] == before[0]
    check = case("owners", "--check", "--since", SINCE, "--config", str(settings))
    assert check.code == 1
    assert "renamed" in check.out


def synced(case: Case, *days: str) -> None:
    """Sync on these days of November, each with the names of that day."""
    for day in days:
        with case.serve("naming-names/scenario.py", DAY=day):
            run = case(*SYNC, now=f"2026-11-{day}T09:30:00Z")
            assert run.code == 0, run.err


@pytest.mark.long
def test_days_go_by_the_names_that_they_had(case: Case, tmp_path: Path) -> None:
    """A day goes by the name that was newest when it ended, at the syncs that there were; ids always match."""
    synced(case, "25", "28", "30")
    until = ("--since", SINCE, "--until", "2026-11-28")
    for rule, expected, warned in (
        ('workspace = "Search"', "24.00", True),
        ('workspace = "Search & Discovery"', "6.00", True),
        ('workspace = ["Search", "Search & Discovery"]', "30.00", False),
        ('workspace = "wrkspc_01A"', "30.00", False),
        ('tag = "team=search"', "24.00", True),
        ('tag = "team=*"', "30.00", False),
        ('key = "search-prod"', "24.00", True),
        ('key = "apikey_01A"', "30.00", False),
        ('actor = "Ann"', "48.00", True),
        ('actor = "ann@example.com"', "60.00", False),
        ('actor = "Ann*"', "60.00", False),
    ):
        settings = rules(tmp_path, f'[[owner]]\nteam = "search"\n{rule}\n')
        billed, sentences = by_team(case, settings)
        assert billed["search"] == expected, rule
        assert ("[[owner]] 1 (search)" in sentences) is warned, rule
        strict = case("spend", "--by", "team", *until, "--strict", "--config", str(settings), now=LATER)
        assert (strict.code == 1) is warned, rule


@pytest.mark.long
def test_a_filter_by_name_takes_the_thing(case: Case, tmp_path: Path) -> None:
    """A filter or a budget by a former name takes the thing with all its days, and a name of today goes first."""
    synced(case, "25", "28", "30")
    words = ("spend", "--by", "workspace", "--since", SINCE, "--format", "json")
    run = case(*words, "--where", "workspace=Search", now=LATER)
    assert run.code == 0, run.err
    former = json.loads(run.out)
    assert [row["billed"] for row in former["rows"]] == ["30.00"]
    assert "is called otherwise than 'Search' since 2026-11-28: all its days are counted" in " ".join(former["notes"])
    swapped = json.loads(case(*words, "--where", "key=support-prod", now=LATER).out)
    assert [row["workspace"] for row in swapped["rows"]] == ["wrkspc_01A"]
    assert "was called 'support-prod' before 2026-11-28: its days are not counted" in " ".join(swapped["warnings"])
    settings = tmp_path / "budget.toml"
    settings.write_text('[[budget]]\nname = "s"\namount = "100"\nworkspace = "Search"\n', encoding="utf-8")
    budget = json.loads(case("budget", "--config", str(settings), "--format", "json", now=LATER).out)
    assert budget["rows"][0]["billed"] == "30.00"
    assert "is called otherwise than 'Search'" in " ".join(budget["warnings"] + budget["notes"])
