"""The server: a simulator on a local port, by the standard library alone."""

from __future__ import annotations

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self

from tallystick.sim.simulator import Simulator


class Server:
    """A simulator that listens on `url` and lets each answer wait for `latency` seconds, many at a time.

    As a context manager it serves in a thread of its own until the block ends; `run` serves until it is interrupted.
    """

    def __init__(self, simulator: Simulator, host: str, port: int, latency: float) -> None:
        self._http = _Listener((host, port), _handler(simulator, latency))
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.host = host
        self.port = self._http.server_port
        self.url = f"http://{host}:{self.port}"

    def run(self) -> None:
        """Serve until a KeyboardInterrupt, then close."""
        try:
            self._http.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            self._http.server_close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def serve(simulator: Simulator, host: str = "127.0.0.1", port: int = 0, latency: float = 0) -> Server:
    """A server for the simulator, listening already; port 0 takes a free one. OSError where the port is taken.

    `latency` is the seconds that each answer waits, beside those of others; ValueError below zero.
    """
    if latency < 0:
        raise ValueError("no answer comes before it is asked for")
    return Server(simulator, host, port, latency)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # clients that connect at the same moment
    block_on_close = False  # a kept-alive connection would hold the closing up until its client goes

    def handle_error(self, request: object, client_address: object) -> None:
        """Print what went wrong in here; a client that has gone away did not."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typed more narrowly than called


def _handler(simulator: Simulator, latency: float) -> type[BaseHTTPRequestHandler]:
    """A handler that asks the simulator."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _respond(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            headers: dict[str, str] = {}
            for name, value in self.headers.items():  # one that is repeated is a list (reports-api 2.1)
                known = headers.get(name.lower())
                headers[name.lower()] = value if known is None else f"{known}, {value}"
            answer = simulator.answer(self.command, self.path, headers)
            time.sleep(answer.delay + latency)
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: answer.cut])
            self.close_connection = self.close_connection or answer.cut is not None

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815 - http.server looks for these

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is inherited
            """Nothing: the simulator is quiet."""

    return Handler
