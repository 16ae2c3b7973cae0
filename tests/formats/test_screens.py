"""Screens: every report of the catalog as a terminal of 80 columns shows it; `make golden` writes them anew."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from rich.cells import cell_len

from support.ledgers import OpenLedger, client_of, open_ledger
from support.organization import CLOCK, FIRST, TODAY
from tallystick import Ledger
from tallystick.catalog import CATALOG, Entry
from tallystick.core.document import Answer
from tallystick.formats.text import as_text
from tallystick.settings import Settings
from tallystick.sim import Simulator, World

SCREENS = Path(__file__).parent.parent / "screens"
SETTINGS = """
[[owner]]
team = "docs"
cost_center = "4711"
key = ["docs-*"]
[[owner]]
team = "platform"
workspace = "Production"
[[budget]]
name = "all of it"
amount = "60"
[[budget]]
name = "docs"
amount = "2"
team = "docs"
"""
SQL = """
SELECT day, team, kind, count(*) AS n, sum(billed) AS billed FROM owned WHERE day = '2026-11-20'
GROUP BY ALL ORDER BY ALL
"""
GIVEN = {
    "anomaly": {"finding": "fc2f4c72"},
    "chargeback": {"month": "mtd"},
    "diff": {"month": "2026-11"},
    "profile": {"dimension": "team", "value": "docs"},
    "roster": {"dimension": "key"},
    "sql": {"query": SQL},
    "summary": {"month": "2026-11"},
    "variance": {"month": "mtd"},
    "whatif": {"geo": "us"},
}
"""What a report is asked with."""
WORLDS = ("everyday", "hostile")
Ask = tuple[str, Ledger, Simulator]


def everyday_world() -> World:
    """An organization of sixteen keys with everyday names."""
    return World(start=FIRST.replace(month=8), end=TODAY, keys=16, requests_per_key_day=6)


@pytest.fixture(scope="session", params=WORLDS)
def screens(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """A small ledger of everyday names and one of hostile names, with owners and budgets, and what it was read from."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "everyday":
        world = everyday_world()
        path = open_ledger(folder / "ledger", world, FIRST).path
    else:
        world = request.getfixturevalue("golden_world")
        path = request.getfixturevalue("book").path
    (folder / "tallystick.toml").write_text(SETTINGS, encoding="utf-8")
    settings = Settings.load(config=str(folder / "tallystick.toml"), ledger=str(path), environment={})
    return request.param, OpenLedger(path, CLOCK, settings.price_lists(), settings), Simulator(world, clock=CLOCK.now)


@cache
def answer(screens: Ask, report: str) -> Answer:
    """The answer of a report, asked once."""
    _, book, simulator = screens
    with client_of(simulator) as client:
        return book.ask(report, client=client, **GIVEN.get(report, {}))


@pytest.mark.long
@pytest.mark.parametrize("listed", CATALOG, ids=lambda listed: listed.name)
def test_a_screen_is_as_agreed(listed: Entry, screens: Ask, pytestconfig: pytest.Config) -> None:
    """A report at 80 columns is, letter for letter, the one that somebody has read, and no line is wider."""
    text = as_text(answer(screens, listed.name), 80, notes=2)
    path = SCREENS / screens[0] / f"{listed.name}.txt"
    if pytestconfig.getoption("regenerate"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), "run `make golden`, and read what it wrote"
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.long
@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("listed", CATALOG, ids=lambda listed: listed.name)
def test_no_line_is_wider_than_the_terminal(listed: Entry, width: int, screens: Ask) -> None:
    """Whatever is asked and however things are called, a line fits the terminal."""
    lines = as_text(answer(screens, listed.name), width).splitlines()
    assert [line for line in lines if cell_len(line) > width] == []


def test_no_screen_is_left_over() -> None:
    """Every file of screens belongs to a report."""
    expected = {f"{world}/{listed.name}.txt" for world in WORLDS for listed in CATALOG}
    assert {f"{path.parent.name}/{path.name}" for path in SCREENS.glob("*/*")} == expected
