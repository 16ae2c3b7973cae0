"""A dashboard over the synced ledger, asked without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from support.full_ledger import copy, full, path
from support.wire import NOW
from tallystick.settings import Settings
from tallystick.web.application import application

__all__ = ["copy", "full", "path"]

ENVIRONMENT = {"TALLYSTICK_NOW": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}


@pytest.fixture
def dashboard(full: Path) -> Iterator[TestClient]:
    """The dashboard of the full ledger, at the noon of its sync."""
    settings = Settings.load(ledger=str(full), environment=ENVIRONMENT)
    with TestClient(application(settings), base_url="http://127.0.0.1") as client:
        yield client
