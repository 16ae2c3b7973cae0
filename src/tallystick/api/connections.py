"""The connections to the API: one is lent to each request that is out, and kept alive for the next."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from tallystick.api.connection import Connection
from tallystick.api.network import Network


class Connections:
    """Lends connections to one address to threads. `transport` is the seam for tests: any `httpx2.BaseTransport`."""

    def __init__(self, base_url: str, network: Network, transport: httpx2.BaseTransport | None) -> None:
        real = transport is None
        proxy = network.proxy(base_url) if real else None
        self.way = proxy.way if proxy else ""
        """How the API is reached, where it is not directly: for messages."""
        self._base_url, self._proxy, self._transport = base_url, proxy, transport
        self._certificates = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if real and base_url.startswith("https"):  # once for all: it takes longer than a request
            trusted = network.certificates()
            self._certificates = trusted if isinstance(trusted, ssl.SSLContext) else httpx2.create_ssl_context()
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._lent: set[Connection] = set()
        self._closed = False

    @contextmanager
    def lent(self) -> Iterator[Connection]:
        """Lend a connection for one request, the one last used first."""
        with self._lock:
            if self._closed:
                raise RuntimeError("The client is closed.")
            connection = self._idle.pop() if self._idle else self._new()
            self._lent.add(connection)
        try:
            yield connection
        finally:
            with self._lock:
                self._lent.remove(connection)
                if not self._closed:
                    self._idle.append(connection)
            if self._closed:
                connection.close()

    def _new(self) -> Connection:
        return Connection(self._base_url, self._proxy, self._certificates, self._transport)

    def end(self) -> None:
        """End what is out now: its answers break off."""
        with self._lock:
            lent = [*self._lent]
        for connection in lent:
            connection.end()

    def close(self) -> None:
        """Close those that are not lent."""
        with self._lock:
            idle, self._idle, self._closed = self._idle, [], True
        for connection in idle:
            connection.close()
