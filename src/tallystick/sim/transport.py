"""The transport: a simulated organization in the place of the network, for tests of your own scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tallystick.sim.simulator import Simulator
from tallystick.sim.world.world import ANCHOR, World

if TYPE_CHECKING:
    import httpx2

KEY = "sk-ant-admin01-simulated"
"""The Admin key that it takes."""
DAYS = 90
"""Days before the anchor day on which the organization opens."""


def transport(
    world: World | None = None, *, clock: Callable[[], datetime] | None = None, faults: tuple[str, ...] = ()
) -> httpx2.BaseTransport:
    """Return a transport that answers as the Admin API would, without a socket, for `AdminAPI(KEY, transport=...)`.

    `world` is the organization, by default a small one; `clock` its present, by default the real one; `faults` what
    goes wrong (`tallystick sim serve --faults` lists them).
    """
    import httpx2

    small = world or World(start=ANCHOR - timedelta(days=DAYS), keys=16, requests_per_key_day=10)
    simulator = Simulator(small, clock=clock or (lambda: datetime.now(UTC)), faults=faults)

    def handle(request: httpx2.Request) -> httpx2.Response:
        answer = simulator.answer(request.method, request.url.raw_path.decode(), request.headers)
        return httpx2.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    return httpx2.MockTransport(handle)
