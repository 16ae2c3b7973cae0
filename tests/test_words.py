"""Names are nouns: no pronoun or participle stands for a thing, in the source, the tests or the benchmarks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BANNED = {
    *("it", "them", "this", "these", "those", "one", "other", "each", "every", "some", "both", "same", "mine", "who"),
    *("what", "how", "more", "whole", "place", "at", "of", "apart", "loose", "left", "gone", "done", "begun"),
    *("said", "told", "found", "held", "kept", "taken", "asked", "made", "given", "seen", "chosen", "called", "shown"),
    *("named", "sent", "meant", "wanted"),
}
BOUNDS = {"src": 0.003, "tests": 0.022, "benchmarks": 0.025}
"""The share of all names in a folder that may be one of these: parameters of commands, and what is left to rename."""


def names_in(path: Path) -> list[str]:
    """Every variable and parameter that a file names, as often as it does."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [
        node.id if isinstance(node, ast.Name) else node.arg for node in nodes if isinstance(node, ast.Name | ast.arg)
    ]


@pytest.mark.long
@pytest.mark.parametrize("folder", BOUNDS)
def test_names_are_nouns(folder: str) -> None:
    """Few of the names in a folder are pronouns or participles: in the source fewer than one in three hundred."""
    names = {path: names_in(path) for path in (ROOT / folder).rglob("*.py")}
    banned = {str(path): sorted(caught) for path, words in names.items() if (caught := BANNED.intersection(words))}
    count = sum(word in BANNED for words in names.values() for word in words)
    assert count < BOUNDS[folder] * sum(map(len, names.values())), banned


def test_the_count_sees_names() -> None:
    """A banned name is counted where it is read and where it is a parameter, and an attribute is not."""
    tree = "def f(it): return [said.found for said in it]"
    nodes = [node for node in ast.walk(ast.parse(tree)) if isinstance(node, ast.Name | ast.arg)]
    words = [node.id if isinstance(node, ast.Name) else node.arg for node in nodes]
    assert sorted(word for word in words if word in BANNED) == ["it", "it", "said", "said"]
