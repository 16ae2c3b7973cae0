from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from support.scripted_api import KEY, Administer, Connect, FakeClock, Reply, Server
from tallystick import AdminAPI
from tallystick.api.client import Client
from tallystick.api.credential import Credential


@pytest.fixture(autouse=True)
def bare_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings but a test's own: an empty folder, an environment without ours, Anthropic's or a proxy's names."""
    import os

    for name in list(os.environ):
        if name.upper().startswith(("ANTHROPIC_", "TALLYSTICK_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def clock() -> FakeClock:
    """A fake clock, at `NOW`."""
    return FakeClock()


@pytest.fixture
def connect(clock: FakeClock) -> Iterator[Connect]:
    """A factory of clients on the fake clock; each is closed after the test."""
    clients: list[Client] = []

    def factory(*replies: Reply, credential: Credential | None = None, **options: Any) -> tuple[Client, Server]:
        server = Server(*replies)
        options = {"clock": clock, "transport": httpx2.MockTransport(server), **options}
        clients.append(Client(credential or Credential(KEY, source="the test"), **options))
        return clients[-1], server

    yield factory
    for client in clients:
        client.close()


@pytest.fixture
def administer(clock: FakeClock) -> Iterator[Administer]:
    """A factory of AdminAPIs on the fake clock; each is closed after the test."""
    apis: list[AdminAPI] = []

    def factory(*replies: Reply, **options: Any) -> tuple[AdminAPI, Server]:
        server = Server(*replies)
        options = {"credential": KEY, "clock": clock, "transport": httpx2.MockTransport(server), **options}
        apis.append(AdminAPI(**options))
        return apis[-1], server

    yield factory
    for api in apis:
        api.client.close()
