"""Two readers of one dashboard at once, one of all teams and one of a team, while the ledger moves."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from support.wire import NOW
from tallystick.settings import Settings
from tallystick.store.tables import Tables
from tallystick.web.access import Access
from tallystick.web.application import application
from tallystick.web.tokens import Tokens

from .conftest import ENVIRONMENT
from .test_access import ADDRESSES, FOREIGN, OWNERS, tokens, without_furniture

__all__ = ["tokens"]

STATE = re.compile(r'data-state="([^"]+)"')
ASKED = [address for address in ADDRESSES if not address.endswith(".json")][::3]
LAZY = {"sec-fetch-mode": "navigate"}


@pytest.mark.long
def test_readers_of_one_dashboard_see_their_own(
    copy: Path, tokens: tuple[Path, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever another asks meanwhile, a page has one version, and a team's page no other team's names."""
    for wait in ("MOVE", "LATE"):
        monkeypatch.setattr(f"tallystick.web.visits.{wait}", 0.5)
    config = tmp_path / "tallystick.toml"
    config.write_text(OWNERS, encoding="utf-8")
    settings = Settings.load(config=str(config), ledger=str(copy), environment=ENVIRONMENT)
    pages: dict[str, list[str]] = {}

    with TestClient(application(settings, Access(Tokens.read(tokens[0]))), base_url="http://127.0.0.1") as client:

        def read(name: str) -> None:
            header = {"authorization": f"Bearer {tokens[1][name]}"}
            asked = [(address, header | more) for address in ASKED for more in (LAZY, {})]
            pages[name] = [client.get(address, headers=headers).text for address, headers in asked]

        with ThreadPoolExecutor(2) as pool:
            readers = [pool.submit(read, name) for name in ("alpha", "finance")]
            while not all(reader.done() for reader in readers):
                with Tables(copy).writing() as writer:
                    writer.commit("o", "names", NOW, {})
                time.sleep(1)
        for reader in readers:
            reader.result()

    states = [STATE.findall(page) for listed in pages.values() for page in listed]
    assert max(map(len, states)) == 1
    assert len({state for found in states for state in found}) > 1
    assert not [page for page in pages["alpha"] if FOREIGN.search(without_furniture(page))]
    assert [page for page in pages["finance"] if FOREIGN.search(without_furniture(page))]
