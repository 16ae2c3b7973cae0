"""A case from the field: a ledger, the commands run on it, and the stand-in for the API."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from support.command import Run, Tallystick

CASES = Path(__file__).parent.parent / "witness" / "cases"
NOW = "2026-11-28T09:30:00Z"
"""The clock of the stand-in where a scenario sets no other."""
KEY = "sk-ant-admin01-test"


@dataclass
class Case:
    """One ledger and the commands that are run on it; `serve` starts the stand-in with a scenario."""

    tallystick: Tallystick
    ledger: Path
    environment: dict[str, str]
    set_variable: Callable[[str, str], None]
    log: list[str]

    def __call__(self, *words: str, now: str = NOW, **environment: str) -> Run:
        """Run a command: its exit code, what it printed and what it said on the error stream."""
        return self.tallystick(*words, **(self.environment | {"TALLYSTICK_NOW": now} | environment))

    @contextmanager
    def serve(self, scenario: str, **variables: str) -> Iterator[Any]:
        """Serve a scenario, a path below `tests/witness/cases`; `variables` are its environment. Yields its world."""
        for name, value in variables.items():
            self.set_variable(name, value)
        for name in ("small", "cc"):
            sys.modules.pop(name, None)
        import stand

        world = stand.World(str(CASES / scenario))
        self.log = world.log
        server = ThreadingHTTPServer(("127.0.0.1", 0), stand.handler(world))
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        self.environment["TALLYSTICK_BASE_URL"] = f"http://127.0.0.1:{server.server_port}"
        try:
            yield world
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
