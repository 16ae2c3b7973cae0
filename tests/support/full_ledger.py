"""The fixtures of a ledger that is synced once and copied to be written to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from filelock import FileLock

from support.wire import Wire, small, synced
from tallystick.sim import World


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger can be made."""
    return tmp_path / "ledger"


@cache
def _truth() -> World:
    return small(requests=8)


@pytest.fixture(scope="session")
def truth() -> World:
    """The world of the synced ledger, which nobody changes."""
    return _truth()


SINCE = date(2026, 10, 1)
HOURS_SINCE = date(2026, 11, 9)


def shared(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that is made once in a run of the tests, by whichever worker first needs it; only to be read."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        if not folder.with_suffix(".made").exists():
            make(folder)
            folder.with_suffix(".made").touch()
    return folder


def _full(path: Path) -> None:
    wire = Wire(_truth())
    synced(path, wire, SINCE)
    synced(path, wire, HOURS_SINCE, grain="hour")


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger synced at noon from that world by day, its last fortnight by hour too; only to be read."""
    return shared(tmp_path_factory, "full", _full)


@pytest.fixture
def copy(full: Path, path: Path) -> Path:
    """A copy of the synced ledger, to be written to."""
    shutil.copytree(full, path)
    return path
