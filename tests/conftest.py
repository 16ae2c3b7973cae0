from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from support.command import Run, Tallystick
from support.ledgers import OpenLedger, client_of, open_ledger
from support.mail_server import MailServer, mail_server
from support.organization import CLOCK, FIRST, HOURS_SINCE, NOW, TWO_SINCE, Truth, small_world
from support.webhook_receiver import Receiver, receiving
from tallystick import Ledger
from tallystick.cli import main
from tallystick.errors import Refused
from tallystick.settings import Settings
from tallystick.sim import Simulator, World

settings.register_profile("unhurried", deadline=None)  # no timed tests: the machine may be busy
settings.register_profile("any failure", deadline=None, phases=(Phase.explicit, Phase.generate))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "unhurried"))
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell ignores it, and so its children


RULES = """
[[owner]]
team = "coders"
workspace = "Claude Code"
[[owner]]
shared = {rule = "fixed", shares = {left = "1/2", right = "1/2"}}
workspace = "Public Sector"
[[owner]]
shared = {rule = "proportional", teams = ["coders", "rest"]}
workspace = "Research"
[[owner]]
team = "rest"
"""
"""Rules of who owns what in the small organization."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--regenerate`: what `make golden` asks for."""
    parser.addoption("--regenerate", action="store_true", help="Write the golden files anew instead of comparing.")


@pytest.fixture(scope="session")
def golden_world() -> World:
    """The small organization that every answer is about; nobody changes it."""
    return small_world()


@pytest.fixture(scope="session")
def truth(golden_world: World) -> Truth:
    """What that organization knows of itself."""
    return Truth(golden_world)


@pytest.fixture(scope="session")
def book(golden_world: World, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Its ledger: usage by day and cost from October on, the running day included; only read."""
    return open_ledger(tmp_path_factory.mktemp("book") / "ledger", golden_world, FIRST)


@pytest.fixture(scope="session")
def owned(book: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """The small organization's ledger with rules of who owns what."""
    path = tmp_path_factory.mktemp("owned") / "tallystick.toml"
    path.write_text(RULES, encoding="utf-8")
    settings = Settings.load(config=str(path), ledger=str(book.path), environment={})
    return OpenLedger(settings.ledger, CLOCK, settings.price_lists(), settings)


@pytest.fixture(scope="session")
def hours(book: Ledger, golden_world: World, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """The same ledger, its newest days by the hour too."""
    path = tmp_path_factory.mktemp("hours") / "ledger"
    shutil.copytree(book.path, path)
    return open_ledger(path, golden_world, HOURS_SINCE, "hour")


@pytest.fixture(scope="session")
def only_hours(golden_world: World, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger that has its newest days by the hour and none by the day."""
    return open_ledger(tmp_path_factory.mktemp("only-hours") / "ledger", golden_world, HOURS_SINCE, "hour")


@pytest.fixture(scope="session")
def other_world() -> World:
    """Another organization."""
    return small_world(seed=2)


@pytest.fixture(scope="session")
def two(book: Ledger, other_world: World, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """The ledger with the other organization beside the first, from a later day on."""
    path = tmp_path_factory.mktemp("two") / "ledger"
    shutil.copytree(book.path, path)
    return open_ledger(path, other_world, TWO_SINCE)


@pytest.fixture(scope="session")
def empty(golden_world: World, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger whose first sync was refused: it exists and has nothing."""
    book = Ledger(tmp_path_factory.mktemp("empty") / "ledger", CLOCK)
    with client_of(Simulator(golden_world, clock=CLOCK.now), key="wrong") as client, pytest.raises(Refused):
        book.sync(client=client)
    return OpenLedger(book.path, CLOCK)


@pytest.fixture
def tallystick(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, book: Ledger
) -> Tallystick:
    """The command line in this process: the same `main` that the script calls, in an empty folder, at a pinned time."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    for name in os.environ:
        if name == "COLUMNS" or name.startswith(("TALLYSTICK_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    for name, value in {**_homes(home), "TALLYSTICK_LEDGER": str(book.path), "TALLYSTICK_NOW": NOW.isoformat()}.items():
        monkeypatch.setenv(name, value)

    def run(*words: str, **environment: str) -> Run:
        capsys.readouterr()
        with monkeypatch.context() as then:
            then.setattr(sys, "argv", ["tallystick", *words])
            for name, value in environment.items():
                then.setenv(name, value)
            try:
                main()
                code: object = 0
            except SystemExit as done:
                code = done.code or 0
        output = capsys.readouterr()
        assert isinstance(code, int)
        return Run(code, output.out, output.err)

    return run


@pytest.fixture(scope="session")
def child_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment for child processes that knows nothing of this one's user, and no ledger."""
    home = tmp_path_factory.mktemp("home")
    keep = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {**keep, **_homes(home), "TALLYSTICK_LEDGER": str(home / "nowhere"), "PYTHONUTF8": "1"}


@pytest.fixture(scope="session")
def child(child_environment: dict[str, str]) -> Tallystick:
    """`python -m tallystick` in a process of its own; warnings are errors there too."""

    def run(*words: str, **environment: str) -> Run:
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-W", "error", "-m", "tallystick", *words],
            env={**child_environment, **environment},
            cwd=child_environment["HOME"],
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    return run


def _homes(folder: Path) -> dict[str, str]:
    homes = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    return dict.fromkeys(homes, str(folder))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that listens."""
    with receiving() as listening:
        yield listening


@pytest.fixture
def mails() -> Iterator[MailServer]:
    """A mail server that listens."""
    with mail_server() as server:
        yield server
