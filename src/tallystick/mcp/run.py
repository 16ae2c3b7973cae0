"""Run: the server by stdio, or by HTTP on this machine, until it ends."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import uvicorn
from mcp.server.stdio import stdio_server

from tallystick.errors import InvalidQuestion
from tallystick.mcp.http import PATH, application
from tallystick.mcp.server import server
from tallystick.settings import Settings
from tallystick.web.access import Access
from tallystick.web.application import Dashboard
from tallystick.web.readers import Readers
from tallystick.web.tokens import LOCAL, Identity, Tokens

LOOPBACK = "127.0.0.1"


def by_stdio(settings: Settings, teams: Collection[str]) -> None:
    """Answer on the standard input and output until the input ends; of these teams alone, where there are any."""
    owner = Identity("this machine", frozenset(teams)) if teams else LOCAL

    async def run() -> None:
        dashboard = Dashboard(Readers(settings))
        served = server(dashboard, owner)
        try:
            async with stdio_server() as (read, write):
                await served.run(read, write, served.create_initialization_options())
        finally:
            await dashboard.readers.close()

    with suppress(KeyboardInterrupt):
        asyncio.run(run())


def by_http(settings: Settings, port: int, token_file: Path | None, tell: Callable[[str], object]) -> None:
    """Answer on a port of this machine until interrupted, and `tell` its address.

    InvalidQuestion where nothing can listen there, or the token file cannot be.
    """
    access = Access(Tokens.read(token_file) if token_file else None)
    app = application(Dashboard(Readers(settings)), access)
    try:
        listening = socket.create_server((LOOPBACK, port))
    except (OSError, OverflowError) as wrong:
        why = os.strerror(wrong.errno) if isinstance(wrong, OSError) and wrong.errno else wrong
        raise InvalidQuestion(f"Nothing can listen on port {port}: {why}.", "Choose another --port.") from None
    tell(f"http://{LOOPBACK}:{listening.getsockname()[1]}{PATH}")
    config = uvicorn.Config(app, log_level="warning", server_header=False, proxy_headers=False, access_log=False)
    with suppress(KeyboardInterrupt):  # the usual end
        uvicorn.Server(config).run(sockets=[listening])
