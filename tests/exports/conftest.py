from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from support.ledgers import OpenLedger
from support.organization import CLOCK
from support.wire import TODAY, Wire, synced
from tallystick.ledger import Ledger
from tallystick.settings import Settings
from tallystick.sim import Discount, World

SINCE = date(2026, 9, 28)
OWNERS = """
[[owner]]
team = "platform"
cost_center = "4711"
workspace = "Production"

[[owner]]
workspace = "default"
shared = {rule = "even", teams = ["search", "ads"]}
"""


def _world(discount: int) -> World:
    return World(
        start=date(2026, 8, 1),
        end=TODAY,
        seed=3,
        keys=16,
        requests_per_key_day=4,
        discount=Discount(discount, date(2026, 10, 15)),
    )


@pytest.fixture(scope="session")
def worlds() -> dict[str, World]:
    """What truly happened, by the dialect that it is read by; the newer one has a discount from mid-October on."""
    return {"reports": _world(0), "analytics": _world(100)}


@pytest.fixture(scope="session")
def ledgers(worlds: dict[str, World], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ledger]:
    """Five weeks with October in them by each dialect; only read."""
    books: dict[str, Ledger] = {}
    folder = tmp_path_factory.mktemp("exports")
    (folder / "tallystick.toml").write_text(OWNERS)
    for source, world in worlds.items():
        synced(folder / source, Wire(world), SINCE, date(2026, 11, 3), source=source)
        settings = Settings.load(ledger=str(folder / source), config=str(folder / "tallystick.toml"))
        books[source] = OpenLedger(folder / source, CLOCK, settings.price_lists(), settings)
    return books


@pytest.fixture(params=["reports", "analytics"])
def source(request: pytest.FixtureRequest) -> str:
    """Each dialect in turn."""
    return str(request.param)


@pytest.fixture
def ledger(ledgers: dict[str, Ledger], source: str) -> Ledger:
    """The ledger of that dialect."""
    return ledgers[source]


@pytest.fixture
def path(ledger: Ledger) -> Path:
    """Where it is."""
    return ledger.path
