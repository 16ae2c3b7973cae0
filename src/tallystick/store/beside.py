"""Beside: a folder is built under another name and gets its own at the end, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copymode, rmtree

from tallystick.store import faults, lock
from tallystick.store.disk import fsync


@contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """A new folder that becomes `folder` once this ends without an error; `folder` is empty or not there.

    What a dead process left of an earlier one is deleted. LedgerError where another builds it now.
    """
    folder = folder.resolve()  # also of `.` and of a link
    part = folder.with_name(f".{folder.name}.part")
    with faults.writing(folder):
        if part.exists():
            with lock.turn(part, None, patience=0):
                pass
            rmtree(part)
        part.mkdir(parents=True, mode=0o700)
        if folder.exists():
            copymode(folder, part)
            with suppress(OSError, AttributeError):
                os.chown(part, -1, folder.stat().st_gid)
    yield part
    with faults.writing(folder):
        fsync(part)
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
        fsync(folder.parent)
