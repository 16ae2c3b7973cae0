"""The small organization with rules of who owns what."""

from __future__ import annotations

import pytest

from support.ledgers import OpenLedger
from support.organization import CLOCK
from tallystick import Ledger
from tallystick.settings import Settings

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


@pytest.fixture(scope="module")
def owned(book: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """The small organization's ledger with rules of who owns what."""
    path = tmp_path_factory.mktemp("owned") / "tallystick.toml"
    path.write_text(RULES, encoding="utf-8")
    settings = Settings.load(config=str(path), ledger=str(book.path), environment={})
    return OpenLedger(settings.ledger, CLOCK, settings.price_lists(), settings)
