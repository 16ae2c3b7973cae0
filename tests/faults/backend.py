"""What stands behind the proxy: the stand-in of a third hand, or the simulator in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from faults.endpoints import NOW

CASES = Path(__file__).parent.parent / "witness" / "cases"
SCENARIO = CASES / "60-faults" / "scenario.py"
KEYS = {
    "stand": "sk-ant-admin01-fault-matrix",
    "sim": "sk-ant-admin01-simulated",
    "enterprise": "sk-ant-api01-limits-simulated",
}
"""The credential of each backend; it may come out nowhere."""


@contextmanager
def stand_in() -> Iterator[str]:
    """Serve the scenario of the matrix; yields its address."""
    if str(CASES) not in sys.path:
        sys.path.insert(0, str(CASES))
    for name in ("small", "cc"):  # scenarios share them, and a test may have read another
        sys.modules.pop(name, None)
    import stand

    server = ThreadingHTTPServer(("127.0.0.1", 0), stand.handler(stand.World(str(SCENARIO))))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def simulator(*words: str) -> Iterator[str]:
    """Serve a small simulated organization by the command; yields its address."""
    command = [sys.executable, "-m", "tallystick", "sim", "serve", "--port", "0", "--keys", "16", "--days", "90"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--now", f"{NOW:%Y-%m-%dT%H:%M:%SZ}", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if match := re.search(r"http://127\.0\.0\.1:\d+", line):
                Thread(target=process.stdout.read, daemon=True).start()
                yield match[0]
                return
        raise RuntimeError("the simulator did not start")
    finally:
        process.kill()
        process.wait()


@contextmanager
def backend(name: str) -> Iterator[str]:
    """Serve one of `KEYS`; yields its address."""
    words = ("--enterprise",) if name == "enterprise" else ()
    with stand_in() if name == "stand" else simulator(*words) as address:
        yield address
