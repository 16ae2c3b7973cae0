"""A reverse proxy that spoils answers on their way; standard library only, written from HTTP's own rules."""

from __future__ import annotations

import http.client
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from faults.endpoints import NOW, Endpoint, endpoint_of

FAULT_TOKEN = "fault_"
"""Page tokens that a fault made begin so; the proxy leaves them out of what it asks upstream."""
RESET = "reset"
"""A step of a `Wire`: close with RST in the place of FIN."""

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Answer:
    """A complete answer: status, headers (without those of the framing) and body."""

    status: int
    body: bytes
    headers: Headers = (("content-type", "application/json"), ("request-id", "req_proxy"))
    reason: str = ""

    def framed(self, extra: Headers = (), hours: int = 0) -> bytes:
        """Write it out whole, with the length of its body and the time of the world."""
        names = {name.lower() for name, _ in (*self.headers, *extra)}
        standard = (
            ("date", format_datetime(NOW + timedelta(hours=hours), usegmt=True)),
            ("content-length", str(len(self.body))),
        )
        lines = [*self.headers, *extra, *((name, value) for name, value in standard if name not in names)]
        head = f"HTTP/1.1 {self.status} {self.reason}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines)
        return head.encode("latin-1", "replace") + b"\r\n" + self.body

    def header(self, name: str, value: str) -> Answer:
        """Set one header."""
        rest = tuple((header, text) for header, text in self.headers if header.lower() != name)
        return replace(self, headers=(*rest, (name, value)))


@dataclass(frozen=True)
class Wire:
    """What to do on the connection, step by step: send bytes, wait so many seconds, or `RESET`; then it is closed."""

    steps: Sequence[bytes | float | str]


@dataclass
class Request:
    """What was asked: path and query as they came, and how many answers of the endpoint were spoiled before."""

    target: str
    headers: dict[str, str]
    number: int
    notes: dict[str, object] = field(default_factory=dict)
    """What the fault wants to remember from one answer to the next."""

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters, the last of each name."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


Change = Callable[[Answer, Request, Endpoint], Answer | Wire | None]
"""Spoil an answer; None leaves it as it is, and it counts as not spoiled."""


class Proxy:
    """Stands before a server and applies one fault at a time to the answers of one endpoint."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.paths: list[str] = []
        self.spoiled = 0
        self.hours = 0
        self._seen = 0
        self._lock = Lock()
        self._aim: tuple[Endpoint, Change, str] | None = None
        self._notes: dict[str, object] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def arm(self, endpoint: Endpoint, change: Change, when: str = "every") -> None:
        """Spoil answers of the endpoint from now on: `every`, or the Nth alone ("1" is the first)."""
        with self._lock:
            self._aim, self._notes, self.spoiled, self.paths = (endpoint, change, when), {}, 0, []
            self._seen = 0

    def disarm(self) -> None:
        """Pass everything on as it is."""
        with self._lock:
            self._aim = None

    def answer(self, target: str, headers: dict[str, str]) -> Answer | Wire:
        """Ask upstream and spoil the answer where it is aimed at."""
        path, query = urlsplit(target).path, urlsplit(target).query
        pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if not pair[1].startswith(FAULT_TOKEN)]
        plain = self._ask(path + (f"?{urlencode(pairs)}" if pairs else ""), headers)
        with self._lock:
            self.paths.append(target)
            if self._aim is None or endpoint_of(path) is not self._aim[0]:
                return plain
            endpoint, change, when = self._aim
            self._seen += 1
            if when not in ("every", str(self._seen)):
                return plain
            spoiled = change(plain, Request(target, headers, self.spoiled, self._notes), endpoint)
            if spoiled is None:
                self._seen -= 1
                return plain
            self.spoiled += 1
            return spoiled

    def _ask(self, target: str, headers: dict[str, str]) -> Answer:
        address = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=60)
        wanted = {name: value for name, value in headers.items() if name.lower() not in _OWN}
        try:
            connection.request("GET", target, headers={**wanted, "accept-encoding": "identity"})
            answer = connection.getresponse()
            body = answer.read()
            sent = tuple((name.lower(), value) for name, value in answer.getheaders() if name.lower() not in _OWN)
            return Answer(answer.status, body, sent, answer.reason)
        finally:
            connection.close()


_OWN = frozenset(
    ("host", "connection", "accept-encoding", "content-length", "transfer-encoding", "date", "server", "keep-alive")
)
"""Headers that each hop has of its own."""


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 300

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

        def do_GET(self) -> None:
            answer = proxy.answer(self.path, {name.lower(): value for name, value in self.headers.items()})
            try:
                if isinstance(answer, Answer):
                    self.wfile.write(answer.framed(hours=proxy.hours))
                else:
                    self.close_connection = True
                    self._play(answer)
            except OSError:  # the client has gone, as it may
                self.close_connection = True

        def _play(self, wire: Wire) -> None:
            for step in wire.steps:
                if isinstance(step, bytes):
                    self.wfile.write(step)
                elif isinstance(step, str):
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.close()
                    return
                else:
                    _real_sleep(step)

    return Handler


_real_sleep = time.sleep
