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
WHOLE = "whole"
"""What an address says of which the page waits for all: of a browser without scripts."""


def impatient(request: Request) -> bool:
    """Whether a page is shown before it is whole: a browser goes to it, which asks for the rest by itself."""
    headers = request.headers
    goes = headers.get("sec-fetch-mode") == "navigate" or headers.get("hx-boosted") == "true"
    return goes and WHOLE not in request.query_params


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
