"""Live: the page of the sync that runs beside the pages, and the stream of how far it is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response, StreamingResponse

if TYPE_CHECKING:
    from starlette.requests import Request

    from tallystick.web.application import Dashboard
    from tallystick.web.refresh import Refresh


class Live:
    """The sync of a dashboard, for readers of all of the ledger."""

    def __init__(self, dashboard: Dashboard, refresh: Refresh) -> None:
        self._dashboard = dashboard
        self._refresh = refresh

    async def page(self, request: Request) -> Response:
        """Answer the page of the sync; a form of it begins one."""
        _whole(request)
        if request.method == "POST":
            self._refresh.ask()
            return RedirectResponse("/sync", 303)
        visit = self._dashboard.readers.visit()
        return self._dashboard.html(
            request, "sync.html", visit, title="Sync", state=self._refresh.state, every=self._refresh.every
        )

    async def progress(self, request: Request) -> Response:
        """Answer how far the sync is, each time that it moves (server-sent events)."""
        _whole(request)

        async def events() -> AsyncIterator[str]:
            async for state in self._refresh.listen():
                yield f"data: {json.dumps(state.written())}\n\n" if state else ": still here\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")


def _whole(request: Request) -> None:
    """Raise HTTPException where the reader may see a part of the ledger alone."""
    if not request.state.identity.sees_all:
        raise HTTPException(403)
