"""Disk: files that outlast a power cut, and who may read them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, get_ident

Fsync = Callable[[Path], None]
"""Makes the content of a file, or the names in a folder, outlast a power cut."""
LOG = "_delta_log"
"""The folder of a table that has the log of it."""
_AT_ONCE = 8
"""Files that are synced at once: a journal takes several in one turn."""


def fsync(path: Path) -> None:
    """Ask the disk to keep a file or a folder for good. Windows cannot for folders, and need not."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def part_of(path: Path) -> Path:
    """Return where a file is written before it gets its name: each thread has a place of its own."""
    return path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.part")


def put(path: Path, content: bytes, sync: Fsync = fsync) -> None:
    """Write a small file whole or not at all, in the place of what has its name, and keep it for good."""
    part = part_of(path)
    part.write_bytes(content)
    sync(part)
    part.replace(path)
    sync(path.parent)


class Unsynced:
    """Files under `root` that a power cut could still take; `flush` makes them stay, their folders after them.

    Entries of a log come last: none may outlast a file that it names. Safe to share between threads: what is added
    while it flushes stays for the next time.
    """

    def __init__(self, root: Path, sync: Fsync) -> None:
        self.root = root
        self.sync = sync
        self._paths: set[Path] = set()
        self._lock = Lock()

    def add(self, paths: Iterable[Path]) -> None:
        """Remember these files."""
        with self._lock:
            self._paths.update(paths)

    def flush(self) -> None:
        """Sync every file that is no entry of a log, and its folders up to the ledger's; then every entry alike."""
        with self._lock:
            files, self._paths = self._paths, set()
        entries = {path for path in files if path.parent.name == LOG}
        try:
            self._flush(files - entries)
            self._flush(entries)
        except BaseException:
            self.add(files)
            raise

    def _flush(self, files: set[Path]) -> None:
        own = {path.parent for path in files}
        folders = {folder for file in own for folder in (file, *file.parents) if folder.is_relative_to(self.root)}
        for paths in (files, folders):
            if len(paths) > 1:
                from concurrent.futures import ThreadPoolExecutor

                with ThreadPoolExecutor(_AT_ONCE) as pool:
                    list(pool.map(self.sync, sorted(paths)))
            else:
                for path in paths:
                    self.sync(path)


@contextmanager
def private(root: Path) -> Iterator[None]:
    """Make the folder `root` and what is written in it private to its user.

    A folder with the set-group-ID bit is shared: its group gets what the folder gives it.
    """
    before = os.umask(0o077)
    try:
        root.mkdir(parents=True, exist_ok=True)
        mode = root.stat().st_mode
        if mode & stat.S_ISGID:
            os.umask(0o777 & ~(mode & 0o770))
        yield
    finally:
        os.umask(before)
