"""Crash: an error that nobody foresaw, as one line for the user and a file of details for whoever mends it."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tallystick import __version__
from tallystick.api.credential import masked
from tallystick.folders import state_folder

INTERNAL = 70
"""The exit code of an internal error."""
KEEP = 10
"""Files of details that are left in the state folder."""
_PREFIX = "internal-error-"


def report(error: BaseException) -> str:
    """What to tell the user of an error that nobody foresaw: its kind, and the file that has the details."""
    text = " ".join(masked(str(error)).split())[:200]
    message = f"internal error, {type(error).__name__}{': ' if text else ''}{text}"
    path = _write(_details(error))
    where = f"details for a bug report, without secrets, are in {path}" if path else "its details cannot be written"
    return f"{message}; {where}"


def _details(error: BaseException) -> str:
    lines = [
        f"tallystick {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {' '.join(sys.argv)}",
        "",
        *traceback.format_exception(error),
    ]
    return masked("\n".join(lines))


def _write(details: str) -> Path | None:
    name = f"{_PREFIX}{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    for folder in _folders():
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(details)
            return folder / name
    return None


def _folders() -> Iterator[Path]:
    if folder := state_folder():
        with suppress(OSError):
            for old in sorted(folder.glob(f"{_PREFIX}*"))[: -KEEP + 1]:
                old.unlink()
        yield folder
    with suppress(OSError):
        yield Path(tempfile.gettempdir())
