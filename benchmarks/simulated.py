"""Simulated organization in a process of its own: each answer is made once and then given again, after a latency.

    python benchmarks/simulated.py [--latency 0.15] [--now 2026-11-22T12:00:00Z] [--keys 24] [--requests 80]

prints the port that it listens on. A measured sync thus waits for no simulator, and each run gets the same bytes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from canned import NOW, text

START = date(2025, 10, 15)
"""The first day of the organization: none can be simulated from before."""


@contextmanager
def served(*, latency: float = 0, now: datetime = NOW, keys: int = 24, requests: int = 80) -> Iterator[str]:
    """The address of such a server, which ends with the block."""
    shape = ["--latency", str(latency), "--now", text(now), "--keys", str(keys), "--requests", str(requests)]
    with subprocess.Popen([sys.executable, __file__, *shape], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.terminate()


def main() -> None:
    """Serve until terminated.

    `/latency/SECONDS` sets the latency, `/now/INSTANT` the present, `/truth/FIRST/LAST` gives the dollars billed.
    """
    from tallystick.sim import Simulator, World

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0)
    parser.add_argument("--now", default=text(NOW))
    parser.add_argument("--keys", type=int, default=24)
    parser.add_argument("--requests", type=int, default=80)
    arguments = parser.parse_args()
    present = [datetime.fromisoformat(arguments.now)]
    world = World(start=START, keys=arguments.keys, requests_per_key_day=arguments.requests)
    simulator, answers = Simulator(world, clock=lambda: present[0]), dict[str, tuple[int, dict[str, str], bytes]]()
    latency = [arguments.latency]

    def own(path: str) -> bytes | None:
        """The answer to what is asked of this server rather than of the simulator."""
        match path.split("/"):
            case ["", "latency", seconds]:
                latency[0] = float(seconds)
                return b"{}"
            case ["", "now", instant]:
                present[0] = datetime.fromisoformat(instant)
                answers.clear()
                return b"{}"
            case ["", "truth", first, last]:
                days = range(date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal() + 1)
                return json.dumps(str(sum(world.billed(date.fromordinal(day)) for day in days))).encode()
        return None

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            if (body := own(self.path)) is not None:
                answer: tuple[int, dict[str, str], bytes] = (200, {}, body)
            else:
                asked_at = time.monotonic()
                if self.path not in answers:
                    first = simulator.answer("GET", self.path, dict(self.headers.items()))
                    answers[self.path] = (first.status, dict(first.headers), first.body)
                answer = answers[self.path]
                time.sleep(max(0.0, latency[0] - (time.monotonic() - asked_at)))
            status, headers, body = answer
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
