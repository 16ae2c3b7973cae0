"""Prometheus, where the system has it: `make test-long` installs Debian's package."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
needs_prometheus = pytest.mark.skipif(
    not (PROMETHEUS and PROMTOOL), reason="the system has no prometheus: apt-get install prometheus"
)
PATIENCE = 90.0


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus that scrapes, and its address."""

    url: str

    def ask(self, query: str) -> dict[tuple[str, ...], float]:
        """The values that a query has now, by the values of its labels, in the order of their names."""
        return {
            tuple(value for name, value in sorted(each["metric"].items()) if not _own(name)): float(each["value"][1])
            for each in self._get("query", query=query)["result"]
        }

    def history(self, query: str, since: float) -> dict[float, float]:
        """Each sample of a query with one series, by its instant."""
        window = max(1, int(time.time() - since) + 1)
        result = self._get("query", query=f"{query}[{window}s]")["result"]
        return {instant: float(value) for each in result for instant, value in each["values"]}

    def wait(self, query: str, expected: float) -> None:
        """Return once a query has one value; fail where it never has."""
        until = time.monotonic() + PATIENCE
        while [*self.ask(query).values()] != [expected]:
            assert time.monotonic() < until, (query, expected, self.ask(query))
            time.sleep(0.2)

    def _get(self, kind: str, **parameters: str) -> Any:
        with urlopen(f"{self.url}/api/v1/{kind}?{urlencode(parameters)}") as answer:  # noqa: S310 - on this machine
            return json.load(answer)["data"]


def _own(name: str) -> bool:
    """Whether a label is Prometheus' own."""
    return name in {"__name__", "instance", "job"}


@contextmanager
def scraping(target: str, token: str, folder: Path, rules: Path) -> Iterator[Prometheus]:
    """A Prometheus that scrapes a target each second with a token, by rules."""
    port, config = free_port(), folder / "prometheus.yml"
    secret = folder / "token"
    secret.write_text(token, encoding="utf-8")
    config.write_text(
        f"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{rules}]\n"
        f"scrape_configs:\n- job_name: tallystick\n  authorization: {{credentials_file: {secret}}}\n"
        f"  static_configs: [{{targets: ['{target}']}}]\n",
        encoding="utf-8",
    )
    words = (
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with (folder / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen([PROMETHEUS or "", *words], stdout=log, stderr=log)  # noqa: S603 - Debian's program
        prometheus = Prometheus(f"http://127.0.0.1:{port}")
        try:
            until = time.monotonic() + PATIENCE
            while not _ready(prometheus.url):
                assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")
                assert time.monotonic() < until
                time.sleep(0.1)
            yield prometheus
        finally:
            process.terminate()
            process.wait()


def _ready(url: str) -> bool:
    try:
        with urlopen(f"{url}/-/ready") as answer:  # noqa: S310 - on this machine
            return bool(answer.status == 200)
    except OSError:
        return False
