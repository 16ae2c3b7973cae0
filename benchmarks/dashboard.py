"""A dashboard in a process of its own, and readers that ask it without a pause."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import httpx2
from canned import NOW, text

FIRST = {"sec-fetch-mode": "navigate"}
"""What a browser says that goes to a page: it is shown what is ready, and asks for the rest by itself."""
_STATE = re.compile(r'data-state="([^"]+)"')
_TERMINATION = 20
"""Seconds that a dashboard may take to end; a sync that it runs commits what it has read."""


def environment(folder: str, config: str, url: str = "") -> dict[str, str]:
    """What a process of the command line is told; with a `url`, where the API is."""
    ledger = {"TALLYSTICK_LEDGER": folder, "TALLYSTICK_CONFIG": config, "TALLYSTICK_NOW": text(NOW), "HOME": folder}
    api = {"TALLYSTICK_BASE_URL": url, "ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-simulated"} if url else {}
    return {"PATH": os.environ["PATH"], **ledger, **api}


@dataclass(frozen=True)
class Dashboard:
    """Where a dashboard is, its process, and when its command was given."""

    url: str
    process: int
    begun: float

    def processor(self) -> float:
        """Seconds of processor time that its process has taken."""
        _, _, words = Path(f"/proc/{self.process}/stat").read_text().rpartition(") ")
        return sum(map(int, words.split()[11:13])) / os.sysconf("SC_CLK_TCK")

    def client(self) -> httpx2.Client:
        """A connection to it."""
        return httpx2.Client(base_url=self.url, timeout=120)


@contextmanager
def dashboard(folder: str, config: str, url: str = "", *options: str) -> Iterator[Dashboard]:
    """Begin a dashboard of a ledger, ready to be asked."""
    command, begun = [sys.executable, "-m", "tallystick", "serve", "--port", "0", *options], time.perf_counter()
    told = environment(folder, config, url)
    with subprocess.Popen(command, env=told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            made = Dashboard(process.stdout.readline().split()[0], process.pid, begun)
            while httpx2.get(f"{made.url}/healthz", timeout=60).status_code != httpx2.codes.OK:
                time.sleep(0.05)
            yield made
        finally:
            process.terminate()
            process.wait(_TERMINATION)


def asked(client: httpx2.Client, address: str) -> tuple[float, str]:
    """Seconds until an answer was whole, and its text; it must be without errors, and of one version."""
    begun = time.perf_counter()
    response = client.get(address, headers=FIRST if address == "/" else {})
    seconds = time.perf_counter() - begun
    assert response.status_code == httpx2.codes.OK, (address, response.status_code)
    assert len({*_STATE.findall(response.text)}) == 1, address
    assert 'class="error"' not in response.text, address
    return seconds, response.text


@dataclass
class Readers:
    """What readers waited for each answer in seconds, and the states of the ledger that they saw."""

    waits: list[float] = field(default_factory=list)
    states: set[str] = field(default_factory=set)

    @property
    def late(self) -> float:
        """The wait that one answer of twenty exceeds."""
        return quantiles(self.waits, n=20)[-1]


def read(
    url: str, addresses: Sequence[str], readers: int, goes_on: Callable[[float], bool], before: Readers | None = None
) -> Readers:
    """Let so many readers ask one address after the other, while it `goes_on` after so many seconds.

    What they wait is added to that of `before`, if there are some.
    """
    begun, result = time.perf_counter(), before or Readers()

    def one(number: int) -> None:
        with httpx2.Client(base_url=url, timeout=120) as client:
            while goes_on(time.perf_counter() - begun):
                seconds, page = asked(client, addresses[(number + len(result.waits)) % len(addresses)])
                result.waits.append(seconds)
                result.states |= {*_STATE.findall(page)}

    with ThreadPoolExecutor(readers) as pool:
        for reader in [pool.submit(one, number) for number in range(readers)]:
            reader.result()
    return result
