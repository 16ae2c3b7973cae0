"""What is installed: the dependencies are listed with their weight, and what is heavy is an extra."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

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


def test_each_package_has_its_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/licences.md has each package that is installed with its licence, and no name that is not locked."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from components import components

    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    parts = components()
    assert all(part.licence not in {"", "not stated"} for part in parts)
    for part in parts:
        assert f"| [{part.name}]({part.address}) | {part.licence} |" in page
    locked = {entry["name"] for entry in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]}
    listed = set(re.findall(r"^\| \[([^]]+)\]", page, re.MULTILINE))
    assert listed - locked == {part.name for part in parts if part.kind == "npm"}


IMPORTS = """
import importlib, sys
seen = []
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        seen.append(str(arguments[0]))
    elif event.startswith(("socket.", "subprocess.", "http.", "urllib.", "os.exec", "os.system", "os.posix_spawn")):
        seen.append(event)
sys.addaudithook(hook)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*seen, sep="\\n")
"""
FACES = ("cli", "ledger", "admin_api", "sim", "api.client", "store.writer", "web.application")


def imported(*names: str) -> list[str]:
    """Every file that is opened, and every socket and process that is made, where these modules are imported."""
    done = subprocess.run([sys.executable, "-c", IMPORTS, *names], capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.split()


def test_importing_does_nothing() -> None:
    """`import tallystick` opens its own sources and those of Python, no other file, no socket and no process."""
    source = (str(ROOT / "src"), sys.prefix, sys.base_prefix)
    assert all(name.startswith(source) and name.endswith((".py", ".pyc")) for name in imported("tallystick"))


def test_importing_every_face_does_nothing() -> None:
    """Nor does that of its faces, whose libraries read their own files and the zone UTC."""
    allowed = (str(ROOT / "src"), sys.prefix, sys.base_prefix, "/usr/share/zoneinfo/", "/usr/lib/")
    assert [name for name in imported(*(f"tallystick.{face}" for face in FACES)) if not name.startswith(allowed)] == []


def test_what_was_not_checked_is_no_good_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """An audit that could ask nothing says so; one that could counts what it checked, and fails on what is known."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from audit import verdict

    skipped = {"name": "click", "skip_reason": "not found"}
    clean = {"name": "rich", "version": "15.0.0", "vulns": []}
    known = {"name": "rich", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
    for report in ("", json.dumps({"dependencies": [skipped]})):
        assert verdict(report, 1) == (
            0,
            "SKIPPED: the database of vulnerabilities cannot be asked here. Nothing was checked.",
        )
    assert verdict(json.dumps({"dependencies": [skipped, clean]}), 2)[1].startswith("1 of 2 packages were checked, 0 ")
    code, text = verdict(json.dumps({"dependencies": [known]}), 1)
    assert (code, text.splitlines()[0]) == (1, "rich 1.0: PYSEC-1, mended in 1.1")
