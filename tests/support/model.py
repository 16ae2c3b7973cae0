"""A model's side of the protocol: the official client, over each transport."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import mcp_types as types
import uvicorn
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tallystick.mcp.http import PATH, application
from tallystick.mcp.server import server
from tallystick.settings import Settings
from tallystick.web.access import Access
from tallystick.web.application import Dashboard
from tallystick.web.readers import Readers

T = TypeVar("T")
Work = Callable[[Client], Awaitable[T]]
Asked = Callable[[str, dict[str, Any]], types.CallToolResult]


def in_process(settings: Settings, work: Work[T]) -> T:
    """What work gives with a client of a server in this process."""

    async def run() -> T:
        dashboard = Dashboard(Readers(settings))
        try:
            async with Client(server(dashboard)) as client:
                return await work(client)
        finally:
            await dashboard.readers.close()

    return asyncio.run(run())


def by_stdio(ledger: Path, now: str, work: Work[T], *options: str) -> T:
    """What work gives with a client of `tallystick mcp`, a process of its own."""
    named = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "PYTHONPATH"}}
    words = ["-m", "tallystick", "mcp", "--ledger", str(ledger), *options]
    process = StdioServerParameters(command=sys.executable, args=words, env=named | {"TALLYSTICK_NOW": now})

    async def run() -> T:
        async with Client(process) as client:
            return await work(client)

    return asyncio.run(run())


@contextmanager
def served(settings: Settings, access: Access | None = None) -> Iterator[str]:
    """A server by HTTP in a thread; its address."""
    app = application(Dashboard(Readers(settings)), access or Access())
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        while not running.started:
            thread.join(0.02)
            assert thread.is_alive()
        yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}{PATH}"
    finally:
        running.should_exit = True
        thread.join()


def by_http(url: str, work: Work[T], token: str = "") -> T:
    """What work gives with a client of an address."""
    headers = {"authorization": f"Bearer {token}"} if token else {}

    async def run() -> T:
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            return await work(client)

    return asyncio.run(run())
