"""Manifest: every file of a ledger with its size and SHA-256, in segments of which a small commit adds a small one.

A segment is an object named by its content: entries that came or changed, and None for those that went. Later segments
win. Each is larger than all that follow it, so they are few, and a file is listed anew a few times in its life.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tallystick.errors import LedgerError
from tallystick.store.disk import put
from tallystick.store.remote.objects import Changed, Objects

if TYPE_CHECKING:
    from tallystick.store.remote.head import Head

LEDGER, PAGES = "ledger", "pages"
"""The two manifests: a question needs no page, and pages are the most."""
_PAGE = re.compile(r"pages/[0-9a-f]{2}/[0-9a-f]{64}\.zst")
_COPY = re.compile(r"copies/[^/]+/\d{12}-\d{12}-[0-9a-f]{64}\.parquet")
_ROWS = re.compile(r"(?:[^/]+/)+part-[^/]+\.parquet")
_LOG = re.compile(r"(?:[^/]+/)+_delta_log/\d{20}\.[^/]+")


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """One file: its bytes, when it was written in nanoseconds, its SHA-256, and whether that is its object's name."""

    size: int
    written_at: int
    hash: str
    by_content: bool = False

    def key(self, path: str) -> str:
        """The name of the object that holds it."""
        return f"contents/{self.hash[:2]}/{self.hash}" if self.by_content else path


Files = Mapping[str, Entry]
Segment = dict[str, Entry | None]
Names = Sequence[tuple[str, int]]
"""The segments of a manifest: the hash of each, and how many entries it has."""


def family(path: str) -> str:
    """The manifest that lists a file."""
    return PAGES if _PAGE.fullmatch(path) else LEDGER


def is_fixed(path: str) -> bool:
    """Whether a file of this name is written once, so that it stands in the bucket under its own name."""
    return any(pattern.fullmatch(path) for pattern in (_PAGE, _COPY, _ROWS, _LOG))


def is_log(path: str) -> bool:
    """Whether it is an entry of the log of a table."""
    return bool(_LOG.fullmatch(path))


def is_rows(path: str) -> bool:
    """Whether it is a file of rows, of a table or of copies."""
    return path.endswith(".parquet") and not is_log(path)


class Segments:
    """The segments of manifests, each fetched once."""

    def __init__(self, objects: Objects, folder: Path) -> None:
        self._objects = objects
        self._folder = folder / "segments"
        self._folded: dict[tuple[str, ...], Files] = {}

    def files(self, names: Names) -> Files:
        """The files that the segments of a manifest list."""
        key = tuple(name for name, _ in names)
        if (folded := self._folded.get(key)) is None:
            files: Segment = {}
            for name in key:
                files |= self._read(name)
            folded = {path: entry for path, entry in files.items() if entry}
            self._folded = {key: folded, **_newest(self._folded)}
        return folded

    def all(self, head: Head) -> Files:
        """Every file of a state."""
        return {path: entry for names in head.segments.values() for path, entry in self.files(names).items()}

    def add(self, names: Names, changes: Segment) -> Names:
        """Put a segment of changes behind those of a manifest, together with the smaller ones before it."""
        if not changes:
            return names
        names = [*names]
        while names and names[-1][1] <= 2 * len(changes):
            changes = {**self._read(names.pop()[0]), **changes}
        if not names:
            changes = {path: entry for path, entry in changes.items() if entry}
        data = zlib.compress(msgspec.json.encode(changes))
        name = hashlib.sha256(data).hexdigest()
        with suppress(Changed):  # it is there, and its name says what it holds
            self._objects.create(key_of(name), data, name)
        self._keep(name, data)
        return [*names, (name, len(changes))]

    def keep(self, head: Head) -> None:
        """Delete the copies of the segments that a state does not name."""
        segment_names = {name for names in head.segments.values() for name, _ in names}
        for path in self._folder.iterdir() if self._folder.exists() else ():
            if path.name not in segment_names:
                path.unlink(missing_ok=True)

    def _read(self, name: str) -> Segment:
        path = self._folder / name
        data = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(data).hexdigest() != name:
            content = self._objects.get(key_of(name))
            data = content.data if content else b""
            if hashlib.sha256(data).hexdigest() != name:
                raise LedgerError(
                    f"The list {key_of(name)} of the ledger {self._objects.bucket} is "
                    + ("not as it was written." if content else "gone."),
                    "Nothing is read from it or written to it.",
                )
            self._keep(name, data)
        return msgspec.json.decode(zlib.decompress(data), type=Segment)

    def _keep(self, name: str, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        put(self._folder / name, data, lambda _: None)


def key_of(name: str) -> str:
    """The name of the object of a segment."""
    return f"segments/{name}"


def _newest(folded: dict[tuple[str, ...], Files]) -> dict[tuple[str, ...], Files]:
    """The lists that were folded last: that of pages and that of the ledger, of one state before."""
    return dict([*folded.items()][:3])
