"""Files of a copy on this machine: what lies there, fetched from the bucket, each held to its SHA-256."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from tallystick.store.disk import part_of
from tallystick.store.remote.manifest import Entry, Files
from tallystick.store.remote.objects import AT_ONCE, Objects

_OWN = frozenset({"writer.lock", "writer.json", ".repair", "damaged"})
"""What is of this machine alone in the folder of a ledger."""
_UNFINISHED = (".part", ".tmp")
T = TypeVar("T")


class Lost(Exception):
    """An object is not there, or not as it was written."""


def walk(folder: Path, below: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """Every file of a ledger by its path, but what is of this machine alone."""
    with suppress(FileNotFoundError), os.scandir(folder) as listed:
        for entry in listed:
            if not below and (entry.name in _OWN or entry.name.startswith(".link-")):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from walk(Path(entry.path), f"{below}{entry.name}/")
            elif not entry.name.endswith(_UNFINISHED):
                with suppress(FileNotFoundError):  # renamed meanwhile
                    yield below + entry.name, entry.stat()


def is_as(status: os.stat_result | None, entry: Entry | None) -> bool:
    """Whether a file has the size and the time of an entry."""
    return (
        status is not None
        and entry is not None
        and (status.st_size, status.st_mtime_ns) == (entry.size, entry.written_at)
    )


def status(path: Path) -> os.stat_result | None:
    """What the disk says of a file; None where it is not there."""
    try:
        return path.stat()
    except OSError:
        return None


class Fetcher:
    """Brings files of a ledger into a folder; those that another copy on this machine has are linked."""

    def __init__(self, objects: Objects, folder: Path, second: Path) -> None:
        self._objects = objects
        self._folder = folder
        self._other = second

    def fetch(self, files: Mapping[str, Entry]) -> list[str]:
        """Bring files, several at once; the paths of those that are lost in the bucket."""
        lost: list[str] = []

        def bring(path: str) -> None:
            try:
                self._bring(path, files[path])
            except Lost:
                lost.append(path)

        at_once(bring, files)
        return sorted(lost)

    def _bring(self, path: str, entry: Entry) -> None:
        target = self._folder / path
        part = part_of(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not self._link(self._other / path, entry, part):
            content = self._objects.get(entry.key(path), entry.size)
            if content is None or hashlib.sha256(content.data).hexdigest() != entry.hash:
                raise Lost(path)
            part.write_bytes(content.data)
        os.utime(part, ns=(time.time_ns(), entry.written_at))
        part.replace(target)

    def _link(self, source: Path, entry: Entry, part: Path) -> bool:
        """Take a file from the other copy, if it is there as the entry says."""
        if not is_as(status(source), entry):
            return False
        part.unlink(missing_ok=True)
        try:
            if entry.by_content:  # which is replaced, or grows
                shutil.copy2(source, part)
            else:
                try:
                    os.link(source, part)
                except OSError:  # a disk without hard links
                    shutil.copy2(source, part)
        except FileNotFoundError:
            return False
        return is_as(status(part), entry)


def at_once(work: Callable[[T], None], values: Iterable[T]) -> None:
    """Do some work for each value, several at once; raise what the first that fails raises."""
    inputs = [*values]
    if len(inputs) < 2:  # noqa: PLR2004 - one alone needs no thread
        for value in inputs:
            work(value)
        return
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="tallystick-objects")
    try:
        for future in [pool.submit(work, value) for value in inputs]:
            future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def missing(objects: Objects, files: Files) -> set[str]:
    """The files that the bucket lists no object of their size for."""
    sizes = objects.list()
    return {path for path, entry in files.items() if sizes.get(entry.key(path)) != entry.size}


def clear(folder: Path, paths: Iterable[str]) -> None:
    """Delete files, and the folders that are empty without them."""
    folders = set()
    for path in paths:
        (folder / path).unlink(missing_ok=True)
        folders |= {parent for parent in (folder / path).parents if parent.is_relative_to(folder) and parent != folder}
    for parent_folder in sorted(folders, key=lambda parent: len(parent.parts), reverse=True):
        with suppress(OSError):
            parent_folder.rmdir()
