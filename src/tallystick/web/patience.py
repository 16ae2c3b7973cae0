"""Patience: a browser is shown the panels that are there at once, and asks for the page again while others are made."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from starlette.requests import Request

from tallystick.web.page import Panel
from tallystick.web.panels import Shown

FIRST = 0.15
"""Seconds that the first page waits for its panels."""
NEXT = 0.5
"""Seconds that a further one waits, by which a browser asks for what was late; each after it waits twice as long."""
LAST = 5
"""The further one after which none waits longer."""
WHOLE, MORE = "whole", "more"
"""What an address says of which the page waits for all: of a browser without scripts; and which further one it is."""


def patience(request: Request) -> float | None:
    """Return how many seconds a page waits for its panels; None where it waits for all.

    A browser that goes to a page asks for the rest by itself.
    """
    if WHOLE in request.query_params:
        return None
    if further := _further(request):
        return NEXT * 2.0 ** (further - 1)
    goes = request.headers.get("sec-fetch-mode") == "navigate" or request.headers.get("hx-boosted") == "true"
    return FIRST if goes else None


def rest(request: Request) -> str:
    """Return the address by which a browser asks for what is late."""
    url = request.url.include_query_params(**{MORE: min(_further(request) + 1, LAST)})
    return f"{url.path}?{url.query}"


def _further(request: Request) -> int:
    """Which further page of a first one a request is; 0 for a first one."""
    text = request.query_params.get(MORE, "")
    return int(text) if text in map(str, range(1, LAST + 1)) else 0


async def shown(
    panels: Sequence[Panel], parts: Sequence[Coroutine[Any, Any, Shown]], seconds: float | None, first: int = 0
) -> list[Shown]:
    """Return each panel as it is shown, or as one that is late where it took more seconds.

    All are waited for without `seconds`, and the `first` so many in any case. Raises what one of them raises.
    """
    tasks = [asyncio.ensure_future(part) for part in parts]
    for task in tasks:  # nobody waits for what is late
        task.add_done_callback(lambda late: late.cancelled() or late.exception())
    if seconds is None:
        return [*await asyncio.gather(*tasks)]
    await asyncio.gather(*tasks[:first])
    if tasks:
        await asyncio.wait(tasks, timeout=seconds)
    return [
        task.result() if task.done() else Shown(panel, late=True) for panel, task in zip(panels, tasks, strict=True)
    ]
