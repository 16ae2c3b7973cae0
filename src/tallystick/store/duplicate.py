"""Duplicate of a ledger in another place, folder or bucket: each file held to its hash, seen when all are there.

A copy that was stopped goes on where it stood. Into a bucket the same copy can be made again: what is new is sent.
Writers of the ledger that is copied wait meanwhile, unless that is in a bucket, whose states never change.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tallystick.errors import InvalidQuestion, LedgerError
from tallystick.store import faults, lock
from tallystick.store.bucket import Bucket
from tallystick.store.disk import fsync, private
from tallystick.store.remote.files import at_once, clear, walk
from tallystick.store.restore import checked
from tallystick.store.tables import Tables
from tallystick.store.version import Version

Waiting = Callable[[str], None] | None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """What was copied: the newest version, all files and their bytes."""

    version: int
    files: int
    size: int


def duplicate(source: Tables, target: Path | Bucket, waiting: Waiting = None) -> Duplicate:
    """Copy a ledger to another place; what was copied.

    Raises InvalidQuestion where something else is there, LedgerError where there is nothing to copy, or it is damaged.
    """
    if not source.exists():
        raise LedgerError(f"There is no ledger at {source.name}.", "Name the folder or URL of one that was synced.")
    if f"{target}" == source.name:
        raise InvalidQuestion(f"{target} is the ledger itself.", "Name another folder or URL to copy it to.")
    with _still(source, waiting) as root:
        tables = Tables(root)
        tables.name = source.name
        version = checked(tables)
        files = dict(walk(root))
        if isinstance(target, Bucket):
            _into_bucket(tables, Tables(target), waiting)
        else:
            _into_folder(root, files, target)
    return Duplicate(version, len(files), sum(status.st_size for status in files.values()))


@contextmanager
def _still(source: Tables, waiting: Waiting) -> Iterator[Path]:
    """A folder with every file of a ledger, in which nothing changes meanwhile."""
    if source.remote:
        with source.remote.reading.still() as root:
            yield root
    else:
        with faults.writing(source.root), private(source.root), lock.turn(source.root, waiting):
            yield source.root


def _into_bucket(tables: Tables, target: Tables, waiting: Waiting) -> None:
    """Let a bucket have what a folder has, in one commit."""

    def check() -> None:
        own = [_identity(version) for version in target.versions()] if target.exists() else []
        identities = {_identity(version) for version in tables.versions()}
        if not identities.issuperset(own):
            raise InvalidQuestion(
                f"{target.name} holds another ledger, or one that was written to since it was copied.",
                "Name another bucket or path.",
            )

    target.mirror(tables.root, check, waiting)


def _identity(version: Version) -> tuple[object, ...]:
    """What tells a version from one of the same number in another ledger, whatever was forgotten since."""
    return version.number, version.at, version.organization, version.what


def _into_folder(root: Path, files: Mapping[str, os.stat_result], target: Path) -> None:
    """Copy files beside a folder, which they become once all are there as they were written."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidQuestion(f"{target} is there and not an empty folder.", "Name a folder that does not exist yet.")
    target = target.resolve()
    part = target.with_name(f".{target.name}.copy")
    with faults.writing(part), private(part):
        with lock.turn(part, None, patience=0):
            here = dict(walk(part))
            clear(part, here.keys() - files.keys())
            at_once(
                lambda path: _copy(root / path, part / path, files[path]),
                [path for path in files if not _is_same(here.get(path), files[path])],
            )
            checked(Tables(part))
            for path in (*part.rglob("*"), part):
                fsync(path)
        (part / "writer.lock").unlink(missing_ok=True)
        if target.exists():
            target.rmdir()
        part.rename(target)
        fsync(target.parent)


def _is_same(status: os.stat_result | None, source: os.stat_result) -> bool:
    """Whether a file was copied before: it gets its time once it is there as it was written."""
    return status is not None and (status.st_size, status.st_mtime_ns) == (source.st_size, source.st_mtime_ns)


def _copy(source: Path, target: Path, status: os.stat_result) -> None:
    """Copy a file, and read it again."""
    content = source.read_bytes()
    part = target.with_name(f".{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(content)
    if hashlib.sha256(part.read_bytes()).digest() != hashlib.sha256(content).digest():
        raise LedgerError(f"{target} is not on the disk as it was copied.", "See to the disk, then run the same again.")
    os.utime(part, ns=(status.st_atime_ns, status.st_mtime_ns))
    part.replace(target)
