"""Ledgers of the small organization: the simulator answers through the transport, the clock is pinned."""

from __future__ import annotations

import functools
from datetime import date
from pathlib import Path

from support.organization import CLOCK
from support.wire import KEY, transport
from tallystick import Ledger
from tallystick.api.client import Client
from tallystick.api.credential import Credential
from tallystick.sim import Simulator, World
from tallystick.store.engine import Engine


def client_of(simulator: Simulator, key: str = KEY) -> Client:
    """A client that asks the simulator without a socket."""
    return Client(Credential(key), clock=CLOCK, transport=transport(simulator))


class OpenLedger(Ledger):
    """A ledger that is only read from now on and stays open between questions, so that many are quick."""

    @functools.cached_property
    def _opened(self) -> Engine:
        return super().engine()

    def engine(self) -> Engine:
        """The version that was the newest at the first question."""
        return self._opened


def open_ledger(path: Path, world: World, since: date, grain: str = "day") -> Ledger:
    """The ledger at `path`, after a sync of the world by the older reports."""
    book = Ledger(path, CLOCK)
    with client_of(Simulator(world, clock=CLOCK.now)) as client:
        book.sync(f"{since}", grain=grain, source="reports", client=client)
    return OpenLedger(path, CLOCK)
