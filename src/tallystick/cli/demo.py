"""The command demo: a simulated organization, synced and shown; it needs no key."""

from __future__ import annotations

import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import click

from tallystick.cli import options
from tallystick.cli.simulate import DAYS, pinned, simulator
from tallystick.errors import InvalidQuestion
from tallystick.folders import demo_folder
from tallystick.settings_file import NAME

SETTINGS = """\
# The settings of the demo: its ledger, and who owns what in it.
ledger = "."
owners = "owners.csv"
"""
OWNERS = """\
team,cost_center,workspace,key
search,4110,Production,docs-search
platform,4100,Production,
engineering,4300,Claude Code,
public,4200,Public Sector,
research,4400,Research,
"""
"""Teams of the simulated organization; nobody owns its default workspace, as is so in many."""
SCREEN = 100
"""Columns of the first screen where the output is not a terminal."""


@click.command()
@options.demo_ledger
@click.option(
    "--now",
    "at",
    metavar="INSTANT",
    envvar="TALLYSTICK_NOW",
    help="Pretend that it is this instant, as 2026-11-22T15:30:00Z; by default it is now.",
)
@click.option("--serve", "served", is_flag=True, help="Then serve its dashboard until interrupted.")
def demo(at: str | None, served: bool) -> None:
    """Simulate an organization, sync it, and show it on one screen. Needs no key."""
    from tallystick.api.client import Client
    from tallystick.api.credential import Credential
    from tallystick.cli.sync import Shown, tell
    from tallystick.clock import SystemClock
    from tallystick.formats.text import as_text
    from tallystick.ledger import Ledger
    from tallystick.settings import Settings
    from tallystick.sim import serve

    clock = SystemClock(pinned(at))
    ledger: str | None = click.get_current_context().meta["ledger"]
    path = Path(ledger) if ledger else _demo_ledger()
    with nullcontext() if ledger else turn(path):
        book = Ledger(path, clock)
        simulated = simulator(clock.now, seed=1, days=DAYS, keys=24)
        if set(book.organizations()) - {simulated.world.organization.id}:
            raise InvalidQuestion(
                f"{path} holds a real organization, which the demo would mix with its own.",
                "Name another folder: --ledger FOLDER.",
            )
        if not ledger and path.exists():
            shutil.rmtree(path)
        with serve(simulated) as server, Shown() as display:
            key = Credential("sk-ant-admin01-simulated", source="the simulator")
            with Client(key, clock=clock, base_url=server.url, pace=None, on_wait=display.wait) as client:
                outcome = book.sync(client=client, progress=display.progress)
        (path / NAME).write_text(SETTINGS, encoding="utf-8")
        (path / "owners.csv").write_text(OWNERS, encoding="utf-8")
        screen = as_text(book.status(), options.columns() or SCREEN).rstrip()
    tell(outcome)
    click.echo(screen)
    script = Path(sys.argv[0])
    installed_apart = not shutil.which("tallystick") and script.stem == "tallystick"
    search = f" PATH={shlex.quote(str(script.parent.absolute()))}:$PATH" if installed_apart else ""
    config = str(path / NAME)
    unset = "" if Settings.load(config=config).ledger == path else " TALLYSTICK_LEDGER="
    click.echo(f"All simulated. To ask on: export TALLYSTICK_CONFIG={_short(path / NAME)}{unset}{search}")
    click.echo(f"Also: tallystick serve   tallystick spend --by team   Delete: rm -r {_short(path)}")
    if served:
        from tallystick.cli.serve import run

        run(replace(Settings.load(config=config, ledger=path), at=clock.now() if at else None))


def _short(path: Path) -> str:
    """A path as a shell reads it, with ~ for the home folder."""
    with suppress(RuntimeError, ValueError):  # there is no home, or it is not in it
        return f"~/{shlex.quote(str(path.relative_to(Path.home())))}"
    return shlex.quote(str(path))


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Hold the demo's ledger alone: each demo makes it anew, and another would delete what this one writes."""
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        click.echo("Another demo is being made here; waiting for it.", err=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _demo_ledger() -> Path:
    """Return the one place of the demo's ledger, a new one where there is no home."""
    return demo_folder() or Path(tempfile.mkdtemp(prefix="tallystick-demo-")) / "ledger"
