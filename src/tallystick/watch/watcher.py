"""Watcher: the process that looks and sends, named so that another one can tell whether it still lives."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

PROC = Path("/proc")


def watcher() -> str:
    """Return the name of this process: where it runs, its number, and when it started where the system says so."""
    return f"{_home()} {os.getpid()} {_started(os.getpid())}"


def is_dead(author: str) -> bool:
    """Return whether a watcher is known to be dead; what runs on another machine, or in a container, never is."""
    home, _, process = author.rpartition(" ")[0].partition(" ")
    if home != _home() or not process.isdecimal() or os.name == "nt":
        return False
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:  # it is another user's
        return False
    return _started(int(process)) != author.rpartition(" ")[2]  # another process has its number now


def _home() -> str:
    """Where the numbers of processes are this one's: its machine since it started, and its container.

    By its name alone, containers of one name would take each other's watchers for dead.
    """
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_bytes()
        numbers = str((PROC / "self/ns/pid").readlink())
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()}-{hashlib.sha256(boot + numbers.encode()).hexdigest()[:12]}"


def _started(process: int) -> str:
    """When a process started, in ticks since its machine did; `-` where the system does not say."""
    try:
        return (PROC / str(process) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "-"
