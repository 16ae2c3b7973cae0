"""The rooms: a file of the source holds one noun, so none is long and each begins with it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"
LONGEST = 300


def test_no_file_is_long() -> None:
    """Every file of the source has under 300 lines."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCE.rglob("*.py")}
    assert not {str(path.relative_to(SOURCE)): lines for path, lines in lengths.items() if lines >= LONGEST}


@pytest.mark.long
def test_a_file_says_its_noun_first() -> None:
    """The docstring of a module has each word of the file's name, or its stem, among its first six words."""
    missing = {}
    for path in SOURCE.rglob("[a-z]*.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        words = re.findall(r"[a-z]+", docstring.lower())[:6]
        stems = [part[:3] for part in path.stem.split("_")]
        if not all(any(word.startswith(stem) for word in words) for stem in stems):
            missing[str(path.relative_to(SOURCE))] = docstring.partition("\n")[0]
    assert not missing
