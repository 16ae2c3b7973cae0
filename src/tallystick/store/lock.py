"""Lock: writers take turns; one that waits is told for whom, at once and again and again."""

from __future__ import annotations

import os
import re
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tallystick.core.text import safe
from tallystick.errors import LedgerError

PATIENCE = 600.0
"""Seconds a writer waits for another to finish."""
REMINDER = 30.0
"""Seconds after which a writer that still waits says so again."""
_HOLDER = re.compile(r"process (\d{1,9}) on (\S+)")


@contextmanager
def turn(
    root: Path,
    waiting: Callable[[str], None] | None,
    patience: float = PATIENCE,
    reminder: float = REMINDER,
    name: str = "",
) -> Iterator[None]:
    """Hold the ledger's lock; LedgerError naming the holder where another writer stays longer than `patience`.

    `waiting` is told who writes, at once and every `reminder` seconds.
    """
    from filelock import FileLock, Timeout

    shared = root.stat().st_mode & stat.S_ISGID  # with a group, whose writers wait for each other
    lock, holder = FileLock(root / "writer.lock", mode=0o660 if shared else 0o600), root / "writer.json"
    end, remaining = time.monotonic() + patience, 0.0
    while True:
        try:
            lock.acquire(timeout=remaining)
            break
        except Timeout:
            if remaining and time.monotonic() >= end:
                raise LedgerError(
                    f"The ledger {name or root} is being written by {_holder(holder)}.",
                    f"It waited {patience:.0f} seconds. Wait for the other to finish, or stop it.",
                ) from None
            if waiting:
                waiting(_holder(holder))
            remaining = max(0.001, min(reminder, end - time.monotonic()))
    try:
        holder.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def is_of_the_dead(root: Path) -> bool:
    """Whether the lock of a ledger names a process of this machine that has died."""
    with suppress(OSError, UnicodeError):
        match = _HOLDER.fullmatch((root / "writer.json").read_text(encoding="utf-8"))
        return match is not None and match[2] == socket.gethostname() and not _lives(int(match[1]))
    return False


def _holder(path: Path) -> str:
    """Who writes, as far as that is known: a process of this machine that has died left its name behind."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return "another process"
    match = _HOLDER.fullmatch(text)
    if match is None or (match[2] == socket.gethostname() and not _lives(int(match[1]))):
        return "another process"
    return safe(text)


def _lives(process: int) -> bool:
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True
