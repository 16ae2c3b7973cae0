"""The key is nowhere: every command, faults that echo it, every logger at its most talkative, every byte written."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pytest

from support.command import Tallystick
from support.organization import NOW
from support.wire import Clock
from tallystick.catalog import CATALOG
from tallystick.cli import COMMANDS, UNDER
from tallystick.sim import Answer, Credentials, Simulator, World, serve
from tallystick.store.archive import Archive

SECRET = "sk-ant-admin01-Qz7nowhere4tobe9seen"
MONTH = "2026-10"
WORDS: Mapping[str, tuple[str, ...]] = {
    "anomaly": ("no-such-finding",),
    "budget": (),
    "close": (MONTH, "--yes", "--provisional", "--late", "--without-owners", "--skip-earlier"),
    "deliveries": (),
    "docs": ("settings",),
    "export": ("charges", "--month", MONTH, "--output", "charges.csv"),
    "findings": (),
    "forget": ("--all", "--yes"),
    "mcp": ("--install",),
    "metrics": ("--output", "metrics.prom"),
    "notify": ("--test", "ops"),
    "profile": ("model", "claude-opus-4-8"),
    "rebuild": ("anew",),
    "roster": ("key",),
    "serve": ("--new-token", "ann"),
    "sim": ("serve", "--faults"),
    "sql": ("select * from charges limit 5",),
    "statement": ("--all", "--month", MONTH, "--output", "statements"),
    "summary": ("--month", MONTH, "--output", "summary.html"),
    "sync": ("--since", MONTH, "--source", "reports"),
    "trust": ("acme.toml",),
    "variance": ("--month", MONTH),
    "watch": ("--once",),
}
"""What a command is asked with, where it needs words; those that need none stand in no line."""
NOT_RUN = {"demo": "it has a key of its own, and asks no other API"}
ASKING = ("check", "limits", "sync")
"""The commands that send the key."""


class Echo(Simulator):
    """A simulator that repeats the key which it got: in a refusal, in garbled JSON, in a redirect, in a page."""

    fault = ""

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        key = headers.get("x-api-key", "")
        error = f'{{"type":"error","error":{{"type":"authentication_error_{key}","message":"{key} is not known"}}}}'
        answers = {
            "refusal": Answer(401, error.encode(), {"content-type": "application/json"}),
            "garbled": Answer(200, f'{{"id": "{key}", '.encode(), {"content-type": "application/json"}),
            "redirect": Answer(302, b"", {"location": f"https://{key}@elsewhere.example.test/?{key}"}),
            "html": Answer(200, f"<p>{key}</p>".encode(), {"content-type": f"text/html; {key}"}),
            "request-id": Answer(401, error.encode(), {"content-type": "application/json", "request-id": key}),
            "fields": Answer(200, f'{{"type": "{key}"}}'.encode(), {"content-type": "application/json"}),
        }
        return answers.get(self.fault) or super().answer(method, target, headers)


@pytest.fixture
def echo(golden_world: World) -> Iterator[tuple[Echo, str]]:
    """An API that takes the key alone, and its address."""
    credentials = Credentials(admin=frozenset({SECRET}))
    simulator = Echo(golden_world, clock=Clock(NOW).ticking, credentials=credentials)
    with serve(simulator) as listening:
        yield simulator, listening.url


def named() -> set[str]:
    """Every command of the command line."""
    return {entry.name for entry in CATALOG} | {name for _, name, *_ in COMMANDS}


def test_every_command_is_tried() -> None:
    """Each command has its words here, or needs none, or a reason not to be run."""
    assert set(WORDS) | set(NOT_RUN) | set(ASKING) <= named()
    assert set(UNDER) <= named()


@pytest.mark.long
def test_the_key_is_in_no_byte_that_is_written(
    tallystick: Tallystick, echo: tuple[Echo, str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No stream, log, file, page of the archive, row of a table, message or crash report has the key in it."""
    simulator, url = echo
    home = Path.cwd()
    key_file = home.parent / "admin.key"
    key_file.write_text(f"{SECRET}\n", encoding="utf-8")
    settings = f'[api]\nbase_url = "{url}"\nkey_file = "{key_file}"\n[[channel]]\nname = "ops"\nkind = "stdout"\n'
    (home / "acme.toml").write_text(settings, encoding="utf-8")
    monkeypatch.setenv("TALLYSTICK_CONFIG", str(home / "acme.toml"))
    monkeypatch.setenv("TALLYSTICK_LEDGER", str(home / "ledger"))
    caplog.set_level(logging.DEBUG)
    said = []

    def run(name: str, *words: str) -> int:
        done = tallystick(name, *words)
        said.append(done.out + done.err)
        assert SECRET not in said[-1], (name, words)
        return done.code

    assert run("sync", *WORDS["sync"]) == 0
    for name in sorted(named() - set(NOT_RUN) - {"sync", "forget"}):
        assert run(name, *WORDS.get(name, ())) != 70, said[-1]

    def echoed(fault: str) -> None:
        simulator.fault = fault
        for name in ASKING:
            assert run(name, *WORDS.get(name, ())) in {3, 5}, (fault, name, said[-1])
        simulator.fault = ""

    for fault in ("refusal", "garbled", "fields"):
        echoed(fault)
    with monkeypatch.context() as broken:
        broken.setattr("tallystick.admin_api.AdminAPI.check", _raise)
        assert run("check") == 70
    assert run("forget", *WORDS["forget"]) == 0
    assert caplog.records
    assert SECRET not in caplog.text
    assert all(SECRET not in repr(vars(record)) for record in caplog.records)
    caplog.set_level(logging.INFO)  # a library's loggers write headers down as they came, at DEBUG
    for fault in ("redirect", "html", "request-id"):
        echoed(fault)
    assert SECRET not in caplog.text
    _search(home)
    assert list(home.rglob("internal-error-*"))


