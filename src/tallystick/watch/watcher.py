"""Watcher: the process that looks and sends, named so that another one can tell whether it still lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path

PROC = Path("/proc")


def watcher() -> str:
    """Return the name of this process: its machine, its number, and when it started where the system says so."""
    return f"{socket.gethostname()} {os.getpid()} {_started(os.getpid())}"


def is_dead(author: str) -> bool:
    """Return whether a watcher is known to be dead; what runs on another machine never is."""
    host, _, rest = author.rpartition(" ")[0].partition(" ")
    if host != socket.gethostname() or not rest.isdecimal() or os.name == "nt":
        return False
    try:
        os.kill(int(rest), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:  # it is another user's
        return False
    return _started(int(rest)) != author.rpartition(" ")[2]  # another process has its number now


def _started(process: int) -> str:
    """When a process started, in ticks since its machine did; `-` where the system does not say."""
    try:
        return (PROC / str(process) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "-"
