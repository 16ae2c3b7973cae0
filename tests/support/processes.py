"""Real processes of the command line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from support.wire import KEY, NOW


def _environment(ledger: Path, url: str, now: datetime = NOW) -> dict[str, str]:
    """All that a process of the command line needs to know, at the pinned present."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("TALLYSTICK", "ANTHROPIC"))}
    return others | {
        "ANTHROPIC_ADMIN_KEY": KEY,
        "TALLYSTICK_BASE_URL": url,
        "TALLYSTICK_LEDGER": str(ledger),
        "TALLYSTICK_NOW": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }


def child(*words: str, ledger: Path, url: str, **options: Any) -> subprocess.Popen[str]:
    """A real process of the command line, told all it needs by its environment."""
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "tallystick", *words],
        env=_environment(ledger, url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@contextmanager
def dashboard(ledger: Path, url: str, *words: str) -> Iterator[str]:
    """A dashboard of the ledger, of its own process, with further words of its command; its address."""
    process = child("serve", "--port", "0", *words, ledger=ledger, url=url)
    try:
        assert process.stdout
        address = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert address
        yield address[0]
    finally:
        process.terminate()
        process.communicate(timeout=60)


_FORKS = """
import json, os, sys
import pyarrow.dataset, tallystick.ledger, tallystick.api.client, tallystick.sync.run
from tallystick.cli import main
for line in sys.stdin:
    words, environment = json.loads(line)
    if not (pid := os.fork()):
        os.environ |= environment
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.argv = ["tallystick", *words]
        main()
        sys.exit()
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Forks:
    """Processes of the command line, one at a time, forked from one that has done nothing yet but the imports."""

    def __init__(self) -> None:
        self._parent = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", _FORKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, *words: str, ledger: Path, url: str, now: datetime = NOW) -> int:
        """Start one, told all it needs by its environment; its id."""
        assert self._parent.stdin
        self._parent.stdin.write(json.dumps([words, _environment(ledger, url, now)]) + "\n")
        self._parent.stdin.flush()
        return self._number()

    def kill(self, process: int) -> int:
        """Shoot the one that was started, if it still runs; its exit code, or less the number of what ended it."""
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        return self._number()

    def end(self) -> int:
        """Wait for the one that was started; its exit code, or less the number of what ended it."""
        return self._number()

    def close(self) -> None:
        """Let the parent end."""
        self._parent.communicate()

    def _number(self) -> int:
        assert self._parent.stdout
        return int(self._parent.stdout.readline())
