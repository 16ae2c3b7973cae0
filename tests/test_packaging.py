"""What is installed: the dependencies are listed with their weight, and what is heavy is an extra."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    """The packages of a list of requirements."""
    return {re.split(r"[^\w-]", requirement)[0] for requirement in requirements}


def test_each_dependency_says_what_it_weighs() -> None:
    """docs/start.md lists every package of the base and of the extras, and no other."""
    page = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([\w-]+)`", page, re.MULTILINE))
    extras = PROJECT["optional-dependencies"]
    every = names(PROJECT["dependencies"]).union(*(names(extras[name]) for name in extras if name != "all"))
    assert listed == every


def test_all_is_every_extra() -> None:
    """The extra `all` names each other one."""
    extras = PROJECT["optional-dependencies"]
    assert extras["all"] == [f"{PROJECT['name']}[{','.join(sorted(set(extras) - {'all'}))}]"]
