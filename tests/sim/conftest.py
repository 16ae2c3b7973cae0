from __future__ import annotations

from datetime import date

import pytest

from support.simulator_api import Api, api_of
from tallystick.sim import World


@pytest.fixture(scope="session")
def world() -> World:
    """A small world that nobody changes."""
    return World(start=date(2026, 8, 1), end=date(2026, 11, 22), requests_per_key_day=25)


@pytest.fixture(scope="session")
def api(world: World) -> Api:
    """That world, as the contract has it."""
    return api_of(world)