def _raise(*_: object) -> None:
    raise RuntimeError(f"an error that nobody foresaw, of {SECRET}")


def _search(home: Path) -> None:
    """Read every file below a folder, what is packed unpacked, for the key."""
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) > 50
    for path in files:
        assert SECRET.encode() not in path.read_bytes(), path
        if path.suffix == ".zst":
            archive = Archive(path.parents[2])
            assert SECRET.encode() not in archive.body(path.stem), path
        if path.suffix == ".parquet":
            rows = duckdb.sql(f"select * from read_parquet('{path}', hive_partitioning = false)").fetchall()  # noqa: S608
            assert SECRET not in repr(rows), path


@pytest.mark.long
@pytest.mark.parametrize("source", ["file", "command", "variable"])
def test_the_key_is_on_no_command_line(
    echo: tuple[Echo, str], child_environment: dict[str, str], tmp_path: Path, source: str
) -> None:
    """While a sync runs, no process here has the key among its words, nor one of ours in its environment."""
    _, url = echo
    key_file = tmp_path / "admin.key"
    key_file.write_text(SECRET, encoding="utf-8")
    program = tmp_path / "password-manager"
    program.write_text(f"#!/bin/sh\nsleep 1\nexec cat {key_file}\n", encoding="utf-8")
    program.chmod(0o700)
    sources = {"file": f'key_file = "{key_file}"', "command": f'key_command = "{program}"', "variable": ""}
    config = tmp_path / "acme.toml"
    config.write_text(f"[api]\n{sources[source]}\n", encoding="utf-8")
    known = {**child_environment, "TALLYSTICK_BASE_URL": url, "TALLYSTICK_NOW": NOW.isoformat()}
    known |= {"ANTHROPIC_ADMIN_KEY": SECRET} if source == "variable" else {}
    words = ["sync", "--since", MONTH, "--config", str(config), "--ledger", str(tmp_path / "ledger")]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-X", "dev", "-m", "tallystick", *words],
        env=known,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    looks = 0
    while process.poll() is None:
        for words_of in Path("/proc").glob("[0-9]*/cmdline"):
            looks += _has_none(words_of)
        if source != "variable":
            for environment_of in _family(process.pid):
                looks += _has_none(environment_of)
    assert process.stdout is not None
    assert SECRET.encode() not in process.stdout.read()
    process.stdout.close()
    assert process.returncode == 0
    assert looks > 100


def _has_none(file: Path) -> int:
    """Hold one file of a process against the key; 0 where the process has gone."""
    try:
        content = file.read_bytes()
    except OSError:
        return 0
    assert SECRET.encode() not in content, file
    return 1


def _family(process: int) -> Iterator[Path]:
    """The environments of a process and of its children."""
    yield Path(f"/proc/{process}/environ")
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            for child in children.read_text(encoding="ascii").split():
                yield Path(f"/proc/{child}/environ")
        except OSError:
            continue
