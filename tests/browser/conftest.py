"""Chromium in front of dashboards: one browser, one server for each world."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser as Chromium, BrowserContext, Page, Request, sync_playwright

from support.ledgers import open_ledger
from support.organization import FIRST, NOW, TODAY, small_world
from tallystick import Ledger
from tallystick.settings import Settings
from tallystick.sim import World
from tallystick.web.access import Access
from tallystick.web.application import application
from tallystick.web.tokens import Tokens, new_token

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SETTINGS = """
ledger = "{ledger}"

[[owner]]
team = "docs"
workspace = "Production"
cost_center = "4100"

[[budget]]
name = "all of it"
amount = "60"
"""
QUIET_SINCE = date(2026, 11, 14)
"""The first day that the ledger has of the quiet world."""
NAMES = (
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)" x=\'',
    "=cmd|' /C calc'!A0",
    "\u202egnitset\u2066",
    "x" * 10_000,
    "👩🏽‍🚀 naïve 東京",
    "</svg><img src=https://example.invalid/x onerror=alert(1)>",
)
"""What keys are called in the hostile world."""


@dataclass
class Visit:
    """A page in a browser, and what went wrong on it."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a path; it has loaded whole. Of a page that is refused, the browser's own note is no error."""
        self.errors.clear()
        self.strangers.clear()
        response = self.page.goto(f"{self.base}{path}")
        self.page.wait_for_selector("#answers[aria-busy]", state="detached")
        if response and not response.ok:
            self.errors = [error for error in self.errors if f"status of {response.status}" not in error]
        return self.page


def hostile_world() -> World:
    """An organization whose keys are called what no page may obey."""
    world = small_world()
    keys = world.organization.keys
    named = [replace(key, name=name) for key, name in zip(keys, NAMES, strict=False)]
    world.organization = replace(world.organization, keys=(*named, *keys[len(named) :]))
    return world


def quiet_world() -> World:
    """An organization of few requests."""
    return World(start=date(2026, 8, 1), end=TODAY, seed=3, keys=16, requests_per_key_day=1)


@contextmanager
def served(ledger: Path, config: Path | None = None, access: Access | None = None) -> Iterator[str]:
    """A dashboard in a thread; its address."""
    settings = Settings.load(
        ledger=str(ledger),
        config=str(config) if config else None,
        environment={"TALLYSTICK_NOW": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"},
    )
    server = uvicorn.Server(uvicorn.Config(application(settings, access), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.02)
            assert thread.is_alive()
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard of the hostile world, with an owner and a budget."""
    folder = tmp_path_factory.mktemp("hostile")
    ledger = open_ledger(folder / "ledger", hostile_world(), FIRST).path
    config = folder / "tallystick.toml"
    config.write_text(SETTINGS.format(ledger=ledger), encoding="utf-8")
    with served(ledger, config) as base:
        yield base


@pytest.fixture(scope="session")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard of the quiet world, of which a few days are in the ledger."""
    with served(open_ledger(tmp_path_factory.mktemp("quiet") / "ledger", quiet_world(), QUIET_SINCE).path) as base:
        yield base


@pytest.fixture(scope="session")
def bare(empty: Ledger) -> Iterator[str]:
    """The dashboard of a ledger that has nothing."""
    with served(empty.path) as base:
        yield base


@pytest.fixture(scope="session")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard of no ledger."""
    with served(tmp_path_factory.mktemp("nowhere") / "ledger") as base:
        yield base


@pytest.fixture(scope="session")
def guarded(empty: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard that asks for a token."""
    file = tmp_path_factory.mktemp("guarded") / "tokens.toml"
    file.write_text(new_token("finance", ())[1], encoding="utf-8")
    with served(empty.path, access=Access(Tokens.read(file))) as base:
        yield base


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The system's Chromium, without a window."""
    program = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip("Chromium is not installed; `make test-browser` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def visiting(context: BrowserContext, base: str) -> Iterator[Visit]:
    """A visit in a context, which ends with it."""
    visit = Visit(context.new_page(), base)

    def see(request: Request) -> None:
        if not request.url.startswith((f"{base}/", "data:")):
            visit.strangers.append(request.url)

    context.on("request", see)
    visit.page.on("console", lambda said: visit.errors.append(said.text) if said.type in {"error", "warning"} else None)
    visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
    visit.page.on("dialog", lambda dialog: (visit.errors.append(dialog.message), dialog.dismiss()))
    try:
        yield visit
    finally:
        context.close()


@pytest.fixture
def visit(chromium: Chromium, hostile: str) -> Iterator[Visit]:
    """A visit to the hostile world at 1440 by 900; at its end nothing has gone wrong."""
    with visiting(chromium.new_context(viewport={"width": 1440, "height": 900}), hostile) as visit:
        yield visit
    assert visit.errors == []
    assert visit.strangers == []
