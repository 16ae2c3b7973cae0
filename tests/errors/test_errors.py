"""Every kind of error that the command line has: provoked, its text and its exit code as its directory has them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from errors import document
from errors.case import AREAS, FOLDER, Case, cases
from support.command import Run, Tallystick
from support.organization import NOW
from support.wire import KEY, Clock, Wire
from tallystick import Ledger
from tallystick.sim import Answer, World, serve
from tallystick.store.tables import Tables

CASES = cases()
PORT = "8788"
"""The port of the case's server, as texts have it."""
VARIES = (
    (re.compile(r"127\.0\.0\.1:\d+"), f"127.0.0.1:{PORT}"),
    (re.compile(r"port \d+:"), f"port {PORT}:"),
    (re.compile(r"in \d+ tries"), "in 4 tries"),
    (re.compile(r"req_[0-9a-f]+"), "req_011"),
    (re.compile(r"process \d+ on \S+?(?=[.,)])"), "process 4711 on server"),
    (re.compile(r"[0-9a-f]{64}"), "3c1f…"),
    (re.compile(r"part-\S+?\.parquet"), "part-00000.parquet"),
    (re.compile(r"waiting \d+ s"), "waiting 12 s"),
)
"""What is not the same in each run, and what stands for it."""


def parameters() -> list[Any]:
    """Return the cases as parameters, those that take long marked so."""
    return [pytest.param(case, id=case.name, marks=[pytest.mark.long] if case.long else []) for case in CASES]


@contextmanager
def server(case: Case, world: World) -> Iterator[dict[str, str]]:
    """Serve what the case is answered by; the environment that leads there."""
    if not case.faults and not case.answers:
        yield {}
        return
    scripted = iter([*case.answers, *([case.answers[-1]] * 50)] if case.answers else [])

    def before(_: str) -> Answer | None:
        answer = next(scripted, None)
        if answer is None or "status" not in answer:
            return None
        headers = {"content-type": answer.get("type", "application/json"), "request-id": "req_011"}
        return Answer(answer["status"], answer["body"].encode(), headers | answer.get("headers", {}))

    wire = Wire(world, Clock(NOW), faults=case.faults, before=before)
    with serve(wire) as listening:
        yield {"TALLYSTICK_BASE_URL": listening.url, "ANTHROPIC_ADMIN_KEY": KEY}


def provoke(case: Case, tallystick: Tallystick, environment: dict[str, str]) -> Run:
    """Run the command of a case; what it said."""
    if not case.script.exists():
        port = environment.get("TALLYSTICK_BASE_URL", "").rpartition(":")[2]
        return tallystick(*shlex.split(case.command.replace(PORT, port or PORT)), **environment)
    known = {**os.environ, **environment, "TALLYSTICK": f"{sys.executable} -m tallystick"}
    done = subprocess.run(  # noqa: S603 - our own script
        ["/bin/sh", str(case.script)], env=known, capture_output=True, text=True, timeout=100, check=False
    )
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("case", parameters())
def test_an_error_says_what_happened_and_how_to_mend_it(
    case: Case,
    tallystick: Tallystick,
    book: Ledger,
    golden_world: World,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """The command ends with the exit code and the exact text of the directory, and with no traceback."""
    home = Path.cwd()
    for name, text in case.files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if case.copy:
        shutil.copytree(book.path, home / "ledger")
        monkeypatch.setenv("TALLYSTICK_LEDGER", str(home / "ledger"))
    for command in case.before:
        run = tallystick(*shlex.split(command), **case.environment)
        assert run.code == 0, (command, run.err)
    if (script := case.folder / "prepare.sh").exists():
        known = {**os.environ, "LEDGER": os.environ["TALLYSTICK_LEDGER"], "PYTHON": sys.executable}
        subprocess.run(["/bin/sh", "-e", str(script)], env=known, check=True)  # noqa: S603 - our own script
    if case.without:
        for name in [name for name in sys.modules if f"{case.without}." in f"{name}."]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, case.without, None)
    if case.patience is not None:
        monkeypatch.setitem(Tables.__init__.__kwdefaults__, "patience", case.patience)
    with server(case, golden_world) as environment:
        run = provoke(case, tallystick, {**environment, **case.environment})
    said = run.err.replace(str(home), "/home/ann").replace(str(book.path), "/home/ann/ledger")
    for pattern, stands_for in VARIES:
        said = pattern.sub(stands_for, said)
    assert "Traceback" not in said
    assert KEY not in run.err + run.out
    if request.config.getoption("--regenerate"):
        case.text.write_text(said, encoding="utf-8")
    assert (run.code, said) == (case.code, case.text.read_text(encoding="utf-8"))


def test_each_directory_is_a_case() -> None:
    """Every directory below an area has a case with its text, and no area is missing on the page."""
    known = {case.folder for case in CASES}
    areas = [path for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert {path.name for path in areas} == set(AREAS)
    assert {path for area in areas for path in area.iterdir()} == known
    assert all(case.text.exists() and case.why and case.mend for case in CASES)


def test_the_page_of_errors_is_made_from_the_cases(request: pytest.FixtureRequest) -> None:
    """docs/errors.md says what `make errors` writes: each case with its text, exit code, reason and remedy."""
    if request.config.getoption("--regenerate"):
        document.write()
    assert document.PAGE.read_text(encoding="utf-8") == document.page()
