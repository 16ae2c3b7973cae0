"""`tallystick docs`: each page in a terminal, and what help and errors say of pages."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from support.command import Tallystick
from tallystick.cli.docs import Topic, topics

ROOT = Path(__file__).parents[2]
PAGES = sorted(page.stem for page in (ROOT / "docs").glob("*.md"))
NAMED = re.compile(r"tallystick docs ([a-z][\w-]*)")


def texts() -> Iterator[tuple[Path, str]]:
    """Every text of the source: messages, help, docstrings."""
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path, node.value


def site() -> Iterator[str]:
    """Every page of the navigation of the site."""
    levels: list[Any] = [tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]]
    while levels:
        level = levels.pop()
        if isinstance(level, str):
            yield Path(level).stem
        else:
            levels += level.values() if isinstance(level, dict) else level


def test_the_index_lists_every_page_once() -> None:
    """The index and the site's navigation have each page once, and the index says what it is about."""
    names = [topic.name for topic in topics()]
    assert sorted([*names, "index"]) == PAGES == sorted(site())
    assert all(topic.group and topic.summary.endswith(".") for topic in topics())


def test_without_a_topic_they_are_listed(tallystick: Tallystick) -> None:
    """`docs` alone lists the topics with a line each, by group, within the terminal."""
    run = tallystick("docs", COLUMNS="80")
    assert run.code == 0
    for topic in topics():
        assert f"  {topic.name} " in run.out
        assert topic.summary.split()[0] in run.out
    assert max(map(len, run.out.splitlines())) <= 80


@pytest.mark.long
@pytest.mark.parametrize("topic", topics(), ids=lambda topic: topic.name)
def test_each_topic_is_shown(tallystick: Tallystick, topic: Topic) -> None:
    """A page is shown with its title and its printed answers as they are, without a control character."""
    run = tallystick("docs", topic.name, COLUMNS="80")
    source = (ROOT / "docs" / f"{topic.name}.md").read_text(encoding="utf-8")
    assert run.code == 0
    assert run.out.split("\n")[0].strip() == source.split("\n")[0].removeprefix("# ")
    for block in re.findall(r"^```\w*\n(.*?)^```", source, re.DOTALL | re.MULTILINE):
        assert all(line.rstrip() in run.out for line in block.splitlines())
    assert "\x1b" not in run.out


def test_links_name_their_topics(tallystick: Tallystick) -> None:
    """A link to another page says which topic it is."""
    assert "limits beside spend (docs limits)" in " ".join(tallystick("docs", "ask").out.split())


def test_a_long_word_in_a_table_is_not_cut(tallystick: Tallystick) -> None:
    """A table of a narrow terminal has every letter."""
    assert "…" not in tallystick("docs", "settings", COLUMNS="60").out


def test_a_misspelt_topic_names_what_is_near(tallystick: Tallystick) -> None:
    """A topic that is not there exits 2, with what was meant and how to list them."""
    run = tallystick("docs", "owner")
    assert run.code == 2
    assert "Did you mean owners? `tallystick docs` lists the topics." in run.err


@pytest.mark.long
def test_what_is_said_of_pages_exists() -> None:
    """Each topic that a message or help text names exists, and none names a file that pip users do not have."""
    known = {topic.name for topic in topics()}
    named = [(path, name) for path, text in texts() for name in NAMED.findall(text)]
    assert len(named) > 5
    assert [(path, name) for path, name in named if name not in known] == []
    assert [
        (path, text) for path, text in texts() if re.search(r"docs/[\w-]+\.md", text) and path.name != "docs.py"
    ] == []


def test_a_clone_reads_its_own_pages() -> None:
    """An editable install has no copy of the pages that could be older than they are."""
    assert not files("tallystick").joinpath("docs").is_dir()
