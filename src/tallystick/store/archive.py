"""The archive: every answer byte for byte, compressed, named by the hash of its content, never rewritten."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pyarrow as pa

from tallystick.errors import LedgerError
from tallystick.store.disk import Unsynced, part_of
from tallystick.store.faults import REPAIR, reason

LEVEL = 3
"""How hard zstd tries: a higher level is slower, and pages are hardly smaller."""
_FIELD = b'"data_refreshed_at"'
_MOVING = re.compile(_FIELD + rb'\s*:\s*"[^"]*"')


def named(body: bytes) -> str:
    """The hash of a page (SHA-256, hexadecimal), less `data_refreshed_at`, which moves by itself."""
    digest, view, start, index = hashlib.sha256(), memoryview(body), 0, 0  # a page is large: no copy of it
    while (index := body.find(_FIELD, index)) >= 0:
        if moving := _MOVING.match(body, index):
            digest.update(view[start:index])
            start = moving.end()
        index = max(index + 1, start)
    digest.update(view[start:])
    return digest.hexdigest()


class Archive:
    """Pages on disk under `pages/`; keeping the same page twice keeps it once.

    Whoever keeps pages hands in what is not synced yet, and flushes it before a version is named.
    """

    def __init__(self, ledger: Path, unsynced: Unsynced | None = None) -> None:
        self.root = ledger / "pages"
        self._unsynced = unsynced

    def keep(self, body: bytes) -> str:
        """Store a page whole or not at all; its hash. One that is there and damaged is written again."""
        name = named(body)
        path = self.path(name)
        if not self._has(name):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = part_of(path)
            part.write_bytes(pa.Codec("zstd", LEVEL).compress(body, asbytes=True))
            part.replace(path)
        if self._unsynced is not None:
            self._unsynced.add([path])
        return name

    def body(self, name: str) -> bytes:
        """The page of that hash; LedgerError where it is missing or no longer what it was."""
        try:
            with pa.CompressedInputStream(pa.BufferReader(self.path(name).read_bytes()), "zstd") as stream:
                body: bytes = stream.read()
        except (OSError, MemoryError) as wrong:
            raise LedgerError(f"The archived page {name} cannot be read: {reason(wrong)}.", REPAIR) from None
        if named(body) != name:
            raise LedgerError(f"The archived page {name} has been altered.", REPAIR)
        return body

    def _has(self, name: str) -> bool:
        """Whether the page is there as it was: one that no index names yet was looked at by nobody."""
        try:
            self.body(name)
        except LedgerError:
            return False
        return True

    def path(self, name: str) -> Path:
        """Where the page of that hash is."""
        return self.root / name[:2] / f"{name}.zst"
