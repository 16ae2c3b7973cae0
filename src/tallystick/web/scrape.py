"""Scrape: the metrics of the state that readers are shown, made once for it, as a scraper accepts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response

from tallystick.errors import LedgerError
from tallystick.web.gate import LOG

if TYPE_CHECKING:
    from starlette.requests import Request

    from tallystick.web.readers import Readers

PATH = "/metrics"


class Scrape:
    """The metrics of a ledger, for readers of all of it."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def answer(self, request: Request) -> Response:
        """Answer a scrape with the snapshot of the state that is shown; 503 where there is none."""
        if not request.state.identity.sees_all:
            return PlainTextResponse("Metrics are of the whole ledger. Ask for a token of the whole ledger.\n", 403)
        from tallystick.metrics.exposition import exposition
        from tallystick.metrics.snapshot import Snapshot

        try:
            visit = self._readers.visit()
            if visit.version is None:
                return PlainTextResponse("no ledger\n", 503)
            snapshot = await self._readers.ask(visit, PATH, Snapshot.of)
        except LedgerError as wrong:
            LOG.error("%s", wrong)
            return PlainTextResponse("The ledger cannot be read; the server's log says why.\n", 503)
        text, content_type = exposition(snapshot, request.headers.get("accept", ""))
        return Response(text, media_type=content_type)
